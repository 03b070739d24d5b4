"""panic - nobody is banned until somebody says so: all bans are lifted at once, new ones are held back.

It holds across restarts, and can be set where no daemon runs: `Marker` says that
it does.  Logs are read and offences counted meanwhile.
"""

import logging
from pathlib import Path
from typing import Protocol

from responder.daemon.freeing import free
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import Ledger
from responder.daemon.marker import Marker, number
from responder.errors import StoreError, UsageError
from responder.times import format_time

_log = logging.getLogger("responder")


class Engine(Protocol):
    """What it stops."""

    ledger: Ledger
    kernel: Kernel

    def now(self) -> float:
        """Return the wall clock."""


def marker(folder: Path) -> Marker:
    """Return what says in the state *folder* that there is panic."""
    return Marker(folder / "panic.json")


class Panic:
    """Knows *since* when nobody may be banned, and on whose word; not at all where that is 0."""

    def __init__(self, daemon: Engine, folder: Path) -> None:
        self._daemon, self._marker = daemon, marker(folder)
        self.since, self.by = 0.0, ""

    def begin(self, now: float) -> None:
        """Go on where an earlier process was in panic: lift what it may not have lifted."""
        said = self._marker.read()
        if said is not None:
            self.since, self.by = number(said, "since", now), str(said.get("by", "somebody"))
            self._daemon.ledger.tracker.gate.closed = True
            lifted = self._lift(now)
            since = format_time(self.since)
            _log.warning(
                "panic since %s, by %s: %d bans lifted, and nobody is banned until `responder panic --resume`",
                since, self.by, lifted,
            )  # fmt: skip

    def start(self, by: str, now: float) -> tuple[int, str]:
        """Lift every ban and hold back new ones; return how many were lifted, and why that may not outlive us."""
        self.since, self.by = self.since or now, by
        self._daemon.ledger.tracker.gate.closed = True
        problem = ""
        try:
            self._marker.write({"since": self.since, "by": by})
        except StoreError as error:
            problem = str(error)
        lifted = self._lift(now)
        _log.warning("panic, by %s: %d bans lifted, and nobody is banned until `responder panic --resume`", by, lifted)
        return lifted, problem

    def resume(self, by: str, now: float) -> None:
        """Ban again from now on; raises UsageError where there is no panic, StoreError where it cannot end."""
        if not self.since:
            raise UsageError("there is no panic to end; bans are made as ever")
        self._marker.remove()
        self._daemon.ledger.tracker.gate.closed = False
        held = format_time(self.since)
        self.since, self.by = 0.0, ""
        self._daemon.kernel.want_sync(now)
        _log.warning("the panic since %s is over, by %s: offenders are banned again", held, by)

    def _lift(self, now: float) -> int:
        ledger = self._daemon.ledger
        return free(ledger, ledger.tracker.lasting(now), f"panic, by {self.by}", now)

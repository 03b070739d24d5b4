"""trial - bans that do not stay unless the administrator, who can still get in, says so.

While it lasts nothing in the kernel lasts longer, so a trial ends on time even
where the daemon is killed.  When its time is over, or the daemon is stopped before,
everything that was banned in it is lifted, and the daemon ends.  What a killed one
left in the store is lifted by the next start: a `Marker` says since when.

Falls short: bans from before the trial are in the kernel no longer than the trial
either; where it was not confirmed they are back when the daemon next runs.
"""

import logging
from math import inf
from pathlib import Path
from typing import Protocol

from responder.daemon.freeing import free
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import Ledger
from responder.daemon.marker import Marker, number
from responder.errors import StoreError, UsageError
from responder.times import format_duration, format_time

_BY = "the trial, which was not confirmed"
_log = logging.getLogger("responder")


class Engine(Protocol):
    """What is tried."""

    ledger: Ledger
    kernel: Kernel

    def now(self) -> float:
        """Return the wall clock."""

    def commit(self, *, durable: bool = False) -> bool:
        """Make durable what was judged; tell whether the store has it."""


class Trial:
    """Lasts *seconds*, 0 for none; *until* when it lasts, 0 when there is none or it was confirmed."""

    def __init__(self, daemon: Engine, folder: Path, seconds: float) -> None:
        self._daemon, self._marker = daemon, Marker(folder / "trial.json")
        self._seconds = seconds
        self._since = self.until = 0.0
        self.failed = self._left_behind = False

    def begin(self, now: float) -> None:
        """Lift what an earlier trial left behind, and begin; raises StoreError where no promise can be made."""
        said = self._marker.read()
        since = now
        if said is not None:
            since = number(said, "since", 0.0)
            lifted = self._lift(since, now)
            _log.warning("an earlier trial was not confirmed: %d bans since %s lifted", lifted, format_time(since))
        self._left_behind = said is not None and not self._seconds
        if self._seconds:
            self._since, self.until = min(since, now), now + self._seconds
            self._marker.write({"since": self._since, "until": self.until})
            self._daemon.kernel.latest = self.until
            lasting = format_duration(self._seconds)
            _log.warning("a trial: in %s all is lifted and we stop, unless you say `responder confirm`", lasting)

    def confirm(self, by: str, now: float) -> None:
        """Keep what was banned, and go on; raises UsageError where there is no trial, StoreError where it goes on."""
        if not self.until:
            raise UsageError("there is no trial to confirm; bans stay as long as they should")
        self._marker.remove()
        self.until, self._daemon.kernel.latest = 0.0, inf
        self._daemon.kernel.want_sync(now)
        _log.warning("the trial is confirmed, by %s: bans stay as long as they should", by)

    def shift(self, step: float) -> None:
        """Last no longer than was said though the clock was set by *step* seconds; the caller syncs the kernel."""
        if self.until and step < 0:
            self.until += step
            self._daemon.kernel.latest = self.until

    def over(self, now: float) -> bool:
        """Tell whether the time is over and we should stop; look whether what was left behind is settled."""
        if self._left_behind and self._daemon.commit(durable=True):
            self._left_behind = False
            self._marker.remove()
        return bool(self.until) and now >= self.until

    def close(self) -> None:
        """Where it was not confirmed, lift what was banned in it and have the kernel hold nothing of ours."""
        if not self.until:
            return
        self.failed = True
        daemon = self._daemon
        lifted = self._lift(self._since, daemon.now())
        if daemon.commit(durable=True):
            try:
                self._marker.remove()
            except StoreError as error:
                _log.warning("%s; the next start lifts once more what was banned since then", error)
        daemon.kernel.clear()
        _log.warning("the trial was not confirmed: %d bans lifted, and the kernel holds no rule of ours", lifted)

    def _lift(self, since: float, now: float) -> int:
        """Lift the bans made *since* then, and no others; return how many."""
        ledger = self._daemon.ledger
        return free(ledger, [ban for ban in ledger.tracker.lasting(now) if ban.start >= since], _BY, now)

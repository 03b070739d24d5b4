"""sharing - the daemon's end of the blacklist: what it reports, what it takes, which files are kept.

A process of its own does all that touches the database (blacklist/service), so
that nothing here ever waits for a network.  Without ``[blacklist] url`` there is
none, and bans that once followed from listings are withdrawn.

A dry run takes listings, but reports nothing and keeps no files.
"""

import logging
import selectors
from collections.abc import Sequence
from typing import Any, Protocol

from responder.channel import Channel, started
from responder.config import Config
from responder.daemon.ledger import LISTED
from responder.daemon.reporting import Reporting
from responder.daemon.taking import Engine as Taker
from responder.daemon.taking import Taking
from responder.errors import StoreError
from responder.framing import Message
from responder.times import format_time

_BOUND_EVERY = 60.0
_PARTS = {
    "reports": "what is to be reported waits",
    "listings": "bans stay as they are",
    "exports": "files stay as they are",
}
_log = logging.getLogger("responder")


class Engine(Taker, Protocol):
    """What sharing needs of the daemon."""


class Sharing:
    """Keeps the process of *daemon* running, if the settings name a blacklist, and does what it says."""

    def __init__(self, daemon: Engine, selector: selectors.BaseSelector, *, dry_run: bool = False) -> None:
        self._daemon, self._selector, self._dry_run = daemon, selector, dry_run
        self._channel: Channel | None = None
        self._states: dict[str, Message] = {}
        self._made: dict[str, float] = {}
        self._reporting = Reporting(daemon.ledger, self._send)
        self._taking = Taking(daemon, lambda: self._send({"taken": True}))
        self._bound_at = 0.0
        self._config = daemon.config
        self._open()

    @property
    def busy(self) -> bool:
        """Tell whether there is something to do at once."""
        return self._taking.busy

    def reload(self, config: Config) -> None:
        """Go by *config* from now on; with a new process, if it is its settings that changed."""
        before, self._config = self._config, config
        if any(getattr(before.settings, key) != getattr(config.settings, key) for key in ("blacklist", "export")):
            self.close()
            self._open()
        elif before.policies.get(LISTED) != config.policies.get(LISTED):
            self._send({"again": True})

    def _open(self) -> None:
        settings, path = self._config.settings.blacklist, self._config.path
        self._daemon.ledger.reporting = bool(settings.url) and settings.report and not self._dry_run
        self._channel = None
        if settings.url and path:
            words = ["--config", str(path.absolute()), "blacklist", "serve", *["--dry-run"] * self._dry_run]
            self._channel = Channel("the process at the blacklist", started(words), self._selector, self._hear)
        if not settings.url or not settings.take:
            self._taking.end()

    def protect(self) -> None:
        """Let a changed allowlist take effect, in the blacklist and on what is taken from it."""
        self._send({"own": self._own()})
        self._send({"again": True})

    def tend(self, now: float) -> None:
        """Do what is to be done in every turn of the loop."""
        self._taking.tend()
        if self._channel is None:
            return
        if self._channel.connect(now):
            self._states = {}
            self._reporting.begin()
            self._send({"own": self._own()})
        if self._channel.connected:
            self._reporting.tend(now)
        if now >= self._bound_at or self._bound_at - now > _BOUND_EVERY:
            self._bound_at = now + _BOUND_EVERY
            self._reporting.bound(now)

    def status(self) -> Message | None:
        """Return how it fares, None where there is no blacklist."""
        channel = self._channel
        if channel is None:
            return None
        reports, listings = self._states.get("reports", {}), self._states.get("listings", {})
        try:
            waiting = self._reporting.waiting()
        except StoreError:
            waiting = None
        return {
            "pid": channel.pid,
            "starts": channel.starts,
            "connected": self.works,
            "error": self._error(),
            "outbox": waiting,
            "dropped": self._reporting.dropped,
            "reported": self._reporting.sent,
            "last_report": _when(reports.get("at")),
            "take": self._config.settings.blacklist.take or None,
            "last_look": _when(listings.get("at")),
            "exports": [_export(one) for one in self._states.get("exports", {}).get("each", [])],
        }

    @property
    def works(self) -> bool | None:
        """Tell whether the process and the database do their work, None where there is no blacklist."""
        return None if self._channel is None else self._channel.connected and bool(self._states) and not self._error()

    @property
    def made(self) -> dict[str, float]:
        """Return when each file that is kept was last made or found to be right, 0 for not since we began."""
        kept = self._config.settings.export if self._channel and not self._dry_run else ()
        return {one.output: self._made.get(one.output, 0.0) for one in kept}

    def _error(self) -> str:
        errors = (str(state.get("error", "")) for state in self._states.values())
        return (self._channel.error if self._channel else "") or next(filter(None, errors), "")

    def close(self) -> None:
        """Let the process go."""
        if self._channel:
            self._channel.close(end=True)

    def _hear(self, message: Message) -> None:
        now = self._daemon.now()
        if "reported" in message:
            self._reporting.taken_in(message["reported"], message["new"], now)
        elif "state" in message:
            self._note(message["state"], message)
        elif message.get("take") == "begin":
            self._taking.begin()
        elif message.get("take") == "end":
            self._taking.end()
        else:
            self._taking.take(message["take"])

    def _note(self, part: str, state: Message) -> None:
        before, error = str(self._states.get(part, {}).get("error", "")), str(state.get("error", ""))
        if error and not before:
            _log.error("the blacklist: %s; %s until it works again", error, _PARTS[part])
        elif before and not error:
            _log.warning("the blacklist works again (%s)", part)
        self._states[part] = {**self._states.get(part, {}), **state}
        self._made |= {one["output"]: one["success"] for one in state.get("each", ()) if one["success"]}
        if self._channel and not error:
            self._channel.settled()

    def _send(self, message: Message) -> None:
        if self._channel:
            self._channel.send(message)

    def _own(self) -> Sequence[Sequence[Any]]:
        entries = self._daemon.ledger.tracker.allowlist.entries
        return [[*entry.prefix, entry.why] for entry in entries]


def _when(at: float | None) -> str | None:
    return format_time(at) if at else None


def _export(one: Message) -> Message:
    return {**one, "success": _when(one["success"]), "changed": _when(one["changed"])}

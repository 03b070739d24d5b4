"""reports - what the daemon tells the world of itself: its log, its metrics.

Nothing here waits: what takes time is done by threads that are handed values.
"""

import logging
from collections.abc import Iterable

from responder.daemon.logs import Found
from responder.daemon.meter import Engine, Meter
from responder.metrics.outlets import Outlets
from responder.times import format_duration, format_time
from responder.values import Ban

_log = logging.getLogger("responder")


class Reports:
    """Tells of *daemon*."""

    def __init__(self, daemon: Engine) -> None:
        settings = daemon.config.settings
        self._meter = Meter(daemon)
        self._outlets = Outlets(settings.metrics, [one.output for one in settings.export])

    def note(self, found: Iterable[Found]) -> None:
        """Count what was *found*."""
        if self._outlets.on:
            self._meter.note(found)

    def ban(self, ban: Ban, now: float) -> None:
        """Tell whom we ban, for how long and why."""
        lasting = format_duration(ban.expires - ban.start)
        note = "" if ban.expires > now else " (already over: the lines are old)"
        extra = {"fields": fields(ban)}
        _log.info("ban %s for %s, no. %d: %s%s", ban.prefix, lasting, ban.nth, ban.reason, note, extra=extra)
        self._meter.banned(ban)

    def tend(self, now: float) -> None:
        """Hand on what there is to tell at *now*, once a second."""
        if self._outlets.on:
            self._outlets.show(self._meter.families(now))

    def close(self) -> None:
        """Have nothing told any more."""
        self._outlets.close()


def fields(ban: Ban) -> dict[str, str]:
    """Return what a journal may be asked for about *ban*."""
    return {
        "RESPONDER_PREFIX": str(ban.prefix),
        "RESPONDER_SCOPE": str(ban.scope),
        "RESPONDER_POLICY": ban.policy,
        "RESPONDER_RULE": ban.rule,
        "RESPONDER_UNTIL": format_time(ban.expires),
    }

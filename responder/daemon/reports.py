"""reports - what the daemon tells the world: its log, its metrics, its notices.

Nothing here waits: what takes time is done by threads that are handed values.
"""

import logging
import socket
from collections.abc import Iterable, Iterator
from typing import Protocol

from responder.daemon import meter, requests
from responder.daemon.bulletin import Bulletin
from responder.daemon.logs import Found
from responder.daemon.meter import Meter
from responder.daemon.requests import Requests
from responder.errors import StoreError
from responder.metrics.family import Family, Labels, gauges, pairs
from responder.metrics.outlets import Outlets
from responder.notices.couriers import Couriers
from responder.settings.notify import NotifySettings
from responder.times import format_duration, format_time
from responder.values import Ban

_MOST_EVIDENCE = 20
_log = logging.getLogger("responder")


class Engine(meter.Engine, requests.Engine, Protocol):
    """What is told of."""


class Reports:
    """Tells of *daemon*, those who are to be *told* too."""

    def __init__(self, daemon: Engine, told: Iterable[NotifySettings]) -> None:
        self._daemon, self._meter = daemon, Meter(daemon)
        self._outlets = Outlets(daemon.config.settings.metrics)
        self._couriers = Couriers(told, socket.gethostname())
        self._bulletin = Bulletin(self._couriers, Requests(daemon).status)

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
        self._couriers.ban(ban, now, lambda: self._evidence(ban))

    def tend(self, now: float) -> None:
        """Hand on what there is to tell at *now*, once a second."""
        if self._outlets.on:
            self._outlets.show([*self._meter.families(now), *self._of_notices()])
        self._couriers.tend(now)
        self._bulletin.tend(now)

    def close(self) -> None:
        """Have nothing told any more."""
        self._couriers.close(self._daemon.now())
        self._outlets.close()

    def _evidence(self, ban: Ban) -> list[str]:
        """Return the lines that led to *ban*; as often an hour as the settings allow somebody to be told."""
        try:
            found = self._daemon.ledger.offences_of(ban.prefix, _MOST_EVIDENCE)
        except StoreError:
            return []
        return [f"{format_time(one.offence.time)} {one.offence.line}" for one in found if one.offence.rule]

    def _of_notices(self) -> Iterator[Family]:
        couriers = [told.courier for told in self._couriers.each]
        waiting = {one.name: one.waiting for one in couriers}
        yield gauges("notices_waiting", "Notices not brought yet.", "notify", waiting)
        outcomes: dict[Labels, float] = {
            (one.name, outcome): count
            for one in couriers
            for outcome, count in (("sent", one.sent), ("failed", one.failed), ("dropped", one.dropped))
        }
        yield pairs("notices", "Notices by what became of them.", ("notify", "outcome"), outcomes)


def fields(ban: Ban) -> dict[str, str]:
    """Return what a journal may be asked for about *ban*."""
    return {
        "RESPONDER_PREFIX": str(ban.prefix),
        "RESPONDER_SCOPE": str(ban.scope),
        "RESPONDER_POLICY": ban.policy,
        "RESPONDER_RULE": ban.rule,
        "RESPONDER_UNTIL": format_time(ban.expires),
    }

"""knocks - how much each ban stopped, and when last.

The kernel counts packets and octets but keeps no time, and may count from
nothing again when a ban is extended or somebody took its rules away.  So the
counters are looked at now and then: what grew since the last look was seen by
then, and what shrank begins again on top of what was counted before.

Falls short: the time of a knock is the time of the look that saw it, at best 10
seconds later; with 100,000 bans, when a look takes half a second, minutes.
"""

import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from responder.enforce.backend import Backend, Held, Target

_LOOK_EVERY = 10.0  # seconds
_SHARE = 500  # looking takes at most one part in so many of the time


class Stopped(NamedTuple):
    """Packets and octets that a ban stopped since it was first seen, and when last (0: never, as far as is known)."""

    packets: int
    octets: int
    last: float


class _Count(NamedTuple):
    """What the kernel said of a ban last, and what it had counted before it last began again."""

    expires: float
    packets: int
    octets: int
    packets_before: int = 0
    octets_before: int = 0
    last: float = 0.0


_NOTHING = _Count(0.0, 0, 0)
"""A ban that is known from its beginning or from a look, and has stopped nothing yet: most of them, so all share it."""


class Knocks:
    """What is known of the counters."""

    def __init__(self, now: float) -> None:
        self.due = now + _LOOK_EVERY
        self._counts: dict[Target, _Count | None] = {}  # None: not looked at yet

    def settle(self, wanted: Iterable[Target]) -> None:
        """Take note of what is held after a sync.

        The keys are those that the backend holds as well, so that there is one of each and not two.
        """
        self._counts = {target: self._counts.get(target) for target in wanted}

    def begin(self, changes: Mapping[Target, float | None], now: float) -> None:
        """Take note of what was just changed: the time a ban ends, or None where it was lifted.

        What a new ban is found to have counted at the first look is new; one that is extended counts on.
        """
        for target, expires in changes.items():
            before = self._counts.get(target)
            if expires is None:
                self._counts.pop(target, None)
            elif before and before.expires > now:
                self._counts[target] = before._replace(expires=expires)
            else:
                self._counts[target] = _NOTHING

    def look(self, backend: Backend, now: float) -> dict[Target, Held]:
        """Return what *backend* holds, having taken note of it; forget what it does not hold any more."""
        begin = time.monotonic()
        held = backend.held(now)
        self.observe(held, now)
        for target in [target for target in self._counts if target not in held]:
            del self._counts[target]
        self.due = now + max(_LOOK_EVERY, _SHARE * (time.monotonic() - begin))
        return held

    def observe(self, held: Mapping[Target, Held], now: float) -> None:
        """Take note of *held*."""
        for target, (expires, packets, octets) in held.items():
            before = self._counts.get(target)
            if before is None:  # what was counted before our first look may be hours old
                self._counts[target] = _Count(expires, packets, octets) if packets else _NOTHING
            elif packets < before.packets:
                earlier = before.packets_before + before.packets, before.octets_before + before.octets
                self._counts[target] = _Count(expires, packets, octets, *earlier, now if packets else before.last)
            elif packets > before.packets:
                self._counts[target] = before._replace(expires=expires, packets=packets, octets=octets, last=now)
            elif before is not _NOTHING and abs(before.expires - expires) > 1:  # else it stays where it is in memory
                self._counts[target] = before._replace(expires=expires)

    def stopped(self, target: Target) -> Stopped:
        """Return what *target* has stopped by the last look at it."""
        count = self._counts.get(target) or _NOTHING
        return Stopped(count.packets_before + count.packets, count.octets_before + count.octets, count.last)

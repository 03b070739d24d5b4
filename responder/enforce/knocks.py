"""knocks - how much each ban stopped, and when last.

The kernel counts packets and octets but keeps no time, and may count from
nothing again when a ban is extended or somebody took its rules away.  So the
counters are looked at now and then: what grew since the last look was seen by
then, and what shrank begins again on top of what was counted before.

Falls short: the time of a knock is the time of the look that saw it, at best 10
seconds later; with 100,000 bans, when a look takes half a second, minutes.
"""

import time
from collections.abc import Mapping
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
    """What the kernel said last, and what it had counted before it last began again."""

    now: Held
    packets: int
    octets: int
    last: float

    @property
    def stopped(self) -> Stopped:
        return Stopped(self.packets + self.now.packets, self.octets + self.now.octets, self.last)


class Knocks:
    """What is known of the counters."""

    def __init__(self, now: float) -> None:
        self.due = now + _LOOK_EVERY
        self._counts: dict[Target, _Count] = {}

    def begin(self, changes: Mapping[Target, float | None], now: float) -> None:
        """Take note of what was just changed: the time a ban ends, or None where it was lifted.

        What a new ban is found to have counted at the first look is new; one that is extended counts on.
        """
        for target, expires in changes.items():
            before = self._counts.get(target)
            if expires is None:
                self._counts.pop(target, None)
            elif before and before.now.expires > now:
                self._counts[target] = before._replace(now=before.now._replace(expires=expires))
            else:
                self._counts[target] = _Count(Held(expires), 0, 0, 0.0)

    def look(self, backend: Backend, now: float) -> dict[Target, Held]:
        """Return what *backend* holds, having taken note of it; forget what it does not hold any more."""
        begin = time.monotonic()
        held = backend.held(now)
        for target, one in held.items():
            self._observe(target, one, now)
        gone = [target for target in self._counts if target not in held]
        for target in gone:  # the others stay under the key that they have, which the backend holds as well
            del self._counts[target]
        self.due = now + max(_LOOK_EVERY, _SHARE * (time.monotonic() - begin))
        return held

    def observe(self, held: Mapping[Target, Held], now: float) -> dict[Target, Stopped]:
        """Take note of *held*, and return what each of it has stopped."""
        return {target: self._observe(target, one, now).stopped for target, one in held.items()}

    def _observe(self, target: Target, held: Held, now: float) -> _Count:
        before = self._counts.get(target)
        if before is None:  # what was counted before our first look may be hours old
            count = _Count(held, 0, 0, 0.0)
        elif held.packets < before.now.packets:
            packets, octets = before.packets + before.now.packets, before.octets + before.now.octets
            count = _Count(held, packets, octets, now if held.packets else before.last)
        elif held.packets > before.now.packets:
            count = before._replace(now=held, last=now)
        else:
            count = before._replace(now=held)
        self._counts[target] = count
        return count

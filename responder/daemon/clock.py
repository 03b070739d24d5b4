"""clock - whether the wall clock was set, or the machine slept.

Bans end by the wall clock, and the kernel counts their time down on a clock of its
own that nobody sets and that stands still while the machine sleeps.  When the two part,
the kernel must be told again.

Falls short: steps of less than two seconds are let pass.
"""

import time

_LEAST = 2.0  # seconds


class Clock:
    """Knows how far the wall clock, which shows *now*, is ahead of the one that only runs."""

    def __init__(self, now: float) -> None:
        self._ahead = now - time.monotonic()

    def step(self, now: float) -> float:
        """Return by how many seconds it was set forward since the last time, less than 0 where back; mostly 0."""
        ahead = now - time.monotonic()
        step = ahead - self._ahead
        if abs(step) < _LEAST:
            return 0.0
        self._ahead = ahead
        return step

"""steady - a clock that nobody's setting of the time can turn.

It goes as time since boot does (suspended time included), and approaches the
time of day slowly: for an hour that the time of day was put forward or back, a
minute each hour, so that a window is never more than a sixtieth too long or too
short.  More than a day is no correction but a clock that was wrong: then it
jumps.  Pure: both times are handed in.
"""

_SLEW = 1 / 60
_JUMP = 86400.0


class Steady:
    """The clock, first set when it is made."""

    __slots__ = ("_boot", "now")

    def __init__(self, wall: float, boot: float) -> None:
        self.now = wall
        self._boot = boot

    def tell(self, wall: float, boot: float) -> float:
        """Return the time, when the time of day is *wall* and the machine is up for *boot* seconds."""
        passed = max(0.0, boot - self._boot)
        self._boot = boot
        self.now += passed
        behind = wall - self.now
        if abs(behind) > _JUMP:
            self.now = wall
        else:
            self.now += max(-passed * _SLEW, min(passed * _SLEW, behind))
        return self.now

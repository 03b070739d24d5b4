"""policy - how many offences are too many, and what follows.

Pure values; settings make them.
"""

from dataclasses import dataclass, field

from responder.times import DAY
from responder.values import Prefix, Scope


@dataclass(frozen=True, slots=True)
class Policy:
    """*limit* (sum of weights) within *within* seconds brings a ban of *ban* seconds.

    Who comes back within *memory* seconds of a ban's end is banned *escalate*
    times longer than the time before, at most *max_ban* seconds.  IPv4 is
    counted and banned by networks of *prefix_v4* bits, IPv6 of *prefix_v6*.
    With *renew* a ban does not end while the firewall still stops packets of it:
    one within the last *within* seconds is enough.
    """

    name: str
    limit: int
    within: float
    ban: float
    escalate: float = 1.0
    max_ban: float = 30 * DAY
    memory: float = 30 * DAY
    scope: Scope = field(default_factory=Scope)
    prefix_v4: int = 32
    prefix_v6: int = 64
    renew: bool = False

    def key(self, address: Prefix) -> Prefix:
        """Return the network that is counted and banned for *address*."""
        return address.widen(self.prefix_v4, self.prefix_v6)

    def duration(self, nth: int) -> float:
        """Return how long the *nth* ban in a row lasts, in seconds."""
        try:
            return min(self.ban * self.escalate ** (nth - 1), max(self.max_ban, self.ban))
        except OverflowError:
            return max(self.max_ban, self.ban)

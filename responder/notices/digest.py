"""digest - many bans as one notice: how many, where from, what for.

Memory is bounded: beyond so many networks, the others are counted together.
"""

from collections import Counter

from responder.notices.notice import Notice
from responder.times import format_duration
from responder.values import Ban

_MOST_NETWORKS = 10_000
_SHOWN = 15
_OTHERS = "others"


class Digest:
    """Gathers bans for *every* so many seconds."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._begin()

    def _begin(self) -> None:
        self._begun = 0.0
        self._networks: Counter[str] = Counter()
        self._policies: Counter[str] = Counter()
        self._rules: Counter[str] = Counter()

    def add(self, ban: Ban, now: float) -> None:
        """Count *ban*."""
        self._begun = self._begun or now
        network = str(ban.prefix.widen(24, 48))
        known = network in self._networks or len(self._networks) < _MOST_NETWORKS
        self._networks[network if known else _OTHERS] += 1
        self._policies[ban.policy] += 1
        self._rules[ban.rule or "by hand"] += 1

    def take(self, now: float, host: str, *, last: bool = False) -> Notice | None:
        """Return what there is to tell when it is time, and begin anew; a clock that went back makes it time.

        The *last* one tells what there is, however short the time was.
        """
        early = 0 <= now - self._begun < self._every
        if not self._begun or (early and not last):
            return None
        seconds = now - self._begun if early else self._every
        count, span = self._policies.total(), format_duration(seconds)
        tables = {"networks": self._networks, "policies": self._policies, "rules": self._rules}
        top = {name: dict(counted.most_common(_SHOWN)) for name, counted in tables.items()}
        parts = [
            f"{name}:\n" + "".join(f"  {number:>7}  {key}\n" for key, number in counted.items())
            for name, counted in top.items()
        ]
        title = f"{host}: {count} bans in {span}"
        facts = {"host": host, "bans": count, "seconds": seconds, "of_networks": len(self._networks), **top}
        self._begin()
        return Notice("digest", title, f"{title}\n\n" + "\n".join(parts), facts)

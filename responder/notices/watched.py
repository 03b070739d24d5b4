"""watched - troubles as they come and go: each is told once when it begins and once when it is over.

What is seen once only is not told.  What comes and goes is not over before it has been
gone for `_CALM` looks: a trouble that flaps is two notices, not hundreds.
"""

from collections.abc import Mapping
from typing import NamedTuple

_CALM = 30  # looks, five minutes


class Change(NamedTuple):
    """What has begun and what is over, by key and with words."""

    begun: Mapping[str, str]
    over: Mapping[str, str]


class Watched:
    """Knows which troubles somebody was told of."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._gone: dict[str, int] = {}  # for how many looks
        self._before: frozenset[str] = frozenset()

    def look(self, found: Mapping[str, str]) -> Change:
        """Return what changed, now that these troubles were *found*."""
        lasting = found.keys() & self._before
        begun = {key: found[key] for key in lasting if key not in self._told}
        self._gone = {key: self._gone.get(key, 0) + 1 for key in self._told if key not in found}
        over = {key: self._told[key] for key, looks in self._gone.items() if looks >= _CALM}
        self._told = {key: said for key, said in {**self._told, **begun}.items() if key not in over}
        self._before = frozenset(found)
        return Change(begun, over)

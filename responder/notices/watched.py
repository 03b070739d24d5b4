"""watched - troubles as they come and go: each is told once when it begins and once when it is over.

What is seen once only is not told, nor is what is gone for one look only.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Change(NamedTuple):
    """What has begun and what is over, by key and with words."""

    begun: Mapping[str, str]
    over: Mapping[str, str]


class Watched:
    """Knows which troubles somebody was told of."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._before: frozenset[str] = frozenset()

    def look(self, found: Mapping[str, str]) -> Change:
        """Return what changed, now that these troubles were *found*."""
        lasting = found.keys() & self._before
        begun = {key: found[key] for key in lasting if key not in self._told}
        over = {key: said for key, said in self._told.items() if key not in found and key not in self._before}
        self._told = {key: said for key, said in {**self._told, **begun}.items() if key not in over}
        self._before = frozenset(found)
        return Change(begun, over)

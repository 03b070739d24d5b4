"""names - listed domains as owners of DNS records: wildcards that cover what is below a name, and where they would not.

A wildcard does not cover a name below another name that exists (RFC 4592): where
spam.example and a.b.spam.example are listed, b.spam.example exists without a
record, and x.b.spam.example would be free.  So names between two such get a
wildcard of their own.

Falls short: to find them, eight bytes are kept for each domain, and the name above
each of four or more labels.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.values import Entry, Level

_HASH = (1 << 61) - 1
_DEEP = 3  # dots from which on there can be a name between this one and a listed one above it


class Between:
    """Takes note of the names in a zone, and tells which lie between two of them."""

    def __init__(self) -> None:
        self._noted = array("q")
        self._above: dict[str, None] = {}  # in the order in which they came, so that a file is the same each time

    def note(self, name: str, level: Level | None) -> None:
        """Take note of a listed name, or of an excluded one, which has no level."""
        self._noted.append(_key(name) | (level or 0))
        if name.count(".") >= _DEEP:
            self._above[name.partition(".")[2]] = None

    def names(self) -> Iterator[tuple[str, Level]]:
        """Yield each name between, once, with the level of the listed one above it."""
        known = sorted(self._noted) if self._above else []
        told: set[str] = set()
        for name in self._above:
            between: list[str] = []
            while "." in name and (level := _find(known, name)) is None:
                between.append(name)
                name = name.partition(".")[2]  # noqa: PLW2901 - a step up
            if "." in name and level:
                yield from ((one, Level(level)) for one in between if one not in told)
                told.update(between)


def _key(name: str) -> int:
    """Return a number for *name*, with room for a level in its lowest bits."""
    return (hash(name) & _HASH) << 2


def _find(known: list[int], name: str) -> int | None:
    """Return the level with which *name* was noted, nought where it is excluded, None where it was not."""
    key = _key(name)
    place = bisect_left(known, key)
    return known[place] & 3 if place < len(known) and known[place] >> 2 == key >> 2 else None


class Named(NamedTuple):
    """A listed domain and why."""

    name: str
    entry: Entry


def visible(entries: Iterable[Entry], exclusions: Exclusions) -> Iterator[Named]:
    """Yield the domains of *entries* that are not excluded."""
    for entry in entries:
        if not exclusions.hide(entry.subject):
            yield Named(entry.subject.value, entry)

"""names - listed domains as owners of DNS records: wildcards that cover what is below a name, and where they would not.

A wildcard does not cover a name below another name that exists (RFC 4592): where
spam.example and a.b.spam.example are listed, b.spam.example exists without a
record, and x.b.spam.example would be free.  So names between two such get a
wildcard of their own.

Falls short: to find them, one number is kept for each domain (30 MB for a
million), and each name of four or more labels.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.values import Entry, Level

_DEEP = 3  # dots from which on there can be a name between this one and a listed one above it


class Between:
    """Takes note of the names in a zone, and tells which lie between two of them."""

    def __init__(self) -> None:
        self._levels: dict[int, Level | None] = {}
        self._deep: list[str] = []

    def note(self, name: str, level: Level | None) -> None:
        """Take note of a listed name, or of an excluded one, which has no level."""
        self._levels[hash(name)] = level
        if name.count(".") >= _DEEP:
            self._deep.append(name)

    def names(self) -> Iterator[tuple[str, Level]]:
        """Yield each name between, once, with the level of the listed one above it."""
        told: set[str] = set()
        for name in self._deep:
            between: list[str] = []
            _, _, above = name.partition(".")
            while "." in above and hash(above) not in self._levels:
                between.append(above)
                _, _, above = above.partition(".")
            level = self._levels.get(hash(above))
            if level is not None:
                yield from ((one, level) for one in between if one not in told)
                told.update(between)


class Named(NamedTuple):
    """A listed domain and why."""

    name: str
    entry: Entry


def visible(entries: Iterable[Entry], exclusions: Exclusions) -> Iterator[Named]:
    """Yield the domains of *entries* that are not excluded."""
    for entry in entries:
        if not exclusions.hide(entry.subject):
            yield Named(entry.subject.value, entry)

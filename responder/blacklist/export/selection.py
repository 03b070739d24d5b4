"""selection - which listings a file is to hold: by level, kind, category, age, family and size of network.

Pure.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

from responder.blacklist.export.fitting import Fits
from responder.blacklist.values import Entry, Kind, Level
from responder.settings.export import ExportOptions, ExportSettings


class Selection(NamedTuple):
    """What to take; an empty set of categories takes all of them."""

    level: Level
    kinds: frozenset[Kind]
    categories: frozenset[str]
    families: frozenset[int]
    oldest: float
    now: float
    bits_v4: tuple[int, int]
    bits_v6: tuple[int, int]

    @classmethod
    def of(cls, settings: ExportSettings, kinds: Iterable[Kind], families: Iterable[int], now: float) -> Self:
        """Return what *settings* choose out of the *kinds* and *families* that their format holds."""
        return cls(
            Level[settings.level.upper()],
            frozenset(kinds),
            frozenset(settings.categories),
            frozenset(families),
            now - settings.max_age if settings.max_age else 0.0,
            now,
            settings.bits_v4,
            settings.bits_v6,
        )

    def takes(self, entry: Entry) -> bool:
        """Tell whether *entry* is wanted."""
        subject = entry.subject
        if subject.kind not in self.kinds or entry.level < self.level:
            return False
        if entry.until <= self.now or entry.since < self.oldest:
            return False
        if self.categories and entry.category not in self.categories:
            return False
        return subject.kind not in (Kind.ADDRESS, Kind.NETWORK) or self._takes_size(subject.value)

    def _takes_size(self, value: str) -> bool:
        network, _, bits = value.partition("/")
        if ":" in network:
            return 6 in self.families and self.bits_v6[0] <= int(bits or 128) <= self.bits_v6[1]
        return 4 in self.families and self.bits_v4[0] <= int(bits or 32) <= self.bits_v4[1]


class Tally:
    """How many entries were taken, and how many of them the format cannot say."""

    def __init__(self) -> None:
        self.taken = self.left_out = 0


def select(
    entries: Iterable[Entry], selection: Selection, fits: Fits, options: ExportOptions, tally: Tally
) -> Iterator[Entry]:
    """Yield those of *entries* that are wanted and that fit; *tally* counts."""
    for entry in entries:
        if selection.takes(entry):
            if fits(entry.subject, options):
                tally.taken += 1
                yield entry
            else:
                tally.left_out += 1

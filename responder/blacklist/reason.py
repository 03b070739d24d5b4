"""reason - why something is listed, in words for whoever asks.

Pure, and the same whenever it is asked: no word of it depends on the present.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from responder.times import DAY, format_time


@dataclass(slots=True)
class Tally:
    """Who said what, counted; grows while the events are gone through."""

    reports: int = 0
    last: float = 0.0
    reporters: set[int] = field(default_factory=set)
    days: set[int] = field(default_factory=set)
    categories: dict[str, float] = field(default_factory=dict)
    votes_for: int = 0
    votes_against: int = 0
    returned: int = 0
    refused: int = 0

    def report(self, time: float, reporter: int, day: int, weight: float, category: str) -> None:
        """Count a report."""
        self.reports += 1
        self.last = time
        self.reporters.add(reporter)
        self.days.add(day)
        self.categories[category] = self.categories.get(category, 0.0) + weight

    def vote(self, weight: float) -> None:
        """Count a vote."""
        if weight < 0:
            self.votes_against += 1
        else:
            self.votes_for += 1

    @property
    def category(self) -> str:
        """Return the category with the most weight behind it."""
        return commonest(self.categories.items())


def commonest(weighed: Iterable[tuple[str, float]]) -> str:
    """Return the word with the most weight, of equals the first in the alphabet; nothing where there is none."""
    total: dict[str, float] = {}
    for word, weight in weighed:
        if word:
            total[word] = total.get(word, 0.0) + weight
    return min(total, key=lambda word: (-total[word], word), default="")


def reported(tally: Tally) -> str:
    """Return the reason of a listing that reports made."""
    said = (
        f"{_many(tally.reports, 'report')} by {_many(len(tally.reporters), 'reporter')} "
        f"on {_many(len(tally.days), 'day')}, the last on {day(tally.last)}"
    )
    votes = (
        f"; {_many(tally.votes_for, 'vote')} for, {tally.votes_against} against"
        if tally.votes_for or tally.votes_against
        else ""
    )
    returned = f"; came back {_times(tally.returned)} after a listing had ended" if tally.returned else ""
    refused = f"; removal refused {_times(tally.refused)}" if tally.refused else ""
    return said + votes + returned + refused


def crowded(inside: int) -> str:
    """Return the reason of a network that is listed for those inside."""
    return f"{inside} inside it listed at once"


def day(at: float) -> str:
    """Return the day (UTC) of *at* as ISO 8601."""
    return format_time(at // DAY * DAY)[:10]


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"

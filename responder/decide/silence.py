"""silence - which rules used to match and do not any more, though their log goes on.

A service's new version may word its messages otherwise; then a rule falls
silent and nobody notices.  What counts are whole days: on how many of those
before its last match a rule matched, and how many have passed since.  A silence
is told when chance would bring so long a one less than once in a thousand times.

Pure.  Falls short: a rule that matched on fewer than `_FEWEST` days is not known
well enough.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import log
from typing import NamedTuple

LOOKED_BACK = 28
"""Days that are kept."""
_FEWEST = 5
_SPAN = 14  # days before the last match that tell how often there is one
_CHANCE = 0.001
_FLOWS = 0.5  # part of its usual lines that a log must have had each day to count as going on

Days = Mapping[int, int]
"""How many there were on each day (days since the epoch, UTC)."""


class Silent(NamedTuple):
    """*rule* (empty: all) matched on so many of the *span* days up to *last*, and not in the *quiet* days since."""

    source: str
    rule: str
    matched: int
    span: int
    last: int
    quiet: int


def silent(activity: Mapping[tuple[str, str], Days], today: int) -> Iterator[Silent]:
    """Yield what is silent, from the counts of each source and rule; those of the rule ``""`` are a source's lines."""
    of_source: dict[str, dict[str, Days]] = defaultdict(dict)
    for (source, rule), days in activity.items():
        of_source[source][rule] = days
    for source, rules in of_source.items():
        lines = rules.pop("", {})
        found = [one for rule, days in rules.items() if (one := _silent(source, rule, days, lines, today))]
        together: dict[int, int] = defaultdict(int)
        for days in rules.values():
            for day, count in days.items():
                together[day] += count
        whole = _silent(source, "", together, lines, today)
        yield from [whole] if whole else found


def _silent(source: str, rule: str, days: Days, lines: Days, today: int) -> Silent | None:
    matched = [day for day, count in days.items() if count]
    if not matched:
        return None
    last, first = max(matched), min(lines, default=today)
    begin = max(last - _SPAN + 1, first)
    span = last - begin + 1
    times = sum(begin <= day <= last for day in matched)
    quiet = range(last + 1, today)  # today is not over
    if times < _FEWEST or not quiet or not _goes_on(lines, range(begin, last + 1), quiet):
        return None
    often = (times + 1) / (span + 2)  # the rule of succession: nothing is certain
    return Silent(source, rule, times, span, last, len(quiet)) if len(quiet) * log(1 - often) < log(_CHANCE) else None


def _goes_on(lines: Days, before: range, quiet: range) -> bool:
    """Tell whether a log had about as many lines on each of the *quiet* days as on those *before*."""
    usual = sum(lines.get(day, 0) for day in before) / len(before)
    return all(lines.get(day, 0) >= max(1.0, _FLOWS * usual) for day in quiet)

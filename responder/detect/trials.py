"""trials - which patterns to try on a line, worked out once for each program and each set of literals in a line.

Most lines are plain ASCII.  Their bytes are matched as they stand, with Python's `re`, in half
the time that decoding them and `regex` take.  All other lines, rules that join
lines, and patterns for which the two could differ go the long way; what comes
of a line is the same either way (a test compares them).
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from responder.detect.linerule import LineRule
from responder.detect.pieces import expand
from responder.detect.syntax import looks_back, parse
from responder.detect.trailrule import TrailRule

Match = Callable[[bytes, int], "re.Match[bytes] | None"]


class Trial(NamedTuple):
    """A pattern to try where the message begins, whose first group is the address; what must not match there."""

    match: Match
    pinned_left: bool
    ignored: tuple[Match, ...]
    rule: LineRule


class Trials(NamedTuple):
    """The rules that may know a line, in their order; *quick* where each of their patterns can be tried on bytes."""

    rules: tuple[LineRule | TrailRule, ...]
    quick: tuple[Trial, ...] | None


def plan(rules: Sequence[LineRule | TrailRule]) -> Trials:
    """Return how to try *rules*, one after the other."""
    quick: list[Trial] = []
    for rule in rules:
        if isinstance(rule, TrailRule) or not all(is_plain(text) for text in rule.texts()):
            return Trials(tuple(rules), None)
        ignored = tuple(_match(text) for text in rule.ignore)
        quick += [Trial(_match(one.text), one.pinned_left, ignored, rule) for one in rule.patterns]
    return Trials(tuple(rules), tuple(quick))


def is_plain(text: str) -> bool:
    """Tell whether a message's bytes, all ASCII, within a line match the pattern *text* just when the message does."""
    return text.isascii() and not looks_back(parse(text))


@lru_cache(maxsize=1024)
def _match(text: str) -> Match:
    return re.compile(expand(text).encode()).match

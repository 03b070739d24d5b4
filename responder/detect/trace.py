"""trace - how far each rule gets with one line, and why it stops there.

For people who write rules: slow and thorough, where the detector is neither.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import regex

from responder.detect import syntax
from responder.detect.linerule import LineRule
from responder.detect.pieces import expand
from responder.detect.rule import Rule
from responder.detect.trailrule import TrailRule


class Step(NamedTuple):
    """What one pattern of a rule makes of a message.

    *matched* characters of the message were taken by *taken*, the part of the
    pattern that fits; *left* is the part that does not.  *why* is empty where all fits.
    """

    rule: Rule
    pattern: str
    matched: int
    taken: str
    left: str
    why: str


def trace(rules: Sequence[Rule], program: str, message: str) -> Iterator[Step]:
    """Yield a step for each pattern of the rules that look at *program*, the nearest first."""
    steps = [
        _step(rule, text, message)
        for rule in rules
        if isinstance(rule, (LineRule, TrailRule)) and rule.judges(program)
        for text in _patterns(rule)
    ]
    yield from sorted(steps, key=lambda step: (bool(step.why), -step.matched))


def _patterns(rule: LineRule | TrailRule) -> tuple[str, ...]:
    return rule.any_of if isinstance(rule, LineRule) else (rule.source, rule.pattern)


def _step(rule: LineRule | TrailRule, text: str, message: str) -> Step:
    for end in range(len(text), -1, -1):
        taken = text[:end]
        found = _match(taken, message)
        if found is not None:
            why = "" if end == len(text) else f"{text[end:]!r} does not fit what comes next"
            if not why and isinstance(rule, LineRule) and rule.find(message) is None:
                why = _refused(rule, message)
            return Step(rule, text, found, taken, text[end:], why)
    return Step(rule, text, 0, "", text, "it does not begin so")


def _match(taken: str, message: str) -> int | None:
    """Return how much of *message* the beginning *taken* of a pattern takes; None where it is none or does not fit."""
    try:
        syntax.parse(taken)
        found = regex.match(expand(taken), message, regex.ASCII | regex.VERSION0)
    except (ValueError, regex.error):
        return None
    return None if found is None else int(found.end())


def _refused(rule: LineRule, message: str) -> str:
    """Return why a rule whose pattern fits blames nobody."""
    if any(_match(shape, message) is not None for shape in rule.ignore):
        return "it is to be ignored"
    return "what stands in the address's place is no address, or the message may have been cut"

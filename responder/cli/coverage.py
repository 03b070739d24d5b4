"""coverage - ``responder rules coverage``: what programs say that no rule knows.

A message format that changed shows here: what a rule used to match is suddenly
among what nobody knows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from responder.detect.detector import Detector
from responder.detect.linerule import LineRule
from responder.detect.rule import Rule
from responder.detect.shape import shape
from responder.detect.trails import Trails
from responder.formats import syslog
from responder.formats.lines import HEADERS
from responder.formats.stamps import Stamps


class Unknown(NamedTuple):
    """Messages of one shape that no rule knows: how many, whose, and the first of them."""

    lines: int
    program: str
    shape: str
    example: str


class Coverage:
    """Counts the lines of a log of *form*, which are *program*'s where they do not say whose they are."""

    def __init__(self, rules: Sequence[Rule], stamps: Stamps, form: str, program: str) -> None:
        self.known = self.others = 0
        self._rules, self._stamps, self._form, self._program = tuple(rules), stamps, form, program
        self._detector, self._trails = Detector(rules), Trails()
        self._shapes: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}
        self._asked: dict[str, tuple[Rule, ...]] = {}

    def take(self, data: bytes) -> None:
        """Count the lines in *data*."""
        for line in data.split(b"\n"):
            head = HEADERS[self._form](line)
            if head is None:
                self.others += bool(line.strip())
                continue
            program = syslog.text(head.program) or self._program
            message = syslog.text(line[head.message :])
            if not self._rules_of(program):
                self.others += 1
            elif self._knows(line, program, message):
                self.known += 1
            else:
                key = program, shape(message)
                self._shapes[key] += 1
                self._examples.setdefault(key, syslog.text(line))

    def unknown(self) -> Iterator[Unknown]:
        """Yield what no rule knows, the most frequent first."""
        for key, count in self._shapes.most_common():
            yield Unknown(count, *key, self._examples[key])

    def _rules_of(self, program: str) -> tuple[Rule, ...]:
        if program not in self._asked:
            self._asked[program] = tuple(rule for rule in self._rules if rule.texts() and rule.judges(program))
        return self._asked[program]

    def _knows(self, line: bytes, program: str, message: str) -> bool:
        rules = (rule for rule in self._rules_of(program) if isinstance(rule, LineRule))
        if any(rule.ignores(message) for rule in rules):
            return True
        return bool(self._detector.find(line + b"\n", self._stamps, self._form, program, self._trails))

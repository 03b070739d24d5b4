"""linedetector - chunks of log in, Offences out.

One scan of the chunk finds the lines that hold a literal of some rule; only
these are cut out, and only those whose program and message a rule knows become
an Offence.  A line yields at most one: the first rule in order wins.

Pure; holds nothing but what it worked out about programs.
"""

from collections.abc import Sequence

from responder.detect.linerule import LineRule
from responder.detect.probe import LONGEST
from responder.detect.reading import Reading
from responder.detect.scanner import fastest
from responder.detect.trailrule import TrailRule
from responder.formats import syslog
from responder.values import Offence

_PROGRAMS = 1024


class LineDetector:
    """Judges lines by a set of rules."""

    def __init__(self, rules: Sequence[LineRule | TrailRule]) -> None:
        self.rules = tuple(rules)
        owners: dict[bytes, set[int]] = {}
        for number, rule in enumerate(self.rules):
            for literal in rule.literals:
                owners.setdefault(literal.encode(), set()).add(number)
        self._rules_with = [frozenset(numbers) for numbers in owners.values()]
        self._scanner = fastest(list(owners))
        self._judging: dict[bytes, frozenset[int]] = {}

    def find(self, data: bytes, reading: Reading) -> list[Offence]:
        """Return the offences in *data* (whole lines, each with its line end), in the order of the lines."""
        offences = []
        hits = self._scanner.scan(data)
        index, count = 0, len(hits)
        while index < count:
            end, literal = hits[index]
            candidates = self._rules_with[literal]
            line_end = data.find(b"\n", end)
            index += 1
            while index < count and hits[index][0] <= line_end:
                candidates |= self._rules_with[hits[index][1]]
                index += 1
            offence = self._judge(data[data.rfind(b"\n", 0, end) + 1 : line_end], candidates, reading)
            if offence:
                offences.append(offence)
        return offences

    def _judge(self, line: bytes, candidates: frozenset[int], reading: Reading) -> Offence | None:
        head = reading.header(line)
        if head is None:
            return None
        program = head.program or reading.program
        judging = self._judging.get(program)
        if judging is None:
            judging = self._judging_of(program)
        message = syslog.text(line[head.message : head.message + LONGEST])
        found: Offence | None = None
        for number in sorted(candidates & judging):
            rule = self.rules[number]
            if isinstance(rule, LineRule):
                address = rule.find(message) if found is None else None
            else:
                address = rule.follow(head, program, message, reading)
            if address and found is None:
                at = reading.stamps.read(head.stamp)
                found = Offence(address, rule.id, rule.policy, rule.weight, at, syslog.text(line))
        return found

    def _judging_of(self, program: bytes) -> frozenset[int]:
        """Work out which rules look at *program*, and remember it."""
        if len(self._judging) >= _PROGRAMS:
            self._judging.clear()
        name = syslog.text(program)
        found = frozenset(number for number, rule in enumerate(self.rules) if rule.judges(name))
        self._judging[program] = found
        return found

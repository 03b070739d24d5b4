"""linedetector - chunks of log in, Offences out.

One scan of the chunk finds the lines that hold a literal of some rule; only
these are cut out, and only those whose program and message a rule knows become
an Offence.  A line yields at most one: the first rule in order wins.

Pure; holds nothing but what it worked out about programs and addresses.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from responder.detect import trials
from responder.detect.linerule import LineRule
from responder.detect.pattern import LONGEST_PINNED_RIGHT
from responder.detect.probe import LONGEST
from responder.detect.reading import Reading
from responder.detect.scanner import fastest
from responder.detect.trailrule import TrailRule
from responder.detect.trials import Trial, Trials
from responder.formats import syslog
from responder.formats.syslog import Header
from responder.values import Offence, Prefix, parse_address

_CARRIAGE_RETURN = 0x0D
_PLANNED = 4096  # programs with literals
_ADDRESSES = 65536
_offence = partial(tuple.__new__, Offence)  # in a third of the time that calling Offence takes
_Found = tuple[LineRule | TrailRule, Prefix]


class LineDetector:
    """Judges lines by a set of rules."""

    def __init__(self, rules: Sequence[LineRule | TrailRule]) -> None:
        self.rules = tuple(rules)
        owners: dict[bytes, int] = {}
        for number, rule in enumerate(self.rules):
            for literal in rule.literals:
                owners[literal.encode()] = owners.get(literal.encode(), 0) | 1 << number
        self._rules_with = list(owners.values())  # a bit for each rule
        self._scanner = fastest(list(owners))
        self._trials: dict[tuple[bytes, int], Trials] = {}
        self._addresses: dict[bytes, Prefix] = {}

    def find(self, data: bytes, reading: Reading) -> list[Offence]:
        """Return the offences in *data* (whole lines, each with its line end), in the order of the lines."""
        offences = []
        for line, candidates in self._candidates(data):
            head = reading.header(line)
            if head is None:
                continue
            stamp, _, program, _, begin = head
            key = program or reading.program, candidates
            rules, quick = self._trials.get(key) or self._trials_of(*key)
            if quick is not None and line.isascii() and len(line) <= LONGEST and line[-1] != _CARRIAGE_RETURN:
                found = self._quickly(line, begin, quick)
            else:
                found = _slowly(line, head, rules, reading)
            if found:
                rule, address = found
                at = reading.stamps.read(stamp)
                offences.append(_offence((address, rule.id, rule.policy, rule.weight, at, syslog.text(line))))
        return offences

    def _candidates(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield each line in which a literal was found, with the rules that have one of these literals."""
        candidates, begin, line_end = 0, 0, -1
        for end, literal in self._scanner.scan(data):
            if end > line_end:
                if candidates:
                    yield data[begin:line_end], candidates
                begin, line_end = data.rfind(b"\n", 0, end) + 1, data.find(b"\n", end)
                candidates = 0
            candidates |= self._rules_with[literal]
        if candidates:
            yield data[begin:line_end], candidates

    def _quickly(self, line: bytes, begin: int, tried: Sequence[Trial]) -> _Found | None:
        """Return the first rule that knows *line*, plain ASCII whose message starts at *begin*, and whom it blames."""
        for match, pinned_left, ignored, rule in tried:
            found = match(line, begin)
            if found is None or (not pinned_left and len(line) - begin > LONGEST_PINNED_RIGHT):
                continue
            address = self._addresses.get(found[1]) or self._address(found[1])
            if address and not (ignored and any(match(line, begin) for match in ignored)):
                return rule, address
        return None

    def _address(self, text: bytes) -> Prefix | None:
        """Read an address, and remember it: those who attack come again."""
        address = parse_address(text.decode())
        if address:
            if len(self._addresses) >= _ADDRESSES:
                self._addresses.clear()
            self._addresses[text] = address
        return address

    def _trials_of(self, program: bytes, candidates: int) -> Trials:
        """Work out which of the rules *candidates* look at *program*, and remember it."""
        if len(self._trials) >= _PLANNED:
            self._trials.clear()
        name = syslog.text(program)
        asked = [rule for number, rule in enumerate(self.rules) if candidates >> number & 1 and rule.judges(name)]
        return self._trials.setdefault((program, candidates), trials.plan(asked))


def _slowly(line: bytes, head: Header, rules: Sequence[LineRule | TrailRule], reading: Reading) -> _Found | None:
    """Return the first of *rules* that knows *line*, and whom it blames; let all take note of connections."""
    message = syslog.text(line[head.message : head.message + LONGEST])
    found: _Found | None = None
    for rule in rules:
        if isinstance(rule, TrailRule):
            address = rule.follow(head, head.program or reading.program, message, reading)
        else:
            address = rule.find(message) if found is None else None
        if address and found is None:
            found = rule, address
    return found

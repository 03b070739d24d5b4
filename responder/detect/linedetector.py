"""linedetector - chunks of log in, Offences out.

One scan of the chunk finds the lines that hold a literal of some rule; only
these are cut out, and only those whose program and message a rule knows become
an Offence.  A line yields at most one: the first rule in order wins.

There are three ways to the same: one expression for lines that come in masses
(whole.py), the patterns on the bytes of plain lines (trials.py), and the rules
themselves for all others.

Pure; holds nothing but what it worked out about programs and addresses.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from responder.detect import trials, whole
from responder.detect.linerule import LineRule
from responder.detect.pattern import LONGEST_PINNED_RIGHT
from responder.detect.probe import LONGEST
from responder.detect.reading import Reading
from responder.detect.scanner import fastest
from responder.detect.trailrule import TrailRule
from responder.detect.trials import Trial, Trials
from responder.detect.whole import Whole
from responder.formats import syslog
from responder.formats.syslog import Header
from responder.values import Offence, Prefix, parse_address

_CARRIAGE_RETURN = 0x0D
_PLANNED = 4096  # programs with literals
_MASS = 100  # lines with the same literals, after which their rules become one expression
_ADDRESSES = 65536
_offence = partial(tuple.__new__, Offence)  # in a third of the time that calling Offence takes
_Found = tuple[LineRule | TrailRule, Prefix, bytes]


class LineDetector:
    """Judges lines by a set of rules."""

    def __init__(self, rules: Sequence[LineRule | TrailRule], mass: int = _MASS) -> None:
        self.rules = tuple(rules)
        owners: dict[bytes, int] = {}
        for number, rule in enumerate(self.rules):
            for literal in rule.literals:
                owners[literal.encode()] = owners.get(literal.encode(), 0) | 1 << number
        self._rules_with = list(owners.values())  # a bit for each rule
        self._scanner = fastest(list(owners))
        self._trials: dict[tuple[bytes, int], Trials] = {}
        self._wholes: dict[int, Whole | None] = {}
        self._met: dict[int, int] = {}
        self._mass = mass
        self._addresses: dict[bytes, Prefix] = {}

    def find(self, data: bytes, reading: Reading) -> list[Offence]:
        """Return the offences in *data* (whole lines, each with its line end), in the order of the lines."""
        offences = []
        wholes = self._wholes if reading.header is syslog.header else {}
        for line, candidates in self._candidates(data):
            at_once = wholes.get(candidates)
            found: _Found | None = None
            if at_once and len(line) <= LONGEST_PINNED_RIGHT and line.isascii() and line[-1] != _CARRIAGE_RETURN:
                match = at_once.match(line)
                if match:
                    group = match.lastindex or 0
                    known = at_once.rules[group]
                    if known is None:
                        continue
                    stamp, named = match.group(1, group)
                    address = self._addresses.get(named) or self._address(named)
                    found = (known, address, stamp) if address else None
            found = found or self._judge(line, candidates, reading)
            if found:
                rule, address, stamp = found
                at = reading.stamps.read(stamp)
                offences.append(_offence((address, rule.id, rule.policy, rule.weight, at, syslog.text(line))))
        return offences

    def _judge(self, line: bytes, candidates: int, reading: Reading) -> _Found | None:
        """Return the first of the rules *candidates* that knows *line*, whom it blames, and the line's stamp."""
        head = reading.header(line)
        if head is None:
            return None
        key = head.program or reading.program, candidates
        rules, quick = self._trials.get(key) or self._trials_of(*key)
        if quick is None or len(line) > LONGEST or not line.isascii() or line[-1] == _CARRIAGE_RETURN:
            return _slowly(line, head, rules, reading)
        if reading.header is syslog.header:
            self._meet(candidates, head.program)
        return self._quickly(line, head, quick)

    def _meet(self, candidates: int, program: bytes) -> None:
        """Make one expression of the rules *candidates*, when their literals have been met so often that it pays."""
        if candidates in self._wholes:
            return
        met = self._met[candidates] = self._met.get(candidates, 0) + 1
        if met >= self._mass:
            self._wholes[candidates] = whole.whole(self._among(candidates), syslog.text(program))
        if len(self._met) > _PLANNED:
            self._met.clear()
            self._wholes.clear()

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

    def _quickly(self, line: bytes, head: Header, tried: Sequence[Trial]) -> _Found | None:
        """Do what `_judge` does for a *line* of plain ASCII."""
        begin = head.message
        for match, pinned_left, ignored, rule in tried:
            found = match(line, begin)
            if found is None or (not pinned_left and len(line) - begin > LONGEST_PINNED_RIGHT):
                continue
            address = self._addresses.get(found[1]) or self._address(found[1])
            if address and not (ignored and any(match(line, begin) for match in ignored)):
                return rule, address, head.stamp
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
        asked = [rule for rule in self._among(candidates) if rule.judges(name)]
        return self._trials.setdefault((program, candidates), trials.plan(asked))

    def _among(self, candidates: int) -> list[LineRule | TrailRule]:
        """Return the rules whose bits are set in *candidates*, in their order."""
        return [rule for number, rule in enumerate(self.rules) if candidates >> number & 1]


def _slowly(line: bytes, head: Header, rules: Sequence[LineRule | TrailRule], reading: Reading) -> _Found | None:
    """Do what `_judge` does for any *line*, and let all *rules* take note of connections."""
    message = syslog.text(line[head.message : head.message + LONGEST])
    found: _Found | None = None
    for rule in rules:
        if isinstance(rule, TrailRule):
            address = rule.follow(head, head.program or reading.program, message, reading)
        else:
            address = rule.find(message) if found is None else None
        if address and found is None:
            found = rule, address, head.stamp
    return found

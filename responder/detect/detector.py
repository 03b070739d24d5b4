"""detector - a set of rules at work: lines or records in, Offences out.

Each rule is asked about entries of its own kind, in the order in which the
rules stand; the first that matches wins.

Pure; holds nothing but what was worked out about programs.
"""

from collections.abc import Iterable, Sequence

from responder.detect.linedetector import LineDetector
from responder.detect.linerule import LineRule
from responder.detect.recordrule import RecordRule
from responder.detect.rule import Rule
from responder.formats import alerts
from responder.formats.stamps import Stamps
from responder.values import Offence, Record


class Detector:
    """Judges entries by *rules*."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._lines = LineDetector([rule for rule in rules if isinstance(rule, LineRule)])
        self._records = [rule for rule in rules if isinstance(rule, RecordRule)]

    def find(self, data: bytes, stamps: Stamps) -> list[Offence]:
        """Return the offences in *data*, lines of a syslog each with its line end, in the order of the lines."""
        return self._lines.find(data, stamps)

    def judge(self, records: Iterable[Record]) -> list[Offence]:
        """Return the offences among *records*, in their order."""
        offences = []
        for record in records:
            for rule in self._records:
                if address := rule.find(record):
                    line = alerts.evidence(record)
                    offences.append(Offence(address, rule.id, rule.policy, rule.weight, record.time, line))
                    break
        return offences

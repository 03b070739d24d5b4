"""detector - a set of rules at work: lines or records in, Offences out.

Each rule is asked about entries of its own kind, in the order in which the
rules stand; the first that matches wins.

Pure; holds nothing but what was worked out about programs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from responder.detect.linedetector import LineDetector
from responder.detect.linerule import LineRule
from responder.detect.reading import Reading
from responder.detect.recordrule import RecordRule
from responder.detect.rule import Rule
from responder.detect.trailrule import TrailRule
from responder.detect.trails import Trails
from responder.formats import alerts, jsonline
from responder.formats.lines import HEADERS
from responder.formats.stamps import Stamps
from responder.values import Offence, Record


class Detector:
    """Judges entries by *rules*."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._lines = LineDetector([rule for rule in rules if isinstance(rule, (LineRule, TrailRule))])
        self._alerts = [rule for rule in rules if isinstance(rule, RecordRule) and rule.form == "alert"]
        self._objects = [rule for rule in rules if isinstance(rule, RecordRule) and rule.form == "json"]

    def find(
        self, data: bytes, stamps: Stamps, form: str = "syslog", program: str = "", trails: Trails | None = None
    ) -> list[Offence]:
        """Return the offences in *data*, lines of *form* each with its line end, in the order of the lines.

        *program* is who writes them, where they do not say it; *trails* what earlier lines of the same log told.
        """
        if form != "json":
            known = Trails() if trails is None else trails
            return self._lines.find(data, Reading(stamps, HEADERS[form], program.encode(), known))
        asked = [rule for rule in self._objects if rule.judges(program)]
        lines = data.split(b"\n") if asked else ()
        records = (jsonline.read(line, program, stamps) for line in lines if line.startswith(b"{"))
        return list(_judged((record for record in records if record), asked, lambda record: record.message))

    def judge(self, records: Iterable[Record]) -> list[Offence]:
        """Return the offences among *records* of alerts, in their order."""
        return list(_judged(records, self._alerts, alerts.evidence))


def _judged(
    records: Iterable[Record], rules: Sequence[RecordRule], evidence: Callable[[Record], str]
) -> Iterator[Offence]:
    for record in records:
        for rule in rules:
            if address := rule.find(record):
                yield Offence(address, rule.id, rule.policy, rule.weight, record.time, evidence(record))
                break

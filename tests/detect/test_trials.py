"""The quick way to judge a line comes to the same as the long one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.detect import trials
from responder.detect.linedetector import LineDetector
from responder.detect.linerule import LineRule
from responder.detect.reading import Reading
from responder.detect.trails import Trails
from responder.formats import syslog
from responder.formats.lines import HEADERS
from tests.detect.rules import a_rule, stamps
from tests.detect.test_shipped import RULES

LINE_RULES = [one for one in RULES if isinstance(one, LineRule)]
SAMPLES = [(one, example.line.encode()) for one in LINE_RULES for example in one.examples if "\n" not in example.line]
DETECTOR = LineDetector(LINE_RULES)
_PUT = st.sampled_from([b"", b"\xc3\xa9", b"\xff", b"\r", b" ", b"[198.51.100.1]", b"A" * 300, b"A" * 9000, b"\0"])


def judged_at_length(line: bytes, form: str, program: str) -> tuple[str, str] | None:
    """Return what all rules, each asked in its turn, say of *line*: which rule, and whom it blames."""
    head = HEADERS[form](line)
    if head is None:
        return None
    name = head.program.decode("utf-8", "replace") or program
    message = syslog.text(line[head.message : head.message + 8192])
    said = ((one, one.find(message)) for one in LINE_RULES if one.judges(name))
    return next(((one.id, str(address)) for one, address in said if address), None)


@given(st.integers(0, len(SAMPLES) - 1), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), _PUT), max_size=3))
def test_a_line_is_judged_alike_on_both_ways(number: int, edits: list[tuple[float, int, bytes]]) -> None:
    """Plain or not, too long or not; against every rule asked in its turn."""
    one, line = SAMPLES[number]
    for place, cut, put in edits:
        at = int(place * len(line))
        line = (line[:at] + put + line[at + cut :]).replace(b"\n", b"")
    program = one.programs[0]

    found = DETECTOR.find(line + b"\n", Reading(stamps(), HEADERS[one.form], program.encode(), Trails()))

    expected = judged_at_length(line, one.form, program)
    assert [(offence.rule, str(offence.address)) for offence in found] == [expected] * bool(expected)


PLAIN = "failed for <address>"


@pytest.mark.parametrize(
    "pattern", ["caf\u00e9 failed for <address>", r"\bfailed for <address>", "^failed for <address>"]
)
def test_what_could_differ_goes_the_long_way(pattern: str) -> None:
    assert trials.plan([a_rule(pattern)]).quick is None
    assert trials.plan([a_rule(PLAIN), a_rule(pattern)]).quick is None
    assert trials.plan([a_rule(PLAIN)]).quick is not None

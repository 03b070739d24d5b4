"""The quick ways to judge a line come to the same as the long one."""

from dataclasses import replace

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
OF_MASSES = LineDetector(LINE_RULES, mass=1)
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
def test_a_line_is_judged_alike_on_all_ways(number: int, edits: list[tuple[float, int, bytes]]) -> None:
    """Plain or not, too long or not, met for the first time or again; against every rule asked in its turn."""
    one, line = SAMPLES[number]
    for place, cut, put in edits:
        at = int(place * len(line))
        line = (line[:at] + put + line[at + cut :]).replace(b"\n", b"")
    program = one.programs[0]

    def judged(detector: LineDetector) -> list[tuple[str, str]]:
        found = detector.find(line + b"\n", Reading(stamps(), HEADERS[one.form], program.encode(), Trails()))
        return [(offence.rule, str(offence.address)) for offence in found]

    expected = judged_at_length(line, one.form, program)
    said = [expected] if expected else []
    assert [judged(detector) for detector in (DETECTOR, OF_MASSES, OF_MASSES)] == [said] * 3


STAMPS = [
    b"Nov 23 13:46:37",
    b"<38>Nov  3 13:46:37.123",
    b"2026-11-23T13:46:37.12+01:00",
    b"<38>1 2026-11-23T13:46:37Z",
]
TAGS = [
    b"app[12]: ",
    b"app: ",
    b"app[]: ",
    b"app[1 2]: ",
    b"app:",
    b"app[12] ",
    b"other: ",
    b"app" * 50 + b": ",
    b"app:x: ",
    b"app 12 - - ",
]


@pytest.mark.parametrize("programs", [("app",), ("*",), ("a?p",), ("other", "ap*")])
@pytest.mark.parametrize("stamp", STAMPS)
def test_a_header_is_read_alike_on_all_ways(stamp: bytes, programs: tuple[str, ...]) -> None:
    """Those that are none, too, and programs that the rule does not look at."""
    rule = a_rule(r"failed for <address>(?: \([a-z ]*\))?$")
    rules = [replace(rule, programs=programs, ignore=(r"failed for <address> \(but",))]
    data = b"".join(
        stamp + b" mx " + tag + text + b"\n"
        for tag in TAGS
        for text in (
            b"failed for 192.0.2.7",
            b"failed for 192.0.2.7 (but that is well)",
            b"failed for 1.2.3.456.7",
            b"failed for 192.0.2.8\r",
        )
    )

    at_length, of_masses = (LineDetector(rules, mass) for mass in (10**6, 1))
    found = [
        one.find(data, Reading(stamps(), syslog.header, b"", Trails())) for one in (at_length, of_masses, of_masses)
    ]

    assert found[0] == found[1] == found[2]
    assert found[0]


PLAIN = "failed for <address>"


@pytest.mark.parametrize(
    "pattern", ["caf\u00e9 failed for <address>", r"\bfailed for <address>", "^failed for <address>"]
)
def test_what_could_differ_goes_the_long_way(pattern: str) -> None:
    assert trials.plan([a_rule(pattern)]).quick is None
    assert trials.plan([a_rule(PLAIN), a_rule(pattern)]).quick is None
    assert trials.plan([a_rule(PLAIN)]).quick is not None

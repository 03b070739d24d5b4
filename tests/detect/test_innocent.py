"""What services write while nothing is wrong blames nobody, whatever varies in it."""

from itertools import groupby

import pytest

from responder.detect.detector import Detector
from responder.formats.lines import HEADERS
from responder.values import Offence
from tests.corpus import innocent
from tests.detect.rules import every_rule, stamps
from tests.lab import mailwords

DETECTOR = Detector(every_rule())
LINES = 20_000


def judged(lines: list[tuple[innocent.Kind, str]]) -> list[Offence]:
    found = []
    for kind, group in groupby(sorted(lines), key=lambda line: line[0]):
        data = "".join(f"{text}\n" for _, text in group).encode()
        found += DETECTOR.find(data, stamps(), kind.form, kind.program)
    return found


@pytest.mark.parametrize("seed", range(1, 4))
def test_twenty_thousand_normal_lines_blame_nobody(seed: int) -> None:
    lines = list(innocent.lines(LINES, seed))

    assert len({text for _, text in lines}) > LINES * 0.9
    assert [(offence.rule, offence.line) for offence in judged(lines)] == []


def test_every_line_is_one_that_is_really_looked_at() -> None:
    """It has the header of its format, and everything in braces was filled."""
    for kind, text in innocent.lines(len(innocent.templates()), seed=4):
        assert HEADERS[kind.form](text.encode()), text
        assert not innocent.unfilled(text), text


def test_the_traffic_of_the_lab_is_innocent_too() -> None:
    """The benchmarks count on it."""
    kinds = mailwords.TRAFFIC
    lines = [f"Jul 17 03:12:45 mx {kind('203.0.113.9', number)}" for kind in kinds for number in range(200)]

    assert judged([(innocent.Kind("syslog", ""), line) for line in lines]) == []

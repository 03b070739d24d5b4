"""Every rule that ships is proven and does what its examples show."""

from pathlib import Path

import pytest

from responder import config
from responder.detect import examples, library, proof, rulefile, syntax
from responder.detect.detector import Detector
from responder.detect.linerule import LineRule
from responder.detect.rule import Example, Rule
from tests.detect.page import page
from tests.detect.rules import every_rule

PATHS = sorted(path for path in library.shipped().glob("*.toml") if path.name != library.POLICIES)
PARSED = [rulefile.parse(path, path.read_text("utf-8")) for path in PATHS]
RULES = [rule for rules, _ in PARSED for rule in rules]
LINE_RULES = [rule for rule in RULES if isinstance(rule, LineRule)]
EXAMPLES = [(rule, example) for rule in RULES for example in rule.examples]
IDS = [f"{rule.id}-{number}" for rule in RULES for number, _ in enumerate(rule.examples, 1)]


def test_every_file_is_sound() -> None:
    """And there are some."""
    assert PATHS
    assert [problem for _, problems in PARSED for problem in problems] == []


def test_the_whole_set_is_in_force_together() -> None:
    """With the policies that ship, and each rule where its file puts it; but for those that are asked last, or off."""
    wanted = [rule.id for last in (False, True) for rule in RULES if rule.last is last and not rule.off]

    assert [rule.id for rule in library.load([library.shipped()], config.load(None).policies)] == wanted
    assert sorted(rule.id for rule in every_rule()) == sorted(rule.id for rule in RULES)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=IDS)
def test_an_example_blames_whom_it_says(rule: Rule, example: Example) -> None:
    """The line stands in the rule's own file."""
    assert str(examples.blamed(Detector([rule]), rule, example.line) or "") == example.address


@pytest.mark.parametrize("rule", LINE_RULES, ids=[rule.id for rule in LINE_RULES])
def test_a_rule_is_proven(rule: LineRule) -> None:
    """One pinned address, no runaway however a line is pumped, a literal for the scan: by structure, not by a watch."""
    assert [fault for pattern in rule.any_of for fault in proof.faults(syntax.parse(pattern))] == []


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_shows_whom_it_blames_and_whom_it_leaves_alone(rule: Rule) -> None:
    """And says what the offence is, and against which service."""
    assert {bool(example.address) for example in rule.examples} == {True, False}
    assert rule.title.strip()
    assert rule.service.strip()
    assert examples.run([rule]) == []


def test_the_page_that_lists_them_is_true() -> None:
    """Renew it with `python -m tests.detect.page > rules/README.md`."""
    assert (library.shipped() / "README.md").read_text("utf-8") == page()


@pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])
def test_a_file_says_whose_output_its_examples_are(path: Path) -> None:
    """So that one knows what to look at when a program is updated."""
    (rules, _) = rulefile.parse(path, path.read_text("utf-8"))

    assert all(rule.versions for rule in rules)

"""Every problem of a rule file is told, with file, rule and remedy, all at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.detect import rulefile
from responder.detect.linerule import LineRule
from responder.detect.rule import Example
from responder.errors import RuleError

PATH = Path("/etc/responder/rules.d/ssh.toml")
HEAD = 'service = "sshd"\nprogram = ["sshd", "sshd-session"]\n'
RULE = """
[[rule]]
id      = "sshd-failed"
title   = "Wrong password"
policy  = "login"
pattern = 'failed for .* from <address>$'
"""


def problems(text: str) -> list[tuple[str, str]]:
    """Return what is wrong: rule or key, and problem; each names the file and a remedy."""
    _, found = rulefile.parse(PATH, text)
    for problem in found:
        assert str(problem).startswith(f"{PATH}: ")
        assert problem.remedy
        assert str(problem).endswith(problem.remedy)
    return [(problem.rule_id, problem.problem) for problem in found]


def test_a_sound_file_becomes_rules() -> None:
    """With everything that stands in it."""
    text = HEAD + RULE + "weight = 3\n[[rule.example]]\nwhy = 'plain'\nline = 'x'\naddress = '192.0.2.7'\n"

    rules, wrong = rulefile.parse(PATH, text + RULE.replace("failed", "other"))

    assert wrong == []
    assert [rule.id for rule in rules] == ["sshd-failed", "sshd-other"]
    first = rules[0]
    assert (first.title, first.policy, first.weight, first.path) == ("Wrong password", "login", 3, PATH)
    assert isinstance(first, LineRule)
    assert (first.service, first.programs) == ("sshd", ("sshd", "sshd-session"))
    assert first.examples == (Example("x", "192.0.2.7", "plain"),)


def test_a_file_may_have_no_rules_yet() -> None:
    """It is begun with its head."""
    assert rulefile.parse(PATH, HEAD) == ([], [])


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("service = ", "", "no TOML"),
        ("\x00", "", "no TOML"),
        ("service = 'sshd'\n" + RULE, "program", "field required"),
        ("program = ['sshd']\n" + RULE, "service", "field required"),
        ("service = 'sshd'\nprogram = []\n", "program", "at least 1 item"),
        ("service = 'sshd'\nprogram = 'sshd'\n", "program", "valid list"),
        ("service = 7\nprogram = ['sshd']\n", "service", "valid string"),
        ("service = 'sshd'\nprogram = ['sshd', 7]\n", "program[2]", "valid string"),
        (HEAD + "[rule]\nid = 'x'\n", "rule", "valid list"),
        (HEAD + "rule = [7]\n", "rule[1]", "valid dictionary"),
        ("servce = 'x'\n" + HEAD, "servce", "unknown key"),
        (HEAD + RULE.replace("title ", "titel "), "sshd-failed: title", "field required"),
        (HEAD + RULE.replace("title ", "titel "), "sshd-failed: titel", "unknown key"),
        (HEAD + RULE.replace("id ", "#"), "rule[1].id", "field required"),
        (HEAD + RULE.replace("policy ", "#"), "sshd-failed: policy", "field required"),
        (HEAD + RULE.replace("pattern ", "#"), "sshd-failed: pattern", "field required"),
        (HEAD + RULE.replace("sshd-failed", "SSHD failed"), "SSHD failed: id", "match pattern"),
        (HEAD + RULE.replace("sshd-failed", "a--b"), "a--b: id", "match pattern"),
        (HEAD + RULE.replace('"sshd-failed"', "7"), "rule[1].id", "valid string"),
        (HEAD + RULE + "weight = 0\n", "sshd-failed: weight", "greater than or equal to 1"),
        (HEAD + RULE + "weight = 1001\n", "sshd-failed: weight", "less than or equal to 1000"),
        (HEAD + RULE + "weight = '1'\n", "sshd-failed: weight", "valid integer"),
        (HEAD + RULE + "weight = true\n", "sshd-failed: weight", "valid integer"),
        (HEAD + RULE + "[[rule.example]]\nline = 'x'\n", "sshd-failed: example[1].address", "field required"),
        (HEAD + RULE + "[[rule.example]]\naddress = ''\n", "sshd-failed: example[1].line", "field required"),
        (HEAD + RULE + "[[rule.example]]\nline='x'\naddress=''\nwy='x'\n", "sshd-failed: example[1].wy", "unknown key"),
        (HEAD + RULE.replace("<address>", "x"), "sshd-failed", "names no address"),
        (HEAD + RULE.replace("$", ""), "sshd-failed", "free text stands before the address"),
        (HEAD + RULE.replace(".*", "(.*"), "sshd-failed", "no regular expression"),
        (HEAD + RULE.replace("failed for .* from", "bad"), "sshd-failed", "no literal"),
        ('"rule[x]" = 1\n' + HEAD + RULE, "rule[x]", "unknown key"),
        ('"rule[2]" = 1\n' + HEAD + RULE, "rule[2]", "unknown key"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, where: str, what: str) -> None:
    """A rule by its id, or by its number where it has none."""
    assert [(where, True)] == [(place, what in problem) for place, problem in problems(text) if place == where]


def test_an_unknown_key_is_answered_with_the_nearest_known() -> None:
    """Or with all of them, where none is near."""
    _, found = rulefile.parse(PATH, HEAD + RULE + "wieght = 2\nzzz = 1\n")

    assert found[0].remedy == "did you mean 'weight'?"
    asked = "address, any_of, example, from, id, ignore, key, last, off, pattern, policy, tags, title, unless, until"
    assert found[1].remedy == f"known are {asked}, versions, weight, when"


@pytest.mark.parametrize("off", ['""', '"yes"', "true"])
def test_why_a_rule_is_off_is_said_in_words(off: str) -> None:
    """Whoever enables it must know what for."""
    rules, (problem,) = rulefile.parse(PATH, HEAD + RULE + f"off = {off}\n")

    assert rules == []
    assert ": off: " in str(problem)


def test_all_problems_of_a_file_are_told_at_once() -> None:
    """Of its tables all, and of its patterns all."""
    bad_tables = "servce = 'x'\n" + HEAD + RULE + "weight = 0\n" + RULE.replace("policy", "polcy")
    bad_patterns = HEAD + RULE.replace("<address>", "x") + RULE.replace("$", "").replace("sshd-failed", "sshd-two")

    assert {place for place, _ in problems(bad_tables)} == {
        "servce", "sshd-failed: weight", "sshd-failed: policy", "sshd-failed: polcy",
    }  # fmt: skip
    assert [place for place, _ in problems(bad_patterns)] == ["sshd-failed", "sshd-two"]


def test_a_bad_rule_does_not_take_a_sound_one_with_it() -> None:
    """`responder rules test` can still try it."""
    rules, found = rulefile.parse(PATH, HEAD + RULE.replace("$", "").replace("sshd-failed", "sshd-two") + RULE)

    assert [rule.id for rule in rules] == ["sshd-failed"]
    assert [problem.rule_id for problem in found] == ["sshd-two"]


LINES = st.sampled_from(
    [
        "service = 'sshd'", "program = ['sshd']", "[[rule]]", "[rule]", "[[rule.example]]", "id = 'a'", "id = 7",
        "title = 't'", "policy = 'p'", "pattern = 'failed from <address>'", "pattern = '('", "weight = 1e3",
        "line = 'x'", "address = ''", "address = [1]", "rule = [[]]", '"rule[x]" = 1', '"rule[9]" = 1', "x.y = {}", "]",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=12).map("\n".join) | st.text())
def test_any_text_gives_rules_or_problems(text: str) -> None:
    """And no other exception."""
    rules, found = rulefile.parse(PATH, text)

    assert all(isinstance(problem, RuleError) for problem in found)
    assert rules or found or "[[rule]]" not in text

"""The rules in force are all that the folders hold, proven and true to their examples; or nothing at all."""

from pathlib import Path

import pytest

from responder.detect import library
from responder.errors import Refused

LINE = "Nov 23 13:46:37 mx sshd[1]: "
GOOD = f"""
[[rule.example]]
line    = "{LINE}failed for x from 192.0.2.7"
address = "192.0.2.7"
[[rule.example]]
line    = "{LINE}let in x from 192.0.2.7"
address = ""
"""
OFF = 'off = "anybody can write it"\n'


def a_file(
    name: str, *, title: str = "A rule", pattern: str = "failed for [a-z]+ from <address>$", more: str = GOOD
) -> str:
    return f"""
service = "sshd"
program = ["sshd"]
[[rule]]
id      = "{name}"
title   = "{title}"
policy  = "login"
pattern = '{pattern}'
{more}"""


@pytest.fixture
def first(tmp_path: Path) -> Path:
    (tmp_path / "first").mkdir()
    return tmp_path / "first"


@pytest.fixture
def second(tmp_path: Path) -> Path:
    (tmp_path / "second").mkdir()
    return tmp_path / "second"


def refusals(*folders: Path, disabled: tuple[str, ...] = (), enabled: tuple[str, ...] = ()) -> list[str]:
    """Return what is refused; each with a remedy."""
    with pytest.raises(Refused) as refused:
        library.load(folders, ["login"], disabled, enabled)
    assert all(problem.remedy for problem in refused.value.problems)
    return [str(problem) for problem in refused.value.problems]


def test_folders_are_read_in_order_and_files_by_name(first: Path, second: Path) -> None:
    """So the order in which rules are asked is the administrator's to choose."""
    (second / "a.toml").write_text(a_file("rule-c"))
    (first / "b.toml").write_text(a_file("rule-b"))
    (first / "a.toml").write_text(a_file("rule-a"))
    (first / "a.toml.bak").write_text("nonsense")

    assert [rule.id for rule in library.load([first, second], ["login"])] == ["rule-a", "rule-b", "rule-c"]


def test_the_same_id_in_a_later_folder_replaces_the_rule_in_its_place(first: Path, second: Path) -> None:
    """It is asked when the one that it replaces would have been."""
    (first / "a.toml").write_text(a_file("rule-a"))
    (first / "b.toml").write_text(a_file("rule-b"))
    (second / "z.toml").write_text(a_file("rule-a", title="Mine"))

    rules = library.load([first, second], ["login"])

    assert [(rule.id, rule.title) for rule in rules] == [("rule-a", "Mine"), ("rule-b", "A rule")]
    assert rules[0].path == second / "z.toml"


def test_a_rule_that_is_last_is_asked_after_those_of_later_folders(first: Path, second: Path) -> None:
    """What it sees is in many lines, and another may see more in them."""
    (first / "a.toml").write_text(a_file("rule-a", more=f"last = true\n{GOOD}"))
    (first / "b.toml").write_text(a_file("rule-b"))
    (second / "c.toml").write_text(a_file("rule-c"))

    assert [rule.id for rule in library.load([first, second], ["login"])] == ["rule-b", "rule-c", "rule-a"]


def test_the_same_id_twice_in_one_folder_is_refused(first: Path) -> None:
    """One of them was meant to be another."""
    (first / "a.toml").write_text(a_file("rule-a"))
    (first / "b.toml").write_text(a_file("rule-a"))

    assert refusals(first) == [
        f"{first}/b.toml: rule-a: this id is also in {first}/a.toml; give one of them another id"
    ]


def test_a_policy_that_nobody_wrote_is_refused(first: Path) -> None:
    """A rule without a policy would count for nothing."""
    (first / "a.toml").write_text(a_file("rule-a").replace('"login"', '"logn"'))

    assert refusals(first) == [
        f"{first}/a.toml: rule-a: there is no policy 'logn'; write a [policy.logn] or name one of login"
    ]


def test_a_disabled_rule_is_not_asked(first: Path) -> None:
    """And another that it stood before may match then."""
    (first / "a.toml").write_text(a_file("rule-a"))
    (first / "b.toml").write_text(a_file("rule-b"))

    assert [rule.id for rule in library.load([first], ["login"], ["rule-a"])] == ["rule-b"]
    assert library.load([first], ["login"], ["rule-a", "rule-b"]) == ()


def test_a_disabled_rule_need_not_keep_its_examples(first: Path) -> None:
    """Disabling it is how an administrator lives with it until it is mended."""
    (first / "a.toml").write_text(a_file("rule-a", more=""))

    assert library.load([first], ["login"], ["rule-a"]) == ()


@pytest.mark.parametrize("key", ["disable", "enable"])
def test_naming_a_rule_that_is_not_there_is_refused(first: Path, key: str) -> None:
    """A slip of the pen would leave the rule as it was."""
    (first / "a.toml").write_text(a_file("rule-a"))
    asked = {
        "disable": refusals(first, disabled=("rule-x", "other")),
        "enable": refusals(first, enabled=("rule-x", "other")),
    }

    assert asked[key] == [
        f"{key}: rule-x: there is no such rule; did you mean 'rule-a'?",
        f"{key}: other: there is no such rule; name a rule that `responder rules list` shows",
    ]


def test_a_rule_that_is_off_is_not_asked_unless_it_is_enabled(first: Path) -> None:
    """And then it stands where its file puts it."""
    (first / "a.toml").write_text(OFF + a_file("rule-a"))
    (first / "b.toml").write_text(a_file("rule-b"))

    found = library.survey([first], ["login"])
    enabled = library.survey([first], ["login"], enabled=["rule-a"])

    assert ([rule.id for rule in found.in_force], [rule.id for rule in found.off]) == (["rule-b"], ["rule-a"])
    assert found.off[0].off == "anybody can write it"
    assert ([rule.id for rule in enabled.in_force], enabled.off) == (["rule-a", "rule-b"], ())


def test_a_rule_alone_may_be_off(first: Path) -> None:
    """Its reason goes before that of the file."""
    more = f'off = "so is this"\n{GOOD}'
    (first / "a.toml").write_text(a_file("rule-a", more=more) + a_file("rule-b").partition('program = ["sshd"]')[2])

    found = library.survey([first], ["login"])

    assert [rule.id for rule in found.in_force] == ["rule-b"]
    assert [(rule.id, rule.off) for rule in found.off] == [("rule-a", "so is this")]


def test_a_rule_that_is_off_must_still_keep_its_examples(first: Path) -> None:
    """It may be enabled any day."""
    (first / "a.toml").write_text(OFF + a_file("rule-a", more=GOOD.replace('"192.0.2.7"\n', '"192.0.2.8"\n')))

    assert [problem.partition(" in ")[0] for problem in refusals(first)] == [
        f"{first}/a.toml: rule-a: 192.0.2.7 is blamed"
    ]


def test_a_rule_that_is_off_must_agree_with_those_in_force(first: Path) -> None:
    """Enabled, it would be one of them."""
    good = GOOD.replace("for x", "for 192.0.2.9")
    (first / "a.toml").write_text(
        a_file("rule-a", pattern="failed for <address> .*from 192", more=good.replace('"192.0.2.7"', '"192.0.2.9"'))
    )
    (first / "b.toml").write_text(OFF + a_file("rule-b", pattern="failed for .* from <address>$", more=good))

    assert [problem.partition(" in ")[0] for problem in refusals(first)] == [
        f"{first}/b.toml: rule-b: 192.0.2.9 is blamed by another rule"
    ]


def test_a_rule_cannot_be_both_enabled_and_disabled(first: Path) -> None:
    """Nobody could say which of the two was meant."""
    (first / "a.toml").write_text(OFF + a_file("rule-a"))

    assert refusals(first, disabled=("rule-a",), enabled=("rule-a",)) == [
        "enable: rule-a: `disable` names it too; take it out of one of them"
    ]


def test_a_disabled_rule_in_a_broken_file_is_not_called_unknown(first: Path) -> None:
    """It is only that nobody could read it."""
    (first / "a.toml").write_text("service = ")

    assert [problem.partition("no TOML")[0] for problem in refusals(first, disabled=("rule-a",))] == [
        f"{first}/a.toml: "
    ]


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("", "no example that matches"),
        ("", "no example that must not match"),
        (GOOD.split("[[rule.example]]")[1].join(["[[rule.example]]", ""]), "no example that must not match"),
        (GOOD.replace('"192.0.2.7"\n', '"192.0.2.8"\n'), "192.0.2.7 is blamed in"),
        (GOOD.replace("failed for x", "let in x"), "nobody is blamed in"),
        (GOOD.replace("let in x", "failed for x"), "192.0.2.7 is blamed in"),
        (GOOD.replace(LINE, ""), "an example is no entry of format syslog"),
        (GOOD.replace("sshd[1]", "user[1]"), "nobody is blamed in"),
        (GOOD.replace('"192.0.2.7"\n', '"attacker"\n'), "the example says attacker"),
    ],
)
def test_a_rule_that_fails_its_own_examples_is_refused(first: Path, more: str, what: str) -> None:
    """It never reaches the firewall."""
    (first / "a.toml").write_text(a_file("rule-a", more=more))

    found = refusals(first)

    assert any(what in problem for problem in found)
    assert all(problem.startswith(f"{first}/a.toml: rule-a: ") for problem in found)


def test_another_rule_may_not_blame_another_address_for_an_example(first: Path) -> None:
    """The set as a whole must judge as each rule's author says."""
    thief = a_file("rule-a", pattern="failed for <address> .*from 192", more=GOOD.replace("for x", "for 192.0.2.9 "))
    (first / "a.toml").write_text(thief.replace('"192.0.2.7"', '"192.0.2.9"'))
    good = GOOD.replace("for x", "for 192.0.2.9")
    (first / "b.toml").write_text(a_file("rule-b", pattern="failed for .* from <address>$", more=good))

    assert [problem.partition(" in ")[0] for problem in refusals(first)] == [
        f"{first}/b.toml: rule-b: 192.0.2.9 is blamed by another rule"
    ]


def test_another_rule_may_match_an_example_first_when_it_blames_the_same(first: Path) -> None:
    """Nobody is hurt by that."""
    (first / "a.toml").write_text(a_file("rule-a"))
    (first / "b.toml").write_text(a_file("rule-b"))

    assert len(library.load([first], ["login"])) == 2


def test_a_folder_that_is_not_there_is_refused(first: Path) -> None:
    """A slip of the pen would leave out its rules."""
    assert refusals(first / "nowhere") == [
        f"{first}/nowhere: cannot be read: No such file or directory; make it readable, or name another"
    ]


def test_a_file_that_cannot_be_read_is_refused(first: Path) -> None:
    """Whatever it is."""
    (first / "a.toml").mkdir()
    (first / "b.toml").write_bytes(b"\xff")

    found = refusals(first)

    assert [problem.split(":")[0] for problem in found] == [f"{first}/a.toml", f"{first}/b.toml"]
    assert all("cannot be read" in problem for problem in found)


def test_all_problems_of_all_files_are_told_at_once(first: Path, second: Path) -> None:
    """An administrator mends them once."""
    (first / "a.toml").write_text("service = ")
    (first / "b.toml").write_text(a_file("rule-b", pattern="failed for .* from <address>"))
    (first / "c.toml").write_text(a_file("rule-c", more=""))
    (second / "d.toml").write_text(a_file("rule-d").replace('"login"', '"logn"'))

    found = refusals(first, second, first / "nowhere")

    assert [problem.split(":")[0].rpartition("/")[2] for problem in found] == [
        "a.toml", "b.toml", "nowhere", "d.toml", "c.toml", "c.toml",
    ]  # fmt: skip


def test_policies_in_a_folder_of_rules_are_not_ignored_in_silence(tmp_path: Path) -> None:
    """An administrator who writes policies beside his rules is told where they belong."""
    (tmp_path / "policies.toml").write_text("[policy.mine]\nlimit = 1\n")

    with pytest.raises(Refused, match="write them into the settings"):
        library.load([tmp_path], {})


def test_a_rule_with_free_text_shows_how_it_is_lied_to(first: Path) -> None:
    """An example in which a client writes somebody else's address."""
    (first / "a.toml").write_text(a_file("rule-a", pattern="failed for .* from <address>$"))

    (problem,) = refusals(first)

    assert "no example shows him lie; add a line in which he writes an address of somebody else" in problem
    lie = GOOD + f'[[rule.example]]\nline = "{LINE}failed for 198.51.100.1 from 192.0.2.7"\naddress = "192.0.2.7"\n'
    (first / "a.toml").write_text(a_file("rule-a", pattern="failed for .* from <address>$", more=lie))
    assert library.load([first], ["login"])

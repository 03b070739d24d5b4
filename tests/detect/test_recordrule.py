"""Rules on fields: what they ask, what they refuse to be, whom they blame."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from responder.detect import examples, rulefile
from responder.detect.condition import Condition
from responder.detect.detector import Detector
from responder.detect.recordrule import RecordRule
from responder.formats import alerts
from responder.values import Field, Record
from tests.formats.alert import as_json, as_log


def holds(condition: Any, value: Field) -> bool:
    return Condition.model_validate(condition).compiled().holds(value)


@pytest.mark.parametrize(
    ("condition", "value", "so"),
    [
        ("5716", "5716", True),
        (5716, "5716", True),
        ([1, "5716"], "5716", True),
        ([1, 2], "5716", False),
        ("sshd", ("syslog", "sshd"), True),
        (["x", "sshd"], ("syslog", "sshd"), True),
        ("ssh", ("syslog", "sshd"), False),
        ({"at_least": 6}, 6, True),
        ({"at_least": 6}, 5, False),
        ({"at_least": 6, "at_most": 9}, 10, False),
        ({"at_least": 6}, "7", False),
        ({"pattern": "/var/log/.*"}, "/var/log/auth.log", True),
        ({"pattern": "/var/log"}, "/var/log/auth.log", False),
        ({"pattern": "web_.*"}, ("x", "web_scan"), True),
        ({"present": True}, "", False),
        ({"present": False}, "", True),
        ({"present": True}, ("",), False),
        ({"any_of": ["a"], "pattern": "b"}, "a", False),
    ],
)
def test_a_condition_holds_or_not(condition: Any, value: Field, so: bool) -> None:
    """All that it asks at once."""
    assert holds(condition, value) is so


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ({}, "asks nothing"),
        ({"at_last": 3}, "at_last"),
        ({"pattern": "(?:a+)+"}, "backtrack"),
        ({"pattern": "("}, "no regular expression"),
        ({"at_least": "6"}, "at_least"),
        (True, "dictionary"),
    ],
)
def test_what_asks_nothing_sound_is_refused(condition: Any, what: str) -> None:
    """With what is wrong."""
    with pytest.raises(ValidationError, match=what):
        Condition.model_validate(condition)


@given(st.text(max_size=20) | st.integers() | st.lists(st.text(max_size=5), max_size=4).map(tuple))
def test_any_value_can_be_asked(value: Field) -> None:
    """Nothing raises, and what is there is not absent."""
    assert holds({"present": True}, value) is not holds({"present": False}, value)
    holds({"any_of": ["a"], "at_least": 1, "at_most": 2, "pattern": "a"}, value)


def a_rule(**asked: Any) -> RecordRule:
    when = {name: Condition.model_validate(one) for name, one in asked.get("when", {"level": 5}).items()}
    unless = {name: Condition.model_validate(one) for name, one in asked.get("unless", {}).items()}
    return RecordRule(
        id="a-rule",
        title="A rule",
        service="ossec",
        policy="login",
        form="alert",
        address="srcip",
        when=when,
        unless=unless,
    )


def records(*texts: str) -> list[Record]:
    return [record for text in texts for record in alerts.reader("ossec-json").read(text.encode())]


@pytest.mark.parametrize(
    ("srcip", "blamed"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8::7", "2001:db8::7"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8::7]:51234", "2001:db8::7"),
        ("2001:db8::7:51234", None),
        ("[2001:db8::7]", None),
        ("203.0.113.9:", None),
        ("127.1:80", None),
        ("127.1", None),
        ("0177.0.0.1", None),
        ("fe80::1%eth0", None),
        ("203.0.113.0/24", None),
        ("host.example.org", None),
        ("203.0.113.9 ", None),
        ("", None),
    ],
)
def test_only_an_address_is_blamed(srcip: str, blamed: str | None) -> None:
    """Strictly: no host name, network, zone or short form."""
    found = Detector([a_rule()]).judge(records(as_json(srcip=srcip)))

    assert [str(offence.address) for offence in found] == ([blamed] if blamed else [])


def test_all_of_when_and_none_of_unless() -> None:
    """The first rule that matches wins, and the evidence names the alert and its line."""
    first = a_rule(when={"level": {"at_least": 5}, "groups": "authentication_failed"}, unless={"rule": 5716})
    second = a_rule(when={"level": 5})

    (offence,) = Detector([first, second]).judge(records(as_json(full_log="the line")))
    (other,) = Detector([first, second]).judge(records(as_json().replace("5716", "5717")))

    assert offence.line.endswith(" | the line")
    assert Detector([first]).judge(records(as_json())) == []
    assert other.rule == "a-rule"


FILE = """
service = "ossec"
format  = "alert"
[[rule]]
id     = "ossec-x"
title  = "X"
policy = "login"
{asked}
[[rule.example]]
line    = '''{line}'''
address = "203.0.113.9"
[[rule.example]]
line    = '''{other}'''
address = ""
"""


def parsed(asked: str, line: str = as_log(), other: str = as_json(srcip="")) -> tuple[list[Any], list[str]]:
    rules, problems = rulefile.parse(Path("x.toml"), FILE.format(asked=asked, line=line, other=other))
    return rules, [str(problem) for problem in [*problems, *examples.run(rules)]]


def test_a_file_of_rules_on_alerts_is_read() -> None:
    """With examples of either form."""
    rules, problems = parsed('when = { level = { at_least = 5 }, groups = "sshd" }\nunless = { user = "root" }')

    assert problems == []
    assert rules[0].looks_for() == {
        "program": ["*"],
        "address": "srcip",
        "when": {"level": {"at_least": 5}, "groups": {"any_of": ("sshd",)}},
        "unless": {"user": {"any_of": ("root",)}},
    }


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("", "ossec-x: a rule for format alert asks for fields; write when = "),
        ("pattern = 'x'", "ossec-x: a rule for format alert asks for fields"),
        ("when = { levle = 5 }", "ossec-x: alerts have no field 'levle'; did you mean 'level'?"),
        ("when = { level = 5 }\nunless = { zzz = 5 }", "alerts have no field 'zzz'; there are id, rule"),
        ("when = { level = { at_last = 5 } }", "ossec-x: when.level.at_last: unknown key; did you mean 'at_least'?"),
        ("when = { level = {} }", "when.level: asks nothing; write a word"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(asked: str, problem: str) -> None:
    """At load, before anything runs by it."""
    assert any(problem in told for told in parsed(asked)[1]), parsed(asked)[1]


def test_an_example_that_is_no_alert_is_told() -> None:
    """It would prove nothing."""
    _, problems = parsed("when = { level = 5 }", line="Nov 23 04:01:23 mx sshd[1]: x")

    assert any("an example is no entry of format alert" in told for told in problems)


HEAD = 'service = "x"\nprogram = ["x"]\n[[rule]]\nid = "a"\ntitle = "A"\npolicy = "login"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('service = "x"\nformat = "alert"\nprogram = ["x"]', "program: alerts have none; leave it out"),
        ('service = "x"\nformat = "alarm"', "format: input should be 'syslog'"),
        (
            HEAD + "pattern = 'failed for <address>'\nwhen = { level = 3 }",
            "a: lines have no fields to ask for; leave out `when`",
        ),
    ],
)
def test_rules_of_one_kind_do_not_ask_like_the_other(text: str, problem: str) -> None:
    """A file is about lines or about alerts."""
    _, problems = rulefile.parse(Path("x.toml"), text)

    assert any(problem in str(told) for told in problems), problems

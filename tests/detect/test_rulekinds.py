"""What a rule may ask beside one pattern: several, exceptions, other formats; and what its file says of it."""

from pathlib import Path
from typing import Any

import pytest

from responder.detect import examples, rulefile
from responder.detect.detector import Detector
from responder.errors import RuleError
from responder.values import Offence
from tests.detect.rules import stamps

SYSLOG = "Nov 23 13:46:37 mx app[1]: "


def parsed(text: str) -> tuple[list[Any], list[str]]:
    rules, problems = rulefile.parse(Path("x.toml"), text)
    return rules, [str(problem) for problem in problems]


def a_file(asked: str, *, head: str = 'program = ["app"]', example: str = "") -> str:
    return f"""
service  = "app"
versions = "App 1 to 3"
tags     = ["web"]
{head}
[[rule]]
id     = "app-x"
title  = "X"
policy = "login"
tags   = ["guess", "web"]
{asked}
{example}"""


def found(rules: list[Any], *lines: str, form: str = "syslog", program: str = "") -> list[Offence]:
    data = "".join(f"{line}\n" for line in lines).encode()
    return Detector(rules).find(data, stamps(), form, program)


def test_any_of_several_patterns_is_enough() -> None:
    """Each is proven and found by a literal of its own."""
    rules, problems = parsed(a_file("any_of = ['failed for .* from <address>$', 'denied: <address>: .*']"))

    assert problems == []
    lines = [SYSLOG + "failed for x from 192.0.2.7", SYSLOG + "denied: 192.0.2.8: x", SYSLOG + "other 192.0.2.9"]
    assert [str(one.address) for one in found(rules, *lines)] == ["192.0.2.7", "192.0.2.8"]
    assert rules[0].looks_for()["any_of"] == ["failed for .* from <address>$", "denied: <address>: .*"]


def test_what_is_to_be_ignored_blames_nobody() -> None:
    """The message fits a pattern of the rule, and is none all the same."""
    asked = "pattern = 'failed for .* from <address>$'\nignore = ['failed for monitor ', 'failed for .* at night from']"
    rules, problems = parsed(a_file(asked))

    assert problems == []
    lines = [f"{SYSLOG}failed for {who} from 192.0.2.7" for who in ("monitor", "monitors", "x at night", "x")]
    assert len(found(rules, *lines)) == 2


def test_a_rule_knows_its_tags_and_whose_output_its_examples_are() -> None:
    """Those of its file and its own."""
    rules, _ = parsed(a_file("pattern = 'failed for <address>'"))
    other, _ = parsed(a_file("pattern = 'failed for <address>'\nversions = 'App 4'"))

    assert (rules[0].tags, rules[0].versions) == (("web", "guess"), "App 1 to 3")
    assert other[0].versions == "App 4"


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("any_of = []", "app-x: any_of: "),
        ("any_of = ['failed for <address>', 'x <address>']", "no literal of"),
        ("any_of = ['failed for <address>', 'failed for (']", "no regular expression"),
        (
            "pattern = 'failed for <address>'\nany_of = ['failed for <address>']",
            "both pattern and any_of; put the pattern",
        ),
        ("pattern = 'failed for <address>'\nignore = ['(?:x+)+y']", "backtrack"),
        ("pattern = 'failed for <address>'\nignore = ['(']", "no regular expression"),
        ("pattern = 'failed for <address>'\naddress = 'x'", "lines have no fields to ask for; leave out"),
        ("ignore = ['x']", "app-x: pattern: field required"),
        ("pattern = 'failed for <address>'\nversions = 7", "app-x: versions"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(asked: str, problem: str) -> None:
    """At load."""
    _, problems = parsed(a_file(asked))

    assert any(problem in told for told in problems), problems


ACCESS = '192.0.2.7 - 198.51.100.1 [23/Nov/2026:13:46:37 +0000] "GET /wp-login.php HTTP/1.1" 404 162'
CADDY = '{"ts":1795434397.5,"logger":"http.log.access","request":{"remote_ip":"192.0.2.7","uri":"/x"},"status":401}'


def example(line: str, address: str) -> str:
    return f"[[rule.example]]\nline = '''{line}'''\naddress = \"{address}\"\n"


@pytest.mark.parametrize(
    ("head", "asked", "bad", "good"),
    [
        (
            'format = "plain"\nprogram = ["app"]',
            "pattern = 'failed for .* from <address>$'",
            "2026-11-23 13:46:37 failed for 198.51.100.1 from 192.0.2.7",
            "2026-11-23 13:46:37 let in x from 192.0.2.7",
        ),
        (
            'format = "access-log"\nprogram = ["nginx", "apache2"]',
            "pattern = '<address> [^\"]*\"GET /wp-login\\.php'",
            ACCESS,
            ACCESS.replace("wp-login", "index"),
        ),
        (
            'format = "json"\nprogram = ["caddy"]',
            'when = { status = [401, 403], logger = { pattern = "http.*" } }\naddress = "request.remote_ip"',
            CADDY,
            CADDY.replace("401", "200"),
        ),
    ],
)
def test_rules_for_other_formats_are_true_to_their_examples(head: str, asked: str, bad: str, good: str) -> None:
    """And look only at what the program in question wrote."""
    text = a_file(asked, head=head, example=example(bad, "192.0.2.7") + example(good, ""))
    rules, problems = parsed(text)
    form, (program, *_) = rules[0].form, rules[0].programs

    assert problems == []
    assert examples.run(rules) == []
    assert len(found(rules, bad, good, "nonsense", form=form, program=program)) == 1
    assert found(rules, bad, form=form, program="another") == []
    wrong: list[RuleError] = examples.run(parsed(text.replace(bad, "nonsense"))[0])
    assert [str(one) for one in wrong if f"an example is no entry of format {form}: 'nonsense'" in str(one)]


def test_a_message_is_judged_the_same_whichever_way_it_came() -> None:
    """A rule whose examples are of a program's own log reads the same message from syslog."""
    rules, _ = parsed(a_file("pattern = 'failed for <address>'", head='format = "plain"\nprogram = ["app"]'))

    assert len(found(rules, SYSLOG + "failed for 192.0.2.7")) == 1


@pytest.mark.parametrize(
    ("head", "asked", "problem"),
    [
        ('format = "json"\nprogram = ["x"]', "when = { a = 1 }", "app-x: address: field required; name the field"),
        ('format = "json"\nprogram = ["x"]', "pattern = 'x'\naddress = 'a'", "a rule for format json asks for fields"),
        ('format = "json"', "when = { a = 1 }\naddress = 'a'", "program: field required; name whose messages"),
        ('format = "alert"', "when = { level = 1 }\naddress = 'user'", "an alert's address is its srcip; leave out"),
    ],
)
def test_rules_on_fields_say_where_the_address_is(head: str, asked: str, problem: str) -> None:
    """For alerts that is settled."""
    _, problems = parsed(a_file(asked, head=head))

    assert any(problem in told for told in problems), problems

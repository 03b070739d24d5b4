"""A failure is blamed on the address that an earlier line of the same connection told, and on no other."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.detect import examples, rulefile
from responder.detect.detector import Detector
from responder.detect.trails import Key, Trails
from responder.values import Prefix
from tests.detect.rules import stamps

FILE = """
service = "app"
program = ["app", "app*/*"]
[[rule]]
id      = "app-gave-up"
title   = "Gave up"
policy  = "login"
{asked}
{example}
"""
BY_PID = """
key     = "pid"
from    = 'connect from <client>$'
pattern = 'gave up: .*'
until   = 'disconnect from '
"""
BY_ID = """
key     = "hex-id"
from    = '<hex-id> connected address=<address> host=.*'
pattern = '<hex-id> failed-command .*'
until   = '<hex-id> disconnected '
"""


def line(message: str, *, pid: int = 1, minute: int = 46, program: str = "app") -> str:
    return f"Nov 23 13:{minute:02d}:37 mx {program}[{pid}]: {message}"


def parsed(asked: str, example: str = "") -> tuple[list[Any], list[str]]:
    rules, problems = rulefile.parse(Path("x.toml"), FILE.format(asked=asked, example=example))
    return rules, [str(problem) for problem in problems]


def blamed(asked: str, *lines: str) -> list[str]:
    """Return whom each of *lines*, handed in one by one, blames."""
    rules, problems = parsed(asked)
    assert problems == []
    detector, trails = Detector(rules), Trails()
    return [
        str(offence.address)
        for one in lines
        for offence in detector.find(one.encode() + b"\n", stamps(), trails=trails)
    ]


def test_a_failure_is_blamed_on_who_connected() -> None:
    """By the process id, each connection its own; before it began and after it ended nobody."""
    assert blamed(
        BY_PID,
        line("gave up: early"),
        line("connect from unknown[192.0.2.7]"),
        line("connect from unknown[192.0.2.8]", pid=2),
        line("gave up: x"),
        line("gave up: x", pid=2),
        line("gave up: x", pid=3),
        line("gave up: x", program="other"),
        line("disconnect from unknown[192.0.2.7]"),
        line("gave up: late"),
        line("connect from unknown[2001:db8::7]"),
        line("gave up: x connect from unknown[198.51.100.1]"),
    ) == ["192.0.2.7", "192.0.2.8", "2001:db8::7"]


def test_an_id_joins_lines_of_many_processes() -> None:
    """Where the program gives one, and nobody else can write it there."""
    one, other = "0123456789abcdef", "fedcba9876543210"
    assert blamed(
        BY_ID,
        line(f"{one} connected address=192.0.2.7 host=x"),
        line(f"{other} connected address=192.0.2.8 host={one} connected address=198.51.100.1 host=", pid=2),
        line(f"{one} failed-command AUTH", pid=3),
        line(f"{other} failed-command {one} failed-command", pid=3),
        line(f"{one} disconnected reason=quit", pid=4),
        line(f"{one} failed-command AUTH", pid=3),
    ) == ["192.0.2.7", "192.0.2.8"]


def test_an_id_joins_lines_of_all_programs_of_one_mail_system() -> None:
    """A process id does not, nor an id of another instance."""
    told = [
        line("0123456789abcdef connected address=192.0.2.7 host=x", program="app/submission/in"),
        line("0123456789abcdef failed-command AUTH", pid=2, program="app/clean"),
        line("0123456789abcdef failed-command AUTH", pid=2, program="app2/clean"),
    ]
    assert blamed(BY_ID, *told) == ["192.0.2.7"]
    assert (
        blamed(BY_PID, line("connect from x[192.0.2.7]", program="app/in"), line("gave up: x", program="app/out")) == []
    )


def test_what_was_told_long_ago_joins_nothing() -> None:
    """Process ids are used again."""
    assert blamed(BY_PID, line("connect from unknown[192.0.2.7]", minute=1), line("gave up: x", minute=59)) == [
        "192.0.2.7"
    ]
    later = line("gave up: x").replace("13:46", "15:46")
    assert blamed(BY_PID, line("connect from unknown[192.0.2.7]"), later) == []


def test_an_offence_does_not_hide_that_a_connection_began() -> None:
    """A rule before it may know the same line."""
    rules, _ = parsed(BY_PID)
    first, _ = parsed("pattern = 'connect from <client>$'")
    lines = f"{line('connect from unknown[192.0.2.7]')}\n{line('gave up: x')}\n".encode()

    assert [offence.rule for offence in Detector([*first, *rules]).find(lines, stamps())] == ["app-gave-up"] * 2


def test_an_example_is_as_many_lines_as_it_takes() -> None:
    """And proves the rule like any other."""
    both = f"{line('connect from unknown[192.0.2.7]')}\n{line('gave up: connect from x[198.51.100.1]')}"
    alone = line("gave up: x")
    shown = f"example = [{{ line = '''{both}''', address = '192.0.2.7' }}, {{ line = '{alone}', address = '' }}]"
    rules, problems = parsed(BY_PID, shown)

    assert problems == []
    assert examples.run(rules) == []
    assert rules[0].looks_for()["from"] == "connect from <client>$"


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (BY_PID.replace("pid", "zzz"), "app-gave-up: key: 'zzz' is no key; write pid, or one of address"),
        (BY_PID.replace("<client>", "x"), "the pattern names no address"),
        (BY_PID.replace("gave up", "x"), "no literal of"),
        (
            BY_PID.replace("pattern", "any_of").replace("'gave up: .*'", "['gave up: .*']"),
            "needs key, from and pattern",
        ),
        ("key = 'pid'\npattern = 'gave up: .*'", "needs key, from and pattern"),
        (BY_ID.replace("pattern = '<hex-id> ", "pattern = '"), "the key <hex-id> does not stand there just once"),
        (BY_ID.replace("pattern = '<hex-id>", "pattern = '.*<hex-id>"), "free text stands before the key <hex-id>"),
        (BY_ID.replace("from    = '<hex-id>", "from    = '[^ ]* <hex-id>"), "free text stands before the"),
        (BY_ID.replace("until   = '<hex-id>", "until   = '(?:a|b.*)<hex-id>"), "free text stands before the key"),
        (BY_ID.replace("pattern = '<hex-id>", "pattern = '(?:<hex-id>)?"), "free text stands before the key"),
    ],
)
def test_what_could_be_tricked_is_refused(asked: str, problem: str) -> None:
    """The place of the key is proven like that of an address."""
    _, problems = parsed(asked)

    assert any(problem in told for told in problems), problems


_STEPS = st.lists(st.tuples(st.sampled_from(["begin", "end", "find"]), st.integers(0, 9)), max_size=60)


@given(_STEPS, st.integers(1, 8))
def test_the_youngest_are_known(steps: list[tuple[str, int]], most: int) -> None:
    """As many as there is room for, each as it was told last; against a model that forgets nothing."""
    trails, order = Trails(most), list[int]()
    for what, number in steps:
        key = Key(b"app", "x", str(number))
        if what == "begin":
            trails.begin(key, Prefix(number, 128), 0.0)
            order = [*(one for one in order if one != number), number][-most:]
        elif what == "end":
            trails.end(key)
            order = [one for one in order if one != number]
        else:
            assert trails.find(key, 3600.0) == (Prefix(number, 128) if number in order else None)
            assert trails.find(key, 3601.0) is None

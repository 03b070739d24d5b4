"""A file that a shell would run is read for its assignments, and never run."""

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.moving import shellvars


def values(text: str) -> dict[str, str]:
    """Return the assignments in *text*; there must be nothing else."""
    found, unread = shellvars.read(text)
    assert unread == ()
    return {one.name: one.value for one in found}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30", "30"),
        ("30 # a remark", "30"),
        ("a#b", "a#b"),
        ('"two words"', "two words"),
        ("'a \"b\" $c'", 'a "b" $c'),
        (r'"a \"b\" \$c \\ \d"', r'a "b" $c \ \d'),
        (r"a\ b\$", "a b$"),
        ("a'b c'\"d\"", "ab cd"),
        ("'two\nlines'", "two\nlines"),
        ('"one \\\nline"', "one line"),
        ("90:/var/lib/x", "90:/var/lib/x"),
        ("/var/log/*.log", "/var/log/*.log"),
        ("30\r", "30"),
        ("", ""),
    ],
)
def test_a_value_is_what_a_shell_would_make_of_it(text: str, value: str) -> None:
    assert values(f"A={text}\nB=1") == {"A": value, "B": "1"}


def test_each_assignment_knows_its_line() -> None:
    found, _ = shellvars.read("#!/bin/sh\n\n  A='1\n2'\nexport B=3; C=4 # D=5\n")

    assert [(one.name, one.line) for one in found] == [("A", 3), ("B", 5), ("C", 5)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A=$HOME", "only a shell can tell what A is"),
        ('A="$(touch /tmp/x)"', "only a shell can tell what A is"),
        ("A=`id`", "only a shell can tell what A is"),
        ("A=1 rm -rf x", "only a shell can tell what A is"),
        ("A=1|cat", "only a shell can tell what A is"),
        ("A='no end", "only a shell can tell what A is"),
        ("A = 1", "this is no assignment"),
        ("if true; then", "this is no assignment"),
        (". /etc/other", "this is no assignment"),
        ("1A=2", "this is no assignment"),
    ],
)
def test_what_only_a_shell_could_tell_is_told_and_the_rest_is_read(text: str, why: str) -> None:
    found, [unread] = shellvars.read(f"Z=0\n{text}\nB=1\n")

    assert [one.name for one in found] == ["Z", "B"]
    assert (unread.line, unread.text, unread.why) == (2, text, why)


def test_nothing_is_run(tmp_path: Path) -> None:
    shellvars.read(f"A=$(touch {tmp_path}/ran)\ntouch {tmp_path}/ran\nB=`touch {tmp_path}/ran`")

    assert not list(tmp_path.iterdir())


@given(st.text(st.sampled_from("AB=1'\"\\$`;#&| \t\n\r(){}x")) | st.text())
def test_anything_may_stand_in_a_file(text: str) -> None:
    found, unread = shellvars.read(text)

    lines = [*(one.line for one in found), *(one.line for one in unread)]
    assert all(0 < line <= text.count("\n") + 1 for line in lines)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_what_is_quoted_comes_out_as_it_went_in(texts: list[str]) -> None:
    lines = (f"A{number}={shlex.quote(text)}" for number, text in enumerate(texts))

    assert list(values("\n".join(lines)).values()) == texts

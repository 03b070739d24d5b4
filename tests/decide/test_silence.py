"""A rule that used to match and does not, though its log goes on, is told; chance alone is not."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.decide.silence import Silent, silent

TODAY = 20_000


def days(*ago: int, count: int = 5) -> dict[int, int]:
    return dict.fromkeys((TODAY - one for one in ago), count)


LINES = days(*range(30), count=1000)


def told(activity: Mapping[tuple[str, str], Mapping[int, int]]) -> list[Silent]:
    return list(silent(activity, TODAY))


def test_a_rule_that_matched_daily_is_missed_after_days() -> None:
    """Not after one, for that may happen."""
    other = {("mail", "b"): days(*range(20))}
    for quiet in range(8):
        found = told({("mail", ""): LINES, ("mail", "a"): days(*range(quiet + 1, 28)), **other})
        expected = [Silent("mail", "a", 14, 14, TODAY - quiet - 1, quiet)]
        assert found == (expected if quiet >= 3 else []), quiet


def test_the_rarer_a_rule_matched_the_longer_it_may_be_silent() -> None:
    """One that matched every other day is not missed after a week."""
    rare = {quiet: days(*range(quiet + 1, quiet + 15, 2)) for quiet in (6, 12)}
    found = {quiet: told({("mail", ""): LINES, ("mail", "a"): rare[quiet], ("mail", "b"): days(0)}) for quiet in rare}

    assert found[6] == []
    assert [one.rule for one in found[12]] == ["a"]


@pytest.mark.parametrize(
    "lines",
    [
        {},
        days(*range(5, 30), count=1000),
        {**days(*range(5, 30), count=1000), **days(*range(5), count=100)},
        {**LINES, TODAY - 2: 0},
    ],
)
def test_a_log_that_does_not_go_on_is_no_silence(lines: dict[int, int]) -> None:
    """Nothing was there to match: that the log stands still is told elsewhere."""
    assert told({("mail", ""): lines, ("mail", "a"): days(*range(5, 20))}) == []


def test_a_rule_that_is_hardly_known_is_not_missed() -> None:
    """Four days are no habit."""
    assert told({("mail", ""): LINES, ("mail", "a"): days(10, 11, 12, 13)}) == []


def test_a_whole_source_that_fell_silent_is_told_once() -> None:
    """Not rule by rule; another source is another matter."""
    activity = {
        ("mail", ""): LINES,
        ("mail", "a"): days(*range(5, 20)),
        ("mail", "b"): days(*range(6, 20)),
        ("auth", ""): LINES,
        ("auth", "a"): days(*range(20)),
    }

    assert [(one.source, one.rule, one.quiet) for one in told(activity)] == [("mail", "", 4)]


_DAYS = st.dictionaries(st.integers(TODAY - 28, TODAY), st.integers(0, 2000))


@given(st.dictionaries(st.tuples(st.sampled_from(["mail", "auth"]), st.sampled_from(["", "a", "b"])), _DAYS))
def test_whatever_was_counted_can_be_looked_at(activity: dict[tuple[str, str], dict[int, int]]) -> None:
    """Nothing raises, and who matched yesterday or today is never told."""
    for one in told(activity):
        assert one.quiet >= 1
        assert one.last < TODAY - 1
        assert one.matched >= 5

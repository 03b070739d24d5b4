"""What a log line says and an alert about it says again counts once."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.decide.sightings import Sightings
from responder.decide.tracker import Effect, Judgement
from responder.times import MINUTE
from responder.values import Offence, Prefix
from tests.decide.test_tracker import a_tracker
from tests.decide.values import NOON, a_policy, an_offence

LINE = "Nov 23 04:01:23 mx sshd[1]: Failed password for root from 192.0.2.7 port 22 ssh2"


def line(text: str = LINE, at: float = NOON) -> Offence:
    return an_offence(at=at)._replace(line=text)


def alert(text: str = LINE, at: float = NOON) -> Offence:
    return line(f"alert 1.1, rule 5716 (level 5) of x | {text}", at)._replace(rule="ossec-login-failed")


def test_an_alert_about_a_line_that_was_seen_does_not_count() -> None:
    """Nor a line of which an alert came first; a line that says the same again does."""
    tracker = a_tracker(a_policy(limit=9))
    tracker.watch_for_alerts()

    effects = [
        tracker.judge(one).effect for one in (line(), alert(), line(), line(), alert(), alert(), alert(), line())
    ]

    counted, before = Effect.COUNTED, Effect.TOLD_BEFORE
    assert effects == [counted, before, counted, counted, before, before, counted, before]


def test_alerts_about_other_lines_and_other_addresses_count() -> None:
    """Another host's log, or a line that no rule of ours knows."""
    sightings = Sightings()

    assert not sightings.repeats(line())
    assert not sightings.repeats(alert(LINE.replace("[1]", "[2]")))
    assert not sightings.repeats(alert()._replace(address=Prefix.parse("192.0.2.8")))
    assert sightings.repeats(alert())


def test_a_line_that_ossec_cut_is_known_by_its_beginning() -> None:
    """It keeps 1,256 bytes of it; an alert with earlier events below lists them on lines of their own."""
    sightings = Sightings()
    long = LINE + "x" * 2000

    assert not sightings.repeats(line(long))
    assert sightings.repeats(alert(long[:1256]))
    assert not sightings.repeats(line())
    assert sightings.repeats(alert(f"{LINE}\n{LINE}"))


@pytest.mark.parametrize(("later", "known"), [(9 * MINUTE, True), (25 * MINUTE, False)])
def test_what_is_long_ago_is_forgotten(later: float, known: bool) -> None:
    """Memory is bounded in time."""
    sightings = Sightings()
    sightings.repeats(line())
    for minute in range(int(later // MINUTE)):
        sightings.repeats(line("other", NOON + minute * MINUTE))

    assert sightings.repeats(alert(at=NOON + later)) is known


def test_memory_is_bounded_in_number() -> None:
    """However many lines there are."""
    sightings = Sightings()
    for number in range(250_000):
        sightings.repeats(line(str(number)))

    assert len(sightings._young) + len(sightings._old) <= 200_000
    assert sightings.repeats(alert("249999"))


def test_without_sources_of_alerts_nothing_is_remembered() -> None:
    """It would cost every line."""
    tracker = a_tracker(a_policy(limit=9))

    assert [tracker.judge(one).effect for one in (line(), alert())] == [Effect.COUNTED] * 2


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=30), st.integers(0, 30))
def test_as_many_count_as_the_side_that_saw_more(told: list[tuple[bool, str]], restart: int) -> None:
    """In whatever order they come, across a restart that replays what was judged."""
    tracker = a_tracker(a_policy(limit=10_000))
    tracker.watch_for_alerts()
    judged: list[Judgement] = []
    for number, (is_alert, text) in enumerate(told):
        if number == restart:
            tracker = a_tracker(a_policy(limit=10_000))
            tracker.watch_for_alerts()
            tracker.replay(judged)
        judged.append(tracker.judge(alert(text) if is_alert else line(text)))

    counted = sum(one.effect is Effect.COUNTED for one in judged)
    sides = Counter(told)
    assert counted == sum(max(sides[True, text], sides[False, text]) for text in "abc")
    assert len(tracker.windows(Prefix.parse("192.0.2.7"))[0][1] if told else ()) == counted


def test_what_nobody_counted_is_not_remembered_after_a_restart_either() -> None:
    """A line of somebody who was allowed then tells nothing of an alert now."""
    tracker = a_tracker(a_policy(limit=9))
    tracker.watch_for_alerts()
    tracker.replay([Judgement(line(), Effect.ALLOWED), Judgement(line(), Effect.NO_POLICY)])

    assert tracker.judge(alert()).effect is Effect.COUNTED

"""A Gate never lets more bans through than it should, and a Tracker keeps counting whom it keeps back."""

from hypothesis import given
from hypothesis import strategies as st

from responder.decide.gate import Gate
from responder.decide.tracker import Effect
from responder.times import MINUTE
from tests.decide.test_tracker import a_tracker
from tests.decide.values import NOON, a_policy, an_offence

_HALVES = st.integers(0, 60).map(lambda number: number / 2)  # of seconds: a float that is exact when a minute is added


@given(st.integers(1, 5), st.lists(_HALVES, max_size=40))
def test_never_more_than_so_many_in_any_minute_and_never_fewer_than_there_is_room_for(
    most: int, waits: list[float]
) -> None:
    """As a simple model counts them."""
    gate, now, made = Gate(most), NOON, list[float]()
    for wait in waits:
        now += wait
        room = sum(now - 60 < at for at in made) < most
        assert gate.admits(now) == room
        made += [now] * room

    assert gate.kept_back == len(waits) - len(made)


@given(st.lists(st.integers(-(10**6), 10**6), max_size=40))
def test_a_clock_that_jumps_shuts_nobody_up_for_long(times: list[int]) -> None:
    """A minute after it stands still there is room, wherever it went before."""
    gate = Gate(1)
    for at in times:
        gate.admits(at)
    last = times[-1] if times else 0

    assert gate.admits(last + 60)


def test_who_is_kept_back_stays_counted_and_is_banned_when_there_is_room() -> None:
    """Not sooner, and not only after he offended as often again."""
    tracker = a_tracker(a_policy(limit=2))
    tracker.gate.most = 1
    for at in (0, 1):
        tracker.judge(an_offence("192.0.2.1", NOON + at), NOON + at)
    said = [tracker.judge(an_offence("192.0.2.2", NOON + at), NOON + at).effect for at in (2, 3, 4, 62)]

    assert said == [Effect.COUNTED, Effect.KEPT_BACK, Effect.KEPT_BACK, Effect.BAN]


def test_after_a_restart_who_was_kept_back_is_still_counted() -> None:
    """His window holds what he did meanwhile, too."""
    tracker, after = a_tracker(a_policy(limit=3)), a_tracker(a_policy(limit=3))
    tracker.gate.closed = True
    times = [NOON + minute * MINUTE for minute in (0, 1, 9, 9.5)]
    judged = [tracker.judge(an_offence(at=at), at) for at in times]

    after.replay(judged)

    last = NOON + 11.5 * MINUTE  # the first two do not count any more
    assert [one.effect for one in judged[2:]] == [Effect.KEPT_BACK, Effect.KEPT_BACK]
    assert after.judge(an_offence(at=last), last).effect is Effect.BAN


def test_who_is_kept_back_takes_no_more_room_than_who_is_counted() -> None:
    """A flood while nobody may be banned fills no memory."""
    tracker = a_tracker(a_policy(limit=1), most=10)
    tracker.gate.closed = True
    for number in range(100):
        tracker.judge(an_offence(f"192.0.2.{number}"), NOON)

    assert 0 < tracker.tracked <= 10


def test_an_old_log_is_judged_without_a_gate() -> None:
    """What would have been banned is what is asked."""
    tracker = a_tracker(a_policy(limit=1))
    tracker.gate.closed = True

    assert tracker.judge(an_offence()).effect is Effect.BAN

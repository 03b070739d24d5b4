"""A window never lets more pass than its limit within any span, and frees what was used a sixtieth late at most."""

from hypothesis import given
from hypothesis import strategies as st

from responder.quota.window import SLOTS, Window, slot
from tests.quota.values import NOON

WITHIN = 60.0
SENT = st.lists(st.tuples(st.floats(0, 30), st.integers(1, 5)), max_size=60)


@given(SENT, st.integers(1, 20))
def test_never_more_than_the_limit_and_never_refused_for_longer_than_a_slot(
    sent: list[tuple[float, int]], most: int
) -> None:
    """Beside a list of all that passed, exact to the last digit."""
    window, now, passed = Window(), NOON, list[tuple[float, int]]()
    for wait, amount in sent:
        now += wait
        at = slot(now, WITHIN)
        if window.used(at) + amount <= most:
            window.add(at, amount)
            passed.append((now, amount))
            assert sum(some for when, some in passed if when > now - WITHIN) <= most
        else:
            assert amount + sum(some for when, some in passed if when >= now - WITHIN - WITHIN / SLOTS - 1e-3) > most


@given(SENT, st.integers(1, 5))
def test_room_is_there_when_it_was_promised_and_not_before(sent: list[tuple[float, int]], amount: int) -> None:
    window, now, most = Window(), NOON, 10
    for wait, some in sent:
        now += wait
        at = slot(now, WITHIN)
        if window.used(at) + some <= most:
            window.add(at, some)
        elif some <= most:
            free = window.frees(at, window.used(at) + some - most)
            later = Window()
            later.set(window.marks, at)
            assert later.used(free - 1) + some > most
            assert later.used(free) + some <= most


@given(SENT)
def test_bounded_whatever_is_sent(sent: list[tuple[float, int]]) -> None:
    window, now = Window(), NOON
    for wait, amount in sent * 3:
        now += wait
        window.used(slot(now, WITHIN))
        window.add(slot(now, WITHIN), amount)
        assert len(window.marks) <= 2 * (SLOTS + 1)
        assert window.total == sum(window.marks[1::2])


@given(SENT)
def test_what_is_taken_back_was_never_used(sent: list[tuple[float, int]]) -> None:
    one, other, now = Window(), Window(), NOON
    for wait, amount in sent:
        now += wait
        at = slot(now, WITHIN)
        for window in (one, other):
            window.used(at)
            window.add(at, amount)
        one.take_back(one.add(at, 7), 7)
        assert one.used(at) == other.used(at)


def test_a_slot_that_goes_back_counts_in_the_newest() -> None:
    """It does not count for less long than what came just before it."""
    window = Window()
    window.add(100, 1)
    window.add(97, 1)

    assert window.marks == [100, 2]
    assert window.used(160) == 2
    assert window.used(161) == 0


def test_marks_from_a_clock_far_ahead_are_forgotten() -> None:
    """What lies a whole span in the future was never sent."""
    window = Window()
    window.add(1000, 5)

    assert window.used(100) == 0


@given(SENT)
def test_marks_stored_and_taken_again_count_the_same(sent: list[tuple[float, int]]) -> None:
    """As ours after a restart, and as another host's."""
    window, now = Window(), NOON
    for wait, amount in sent:
        now += wait
        window.used(slot(now, WITHIN))
        window.add(slot(now, WITHIN), amount)
    at = slot(now, WITHIN)
    again = Window()
    again.set(window.marks, at)
    again.set(window.marks, at, "mx2")
    again.set(window.marks, at, "mx2")

    assert again.used(at) == 2 * window.used(at)
    assert again.used(at + 30) == 2 * window.used(at + 30)


def test_what_another_clock_counted_ahead_of_ours_counts_as_now() -> None:
    """A host whose clock is fast keeps nobody waiting for longer than a span."""
    window = Window()
    window.set([105, 3], 100, "mx2")

    assert window.used(100) == 3
    assert window.used(161) == 0

"""What was stopped is counted on when the kernel begins again, and the time is that of the look that saw it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.enforce.backend import Held
from responder.enforce.dryrun import DryRun
from responder.enforce.knocks import Knocks, Stopped
from tests.enforce.targets import at

SEVEN = at("192.0.2.7")


def look(knocks: Knocks, packets: int, when: float) -> Stopped:
    knocks.observe({SEVEN: Held(9e9, packets, 40 * packets)}, when)
    return knocks.stopped(SEVEN)


@given(st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=5).map(sorted), min_size=1, max_size=5))
def test_counts_go_on_whenever_the_kernel_begins_again(runs: list[list[int]]) -> None:
    """Each run of growing counts ends with a loss of the counters; none of what was seen is lost."""
    knocks, when, total, before = Knocks(0.0), 0.0, 0, 0
    for run in runs:
        for packets in run:
            when += 1
            stopped = look(knocks, packets, when)
            if packets < before:
                total += before
            before = packets
            assert (stopped.packets, stopped.octets) == (total + packets, 40 * (total + packets))


def test_the_time_is_that_of_the_look_at_which_the_count_had_grown() -> None:
    """Silence does not move it."""
    knocks = Knocks(0.0)
    assert look(knocks, 0, 10).last == 0.0
    assert look(knocks, 3, 20).last == 20
    assert look(knocks, 3, 30).last == 20
    assert look(knocks, 4, 40).last == 40
    assert look(knocks, 1, 50).last == 50, "it began again, and counted since"
    assert look(knocks, 0, 60).last == 50, "it began again, and counted nothing"


def test_what_was_counted_before_we_came_has_no_time() -> None:
    """It may be of yesterday."""
    knocks = Knocks(0.0)

    assert look(knocks, 5, 10) == Stopped(5, 200, 0.0)


def test_what_is_not_held_any_more_is_forgotten() -> None:
    """The memory is that of the bans in force."""
    backend = DryRun()
    knocks = Knocks(0.0)
    backend.apply({SEVEN: 100.0}, 0.0)
    knocks.look(backend, 1.0)
    assert knocks.due > 1.0
    backend.apply({SEVEN: None}, 2.0)

    assert knocks.look(backend, 3.0) == {}
    assert look(knocks, 5, 4.0).last == 0.0


def test_a_sync_keeps_the_counts_of_what_is_still_wanted() -> None:
    """And what had counted before anybody looked still has no time."""
    knocks, eight = Knocks(0.0), at("192.0.2.8")
    look(knocks, 3, 10)
    look(knocks, 4, 20)

    knocks.settle([SEVEN, eight])

    assert knocks.stopped(SEVEN) == Stopped(4, 160, 20)
    knocks.observe({eight: Held(9e9, 2, 80)}, 30)
    assert knocks.stopped(eight) == Stopped(2, 80, 0.0)
    knocks.settle([eight])
    assert knocks.stopped(SEVEN) == Stopped(0, 0, 0.0)


def test_what_a_new_ban_stopped_by_the_first_look_is_new() -> None:
    """We were there when it began; one that is extended is not begun again."""
    knocks = Knocks(0.0)
    knocks.begin({SEVEN: 9e9}, 0.0)

    assert look(knocks, 5, 4.0).last == 4.0
    knocks.begin({SEVEN: 9.5e9}, 5.0)
    assert look(knocks, 5, 9.0) == Stopped(5, 200, 4.0)


@pytest.mark.parametrize("lifted", [True, False], ids=["lifted", "ended"])
def test_a_ban_after_one_that_is_over_counts_from_nothing(lifted: bool) -> None:
    """What the earlier one stopped is not told of the later one, however soon it follows."""
    knocks = Knocks(0.0)
    knocks.begin({SEVEN: 20.0}, 0.0)
    knocks.observe({SEVEN: Held(20.0, 7, 280)}, 10.0)
    if lifted:
        knocks.begin({SEVEN: None}, 12.0)

    knocks.begin({SEVEN: 99.0}, 13.0 if lifted else 21.0)

    assert look(knocks, 2, 30.0) == Stopped(2, 80, 30.0)

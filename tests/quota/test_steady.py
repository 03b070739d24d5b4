"""The clock of windows goes on when the time of day is set, and comes to agree with it slowly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.quota.steady import Steady
from tests.quota.values import NOON

HOUR, DAY = 3600.0, 86400.0


@pytest.mark.parametrize("step", [-HOUR, -5.0, 5.0, HOUR])
def test_a_step_of_the_time_of_day_does_not_move_it(step: float) -> None:
    """A minute later it is a minute later, a second more or less."""
    clock = Steady(NOON, 100.0)

    assert clock.tell(NOON + step + 60, 160.0) == pytest.approx(NOON + 60, abs=1.01)


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_it_comes_to_agree(step: float) -> None:
    clock = Steady(NOON, 0.0)
    for minute in range(1, 61 * 60):
        clock.tell(NOON + step + minute * 60, minute * 60.0)

    assert clock.now == NOON + step + 3659 * 60


@pytest.mark.parametrize("step", [-400 * DAY, 400 * DAY])
def test_a_clock_that_was_wrong_is_set(step: float) -> None:
    """A machine without a battery begins in 1970."""
    clock = Steady(NOON, 0.0)

    assert clock.tell(NOON + step, 1.0) == NOON + step


def test_a_suspended_machine_has_slept() -> None:
    """Time since boot goes on meanwhile, and so does this clock."""
    clock = Steady(NOON, 0.0)

    assert clock.tell(NOON + 8 * HOUR, 8 * HOUR) == NOON + 8 * HOUR


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-DAY / 4, DAY / 4)), max_size=50))
def test_it_never_goes_back(steps: list[tuple[float, float]]) -> None:
    """However the time of day is turned, within a day."""
    clock, boot, before = Steady(NOON, 0.0), 0.0, NOON
    for passed, turned in steps:
        boot += passed
        now = clock.tell(NOON + boot + turned, boot)
        assert before + passed * 59 / 60 - 1e-6 <= now <= before + passed * 61 / 60 + 1e-6
        before = now

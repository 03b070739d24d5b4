"""A Window holds the hits that count, and no more of them than the policy's limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.decide.window import EMPTY, full, hit
from responder.times import MINUTE
from tests.decide.values import NOON, a_policy


def test_a_hit_one_span_old_still_counts() -> None:
    """The edge of the window belongs to the window."""
    policy = a_policy(limit=2, within=MINUTE)

    window = hit((NOON,), NOON + MINUTE, 1, policy)

    assert window == (NOON, NOON + MINUTE)
    assert full(window, policy)


def test_a_hit_more_than_one_span_old_is_gone() -> None:
    """By however little."""
    policy = a_policy(limit=2, within=MINUTE)

    window = hit((NOON,), NOON + MINUTE + 0.001, 1, policy)

    assert window == (NOON + MINUTE + 0.001,)
    assert not full(window, policy)


def test_lines_may_arrive_out_of_order() -> None:
    """Two processes write one log."""
    policy = a_policy(limit=3, within=MINUTE)
    window = EMPTY
    for at in (NOON + 30, NOON, NOON + 60):
        window = hit(window, at, 1, policy)

    assert window == (NOON, NOON + 30, NOON + 60)
    assert full(window, policy)


def test_a_line_more_than_one_span_late_is_lost() -> None:
    """It falls out of the window as it comes."""
    assert hit((NOON,), NOON - MINUTE - 1, 1, a_policy(within=MINUTE)) == (NOON,)


@pytest.mark.parametrize(("weight", "hits"), [(1, 1), (2, 2), (3, 3), (1000, 3)])
def test_a_hit_stands_there_as_often_as_it_weighs(weight: int, hits: int) -> None:
    """And never more often than the limit, so an attacker cannot make it grow."""
    policy = a_policy(limit=3)

    window = hit(EMPTY, NOON, weight, policy)

    assert window == (NOON,) * hits
    assert full(window, policy) == (weight >= 3)


MOMENTS = st.integers(0, 12).map(lambda number: 5.0 * number)  # so few that edges are met
HITS = st.lists(st.tuples(MOMENTS, st.integers(1, 4)), min_size=1, max_size=20)


@given(HITS, st.integers(1, 8), st.sampled_from([5.0, 15.0, 40.0]))
def test_a_window_is_what_counting_everything_would_give(
    hits: list[tuple[float, int]], limit: int, within: float
) -> None:
    """The latest hits inside the span that ends with the latest of all; late lines and weights included."""
    policy = a_policy(limit=limit, within=within)
    window, everything = EMPTY, list[float]()

    for at, weight in hits:
        window = hit(window, at, weight, policy)
        everything = sorted([*everything, *[at] * weight])
        inside = [moment for moment in everything if moment >= everything[-1] - within]

        assert list(window) == inside[-limit:]
        assert full(window, policy) == (len(inside) >= limit)

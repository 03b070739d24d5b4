"""Enough reporters on enough days: as trying every pairing would find it."""

from itertools import combinations, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.blacklist.quorum import Quorum

_PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=14)


def enough(pairs: list[tuple[int, int]], need: int) -> bool:
    """Tell the same by trying everything."""
    there = set(pairs)
    reporters, days = {who for who, _ in there}, {day for _, day in there}
    return any(
        all((who, day) in there for who, day in zip(chosen, order, strict=True))
        for chosen in combinations(reporters, need)
        for order in permutations(days, need)
    )


@given(_PAIRS, st.integers(1, 4))
@settings(max_examples=300)
def test_the_answer_is_that_of_trying_every_pairing(pairs: list[tuple[int, int]], need: int) -> None:
    """After every single report, and in any order."""
    quorum = Quorum(need)
    answers = [quorum.add(*pair) for pair in pairs]

    assert answers == [enough(pairs[: count + 1], need) for count in range(len(pairs))]


def test_two_busy_reporters_and_their_echo_are_not_three() -> None:
    quorum = Quorum(3)
    for day in range(100):
        quorum.add(1, day)
        quorum.add(2, 5)
        quorum.add(3, 5)
    assert not quorum.met

    assert quorum.add(3, 6)

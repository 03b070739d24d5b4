"""The outbox: in order, each number once, as long as it has to be."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder.errors import StoreError
from responder.store.outbox import Outgoing
from responder.store.state import Batch, StateStore
from responder.values import Ban, Prefix, Scope

_HE = Prefix.parse("45.10.0.7")


def outgoing(number: int) -> Outgoing:
    return Outgoing(Prefix.parse(f"45.10.{number >> 8}.{number & 255}"), float(number), "login", f"line {number}")


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    return StateStore(tmp_path / "state.db")


@given(st.lists(st.one_of(st.integers(0, 7).map(lambda n: ("put", n)), st.integers(0, 7).map(lambda n: ("send", n)))))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_goes_in_comes_out_once_and_in_order(store: StateStore, steps: list[tuple[str, int]]) -> None:
    """However puts, hand-outs and removals follow each other."""
    for number, _ in store.outbox.next(1_000_000):
        store.outbox.remove(number)
    put: list[Outgoing] = []
    came: list[Outgoing] = []
    numbers: list[int] = []
    for step, count in [*steps, ("send", 1_000)]:
        if step == "put":
            new = [outgoing(len(put) + number) for number in range(count)]
            store.commit(Batch(outgoing=new), 1.0)
            put += new
        elif rows := store.outbox.next(count):
            assert store.outbox.next(count) == rows  # handed out again until it is removed
            numbers += [number for number, _ in rows]
            came += [one for _, one in rows]
            store.outbox.remove(rows[-1][0])
        assert store.outbox.waiting() == len(put) - len(came)

    assert came == put
    assert numbers == sorted(set(numbers))


def test_a_number_is_never_given_again(store: StateStore, tmp_path: Path) -> None:
    """Not even after all were removed and the store was opened anew: it is what reports are known by."""
    store.commit(Batch(outgoing=[outgoing(1), outgoing(2)]), 1.0)
    store.outbox.remove(2)
    store.close()

    again = StateStore(tmp_path / "state.db")
    again.commit(Batch(outgoing=[outgoing(3)]), 2.0)

    assert [number for number, _ in again.outbox.next(9)] == [3]


def test_a_report_is_there_when_its_ban_is_and_else_not(store: StateStore) -> None:
    """One transaction: what fails in the middle leaves neither."""
    ban = Ban(_HE, Scope(), "login", "r", 1.0, 2.0, 1, "x")
    broken = Outgoing(_HE, 1.0, "login", None)  # type: ignore[arg-type]

    with pytest.raises((StoreError, TypeError)):
        store.commit(Batch(changes=[ban], outgoing=[broken]), 1.0)
    assert (store.recent_bans(0.0), store.outbox.waiting()) == ([], 0)

    store.commit(Batch(changes=[ban], outgoing=[outgoing(1)]), 1.0)
    assert (len(store.recent_bans(0.0)), store.outbox.waiting()) == (1, 1)


def test_too_many_are_dropped_from_the_oldest(store: StateStore) -> None:
    store.commit(Batch(outgoing=[outgoing(number) for number in range(10)]), 1.0)

    assert store.outbox.drop(4) == 6
    assert store.outbox.drop(4) == 0
    assert [one.evidence for _, one in store.outbox.next(9)] == ["line 6", "line 7", "line 8", "line 9"]


def test_long_lines_are_cut(store: StateStore) -> None:
    store.commit(Batch(outgoing=[outgoing(1)._replace(evidence="x" * 9_000)]), 1.0)

    [(_, one)] = store.outbox.next(1)
    assert len(one.evidence) == 2_000

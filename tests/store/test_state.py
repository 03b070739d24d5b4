"""What the state store was given is what it gives back."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.decide.tracker import Judgement
from responder.errors import StoreError
from responder.store.state import Batch, Handled, Lift, Maker, PastBan, StateStore
from responder.values import Ban, Position, Prefix
from tests.store import strategies as some
from tests.store.strategies import NOON

EVERYWHERE = (Prefix.parse("0.0.0.0/0"), Prefix.parse("2001:db8::/32"))


@cache
def empty() -> bytes:
    """Return an empty database, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        StateStore(path).close()
        return path.read_bytes()


@contextmanager
def fresh() -> Iterator[StateStore]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        path.write_bytes(empty())
        store = StateStore(path)
        yield store
        store.close()


def reopened(store: StateStore) -> StateStore:
    store.close()
    return StateStore(store.path)


def kept(judgement: Judgement) -> Judgement:
    """Return *judgement* as the store remembers it: the ban stands in a table of its own."""
    return judgement._replace(ban=None)


@given(st.lists(some.judgements, max_size=8), st.lists(some.bans, max_size=4), some.positions)
@settings(max_examples=60, deadline=None)
def test_what_was_committed_comes_back_exactly(
    judgements: list[Judgement], bans: list[Ban], positions: dict[str, tuple[Position, ...]]
) -> None:
    """Every field of every value survives a restart: offences, bans, positions, file names that are no text."""
    with fresh() as first:
        first.commit(some.batch(judgements, bans, positions=positions), NOON)
        store = reopened(first)

        made = [judgement.ban for judgement in judgements if judgement.ban] + bans
        assert [*store.recent_judgements(1e9)] == [kept(judgement) for judgement in judgements]
        assert [past for past in store.recent_bans(0.0) if past.ended is None] == [
            PastBan(ban, None, None) for ban in made
        ]
        assert {source: set(files) for source, files in store.positions().items()} == {
            source: set(files) for source, files in positions.items() if files
        }
        store.close()


@given(some.names, some.names)
@settings(max_examples=30, deadline=None)
def test_the_names_last_kept_come_back(earlier: some.Names, later: some.Names) -> None:
    """What host names resolved to survives a restart, and only the last answer counts."""
    with fresh() as first:
        first.keep_names(earlier)
        first.keep_names(later)
        store = reopened(first)

        assert {name: set(found) for name, found in store.names().items()} == {
            name: set(found) for name, found in later.items()
        }
        store.close()


@given(st.lists(some.changes, min_size=1, max_size=12), st.data())
@settings(max_examples=60, deadline=None)
def test_a_lift_ends_the_bans_of_its_prefix_made_before_and_no_other(
    changes: list[Ban | Lift], data: st.DataObject
) -> None:
    """Only bans of exactly that prefix, or of one maker, not ended yet, are marked by the first lift behind."""
    prefixes = st.sampled_from([change.prefix for change in changes])
    makers = st.sampled_from([None, *(Maker(one.policy, one.rule) for one in changes if isinstance(one, Ban))])
    changes = [
        one._replace(prefix=data.draw(prefixes), only=data.draw(makers)) if isinstance(one, Lift) else one
        for one in changes
    ]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(changes)))) | {0, len(changes)})
    with fresh() as store:
        for begin, end in pairwise(cuts):
            store.commit(Batch(changes=changes[begin:end]), NOON)

        expected = []
        for at, ban in enumerate(changes):
            if isinstance(ban, Ban):
                lifts = (one for one in changes[at:] if isinstance(one, Lift) and one.prefix == ban.prefix)
                ends = (one for one in lifts if one.only in (None, Maker(ban.policy, ban.rule)))
                first = next((lift for lift in ends if ban.expires > lift.at), None)
                found = PastBan(ban, first.at, first.by, alone=first.only is not None) if first else None
                expected.append(found or PastBan(ban, None, None))
        assert store.recent_bans(0.0) == expected


@given(some.positions, some.positions)
@settings(max_examples=30, deadline=None)
def test_positions_replace_those_of_their_source_and_no_others(
    earlier: dict[str, tuple[Position, ...]], later: dict[str, tuple[Position, ...]]
) -> None:
    """A source that a batch does not speak of keeps where it was."""
    with fresh() as store:
        store.commit(Batch(positions=earlier), NOON)
        store.commit(Batch(positions=later), NOON)

        expected = {source: set(files) for source, files in (earlier | later).items() if files}
        assert {source: set(files) for source, files in store.positions().items()} == expected


def test_a_line_of_any_length_is_kept_to_two_thousand_characters(tmp_path: Path) -> None:
    """Evidence is bounded, so an attacker's long line does not fill the disk."""
    store = StateStore(tmp_path / "state.db")
    judgement = some.judgement("192.0.2.7", line="x" * 100_000)

    store.commit(Batch([judgement]), NOON)

    assert [len(found.offence.line) for found in store.recent_judgements(1e9)] == [2000]
    store.close()


@pytest.mark.parametrize("span", [60.0, 600.0])
@pytest.mark.parametrize("lag", [0.0, 7200.0])
def test_a_restart_gets_the_offences_that_windows_reach_back_to(tmp_path: Path, span: float, lag: float) -> None:
    """After a backlog that was two hours late, windows still need what is two hours and a span old."""
    store = StateStore(tmp_path / "state.db")
    ages = [lag + span + 1, lag + span, lag + span - 1, lag, 0.0]
    aged = [some.judgement("192.0.2.7", time=NOON - age) for age in ages]

    store.commit(Batch(aged, lag=lag), NOON)

    assert [*store.recent_judgements(span)] == aged[1:]
    store.close()


def test_offences_come_back_in_the_order_in_which_they_were_judged(tmp_path: Path) -> None:
    """Lines out of order are replayed as they were judged, or windows would come out otherwise."""
    store = StateStore(tmp_path / "state.db")
    judged = [some.judgement("192.0.2.7", time=NOON - age) for age in (5, 50, 1, 20)]

    store.commit(Batch(judged), NOON)

    assert [*store.recent_judgements(600.0)] == judged
    store.close()


def test_an_empty_store_has_nothing_to_tell(tmp_path: Path) -> None:
    """A first start is no special case for whoever asks."""
    store = StateStore(tmp_path / "state.db")

    assert [*store.recent_judgements(1e9)] == []
    assert store.recent_bans(0.0) == []
    assert store.positions() == {}
    assert store.names() == {}
    assert [store.offences_of(one, 9) for one in EVERYWHERE] == [[], []]
    store.close()


def test_a_batch_that_cannot_be_stored_leaves_no_part_of_it(tmp_path: Path) -> None:
    """What SQLite refuses in the last row undoes the first."""
    store = StateStore(tmp_path / "state.db")
    good, bad = some.judgement("192.0.2.7"), some.judgement("192.0.2.8", time=float("nan"))

    with pytest.raises(StoreError, match=r"state\.db"):
        store.commit(Batch([good, bad]), NOON)

    assert [*store.recent_judgements(1e9)] == []
    store.commit(Batch([good]), NOON)
    assert [*store.recent_judgements(1e9)] == [good]
    store.close()


def test_a_durable_commit_is_one_too(tmp_path: Path) -> None:
    """An administrator's command waits for the disk, and reads back like any other."""
    store = StateStore(tmp_path / "state.db")
    judgement = some.judgement("192.0.2.7")

    store.commit(Batch([judgement]), NOON, durable=True)

    assert [*store.recent_judgements(1e9)] == [judgement]
    store.close()


@given(st.lists(some.responses, max_size=10, unique_by=lambda one: one.token), some.tokens)
@settings(max_examples=30, deadline=None)
def test_responses_that_were_carried_out_are_known_until_they_are_forgotten(made: list[Handled], since: str) -> None:
    """In the order of their tokens, across a restart."""
    with fresh() as first:
        first.commit(Batch(responses=made), NOON)
        store = reopened(first)

        assert store.responses(since) == sorted(one for one in made if one.token >= since)
        store.forget_responses(since)
        assert store.responses("") == sorted(one for one in made if one.token >= since)
        store.close()


_COUNTS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.sampled_from(["mail", "auth"]), st.sampled_from(["", "a", "b"])), st.integers(1, 9)
)


@given(st.lists(_COUNTS, max_size=4), st.integers(0, 6))
@settings(max_examples=30, deadline=None)
def test_counts_of_a_day_add_up_until_they_are_forgotten(
    batches: list[dict[tuple[int, str, str], int]], day: int
) -> None:
    """Whichever batches they came in, across a restart."""
    with fresh() as first:
        for counts in batches:
            first.commit(Batch(activity=Counter(counts)), NOON)
        store = reopened(first)
        total = sum((Counter(counts) for counts in batches), Counter())

        store.forget_activity(day)

        expected: dict[tuple[str, str], dict[int, int]] = {}
        for (of_day, source, rule), count in total.items():
            if of_day >= day:
                expected.setdefault((source, rule), {})[of_day] = count
        assert store.activity() == expected
        store.close()

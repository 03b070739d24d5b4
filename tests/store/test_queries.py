"""Questions about an address are answered as reading every row would answer them, and by an index."""

import re
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.decide.tracker import Judgement
from responder.store.outbox import Outgoing
from responder.store.state import Batch, Lift, StateStore
from responder.values import Ban, Position, Prefix
from tests.store import strategies as some
from tests.store.strategies import NOON
from tests.store.test_state import empty


@given(st.lists(some.judgements, max_size=25), some.prefixes, st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_offences_of_a_network_are_the_latest_inside_it(judgements: list[Judgement], asked: Prefix, most: int) -> None:
    """As many as asked for, the latest by the log's time, oldest first; none from outside."""
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder))
        store.commit(Batch(judgements), NOON)

        inside = [one._replace(ban=None) for one in judgements if asked.covers(one.offence.address)]
        assert store.offences_of(asked, most) == sorted(inside, key=lambda one: one.offence.time)[-most:]
        store.close()


@given(st.lists(some.bans, max_size=25), some.prefixes, st.integers(1, 10))
@settings(max_examples=100, deadline=None)
def test_bans_of_a_network_are_the_latest_around_and_inside_it(bans: list[Ban], asked: Prefix, most: int) -> None:
    """Bans of networks that hold it count as much as bans inside it, however many neighbours were banned since."""
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder))
        store.commit(Batch(changes=[*bans]), NOON)

        related = [ban for ban in bans if ban.prefix.covers(asked) or asked.covers(ban.prefix)]
        assert [past.ban for past in store.bans_of(asked, most)] == related[-most:]
        store.close()


def test_a_ban_of_the_network_is_not_hidden_by_later_ones_of_its_first_address(tmp_path: Path) -> None:
    """10.0.0.0/8 and 10.0.0.0 begin alike, but only one of them holds 10.1.2.3."""
    store = opened(tmp_path)
    network = some.a_ban("10.0.0.0/8")
    store.commit(Batch(changes=[network, *[some.a_ban("10.0.0.0", NOON + n) for n in range(9)]]), NOON)

    assert [past.ban for past in store.bans_of(Prefix.parse("10.1.2.3"), 5)] == [network]
    store.close()


_MENTIONED = re.compile(r"\b(offences|bans|positions|outbox)\b")
_FULL = re.compile(r"SCAN (offences|bans|positions|outbox)\b(?!.* USING (COVERING )?INDEX)")


def test_every_statement_runs_on_an_index(tmp_path: Path) -> None:
    """A million rows make no question slow: SQLite's own plans walk through no table."""
    store = opened(tmp_path)
    said: list[tuple[str, object]] = []
    sa.event.listen(
        store._connection.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, parameters, _context, many: said.append(
            (statement, parameters[0] if many else parameters)
        ),
    )
    address = Prefix.parse("2001:db8::7")
    position = Position("/var/log/mail.log", 1, 2, 3, b"", b"")

    store.commit(Batch([some.judgement("192.0.2.7")], outgoing=[Outgoing(address, NOON, "", "")], lag=1.0), NOON)
    store.outbox.next(500)
    store.outbox.waiting()
    store.outbox.remove(0)
    store.outbox.drop(1000)
    store.commit(
        Batch(
            [some.judgement("192.0.2.7")],
            [some.a_ban("192.0.2.7"), Lift(address, NOON, "test")],
            {"/var/log/mail.log": (position,)},
        ),
        NOON,
    )
    store.positions()
    store.recent_bans(NOON)
    [*store.recent_judgements(600.0)]
    store.offences_of(address, 5)
    store.bans_of(address, 5)
    store.prune(NOON, 1000, NOON)

    raw = store._connection.connection.driver_connection
    assert raw
    asked = [(words, values) for words, values in said if words.split()[0] in ("SELECT", "DELETE", "UPDATE")]
    assert len(asked) > 10
    for words, values in asked:
        plan = " | ".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {words}", values))
        # All positions are read at the start: there are as many as logs.
        if _MENTIONED.search(words) and not words.startswith("SELECT positions"):
            assert not _FULL.search(plan), f"{words}\n{plan}"
    store.close()


@given(
    st.lists(some.judgements, max_size=20), st.lists(some.bans, max_size=10), some.times, some.times, st.integers(1, 30)
)
@settings(max_examples=60, deadline=None)
def test_pruning_ends_at_its_limits_and_takes_nothing_else(
    judgements: list[Judgement], bans: list[Ban], offences_before: float, bans_before: float, most: int
) -> None:
    """What is old goes, then what is more than *most* numbers before the newest; the rest stays."""
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder))
        store.commit(some.batch(judgements, bans), NOON)
        made = [judgement.ban for judgement in judgements if judgement.ban] + bans

        gone = 0
        while more := store.prune(offences_before, most, bans_before):
            gone += more

        young = [(n, one._replace(ban=None)) for n, one in enumerate(judgements) if one.offence.time >= offences_before]
        newest = [one for n, one in young if n > young[-1][0] - most]
        lasting = [ban for ban in made if ban.expires >= bans_before]
        assert [*store.recent_judgements(1e9)] == newest
        assert [past.ban for past in store.recent_bans(0.0)] == lasting
        assert gone == len(judgements) - len(newest) + len(made) - len(lasting)
        store.close()


@pytest.mark.parametrize("surplus", [4_000, 12_000])
def test_pruning_goes_in_steps_until_the_number_is_kept(tmp_path: Path, surplus: int) -> None:
    """A step holds the loop up for a moment only; the steps come to an end at the limit."""
    store = opened(tmp_path)
    store.commit(Batch([some.judgement("192.0.2.7", time=NOON + n) for n in range(surplus + 1000)]), NOON)

    steps = []
    while gone := store.prune(0.0, 1000, 0.0):
        steps.append(gone)

    assert sum(steps) == surplus
    assert max(steps) <= 5000
    assert [one.offence.time for one in store.recent_judgements(1e9)] == [NOON + surplus + n for n in range(1000)]
    store.close()


def opened(folder: Path) -> StateStore:
    path = folder / "state.db"
    path.write_bytes(empty())
    return StateStore(path)

"""What was counted is there after a restart, on other hosts, and no longer than it counts."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from responder import databases
from responder.errors import StoreError
from responder.limits import Allowance
from responder.quota import counters, decided, schema
from responder.quota.counters import Batch, Counters, SupersededError, encode
from responder.quota.standing import Suspension
from tests.quota.values import NOON

STATE = [["messages", 60.0, [1, 2]]]
LATER = NOON + 60


@pytest.fixture
def mx1(database_url: str) -> Iterator[Counters]:
    made = Counters.open(database_url, "mx1", 1000)
    yield made
    made.close()


@pytest.fixture
def mx2(database_url: str, mx1: Counters) -> Iterator[Counters]:
    made = Counters.open(database_url, "mx2", 1000)
    yield made
    made.close()


def batch(*keys: str, ends: float = LATER, state: list[list[object]] | None = None) -> Batch:
    return Batch([encode("q", key, state or STATE, ends) for key in keys])


def test_what_is_written_is_read_by_the_next(database_url: str, mx1: Counters) -> None:
    """Any name that can be a key, and no row that counts no more."""
    strange = ["a", "it's", '"q" \\x00 \\u1234', "ü@x", "x" * 254]
    mx1.exchange(batch(*strange), 0)
    mx1.exchange(batch("old", ends=NOON - 1), 0)

    again = Counters.open(database_url, "mx1", 1000)

    assert sorted(row.key for row in again.rows(NOON)) == sorted(strange)
    assert {(row.quota, row.host, str(row.state)) for row in again.rows(NOON)} == {("q", "mx1", str(STATE))}
    again.close()


def test_to_write_twice_is_to_write_once(mx1: Counters) -> None:
    """So that a writing of which nobody knows whether it was done is simply done again."""
    for _ in range(3):
        mx1.exchange(batch("a"), 0)

    assert [row.state for row in mx1.rows(NOON)] == [STATE]


def test_who_was_replaced_writes_no_more(database_url: str, mx1: Counters) -> None:
    """Two that count for one host would overwrite each other."""
    successor = Counters.open(database_url, "mx1", 1000)
    with pytest.raises(SupersededError):
        mx1.exchange(batch("a"), 0)
    successor.exchange(batch("b"), 0)

    assert [row.key for row in successor.rows(NOON)] == ["b"]
    successor.close()


@pytest.mark.parametrize("lost", [{"token": "an earlier process"}, None])
def test_a_database_that_lost_our_beginning_is_taken_over_again(database_url: str, lost: dict[str, str] | None) -> None:
    """As a copy of a server may that takes its place; who was replaced for good is still told from it."""
    hosts = schema.hosts
    first = Counters.open(database_url, "mx1", 1000)
    first._token = "an earlier process"
    first._take_over()
    second = Counters.open(database_url, "mx1", 1000)
    with databases.transaction(second._engine) as connection:
        mine = hosts.c.host == "mx1"
        connection.execute(sa.update(hosts).where(mine).values(lost) if lost else sa.delete(hosts).where(mine))
    second.exchange(batch("a"), 0)

    with pytest.raises(SupersededError):
        first.exchange(batch("b"), 0)
    assert [row.key for row in second.rows(NOON)] == ["a"]
    for one in (first, second):
        one.close()


def test_hosts_see_what_is_new_of_each_other(mx1: Counters, mx2: Counters) -> None:
    """Once, and whole; in SQLite there is one host, which reads its file once."""
    mx1.rows(NOON)
    mx2.exchange(batch("a", "b"), 0)
    mx2.exchange(batch("a"), 0)
    news = mx1.exchange(Batch(), 0)

    assert sorted(row.key for row in news.rows) == (["a", "b"] if mx1.shared else [])
    assert mx1.exchange(batch("c"), 0).rows == []
    mx2.exchange(batch("b"), 0)
    assert [row.key for row in mx1.exchange(Batch(), 0).rows] == (["b"] if mx1.shared else [])


def test_what_another_name_of_this_host_counted_still_counts(mx1: Counters, mx2: Counters) -> None:
    """After a change of its name, or before others' news."""
    mx1.exchange(batch("a"), 0)

    assert [(row.key, row.host) for row in mx2.rows(NOON)] == [("a", "mx1")]


def test_what_ended_is_pruned(mx1: Counters, database_url: str) -> None:
    mx1.exchange(batch("a", "b", ends=NOON), 0)
    mx1.exchange(Batch((), [Suspension("", "x", NOON, NOON, "", "me"), Suspension("", "y", NOON, None, "", "me")]), 0)
    mx1.exchange(batch("c"), 0)

    assert mx1.prune(NOON + 1) == 2
    assert [row.key for row in mx1.rows(0)] == ["c"]
    standing = mx1.exchange(Batch(), 0).standing
    assert standing
    assert list(standing.suspended) == [("", "y")]


def test_changes_by_hand_are_news_until_they_are_known(mx1: Counters, database_url: str) -> None:
    first = mx1.exchange(Batch(), 0)
    engine = counters.connect(database_url)
    with databases.transaction(engine) as connection:
        decided.override(connection, "", "a", Allowance.parse(["5 messages per 1d"]), since=NOON, by="me")
        decided.suspend(connection, Suspension("", "b", NOON, None, "why", "me"))
    second = mx1.exchange(Batch(), first.version)
    third = mx1.exchange(Batch(), second.version)
    with databases.transaction(engine) as connection:
        assert decided.drop_override(connection, "", "a") == 1
        assert decided.resume(connection, "b") == 1
    fourth = mx1.exchange(Batch(), third.version)
    engine.dispose()

    assert second.standing
    assert second.standing.overrides == {("", "a"): Allowance.parse(["5 messages per 1d"])}
    assert second.standing.by_hand["b"].reason == "why"
    assert third.standing is None
    assert fourth.standing
    assert fourth.standing.overrides == {}
    assert fourth.standing.suspended == {}


def test_no_more_is_read_back_than_is_held(database_url: str) -> None:
    """The latest go first."""
    small = Counters.open(database_url, "mx1", 2)
    for key in "abc":
        small.exchange(batch(key), 0)

    assert [row.key for row in small.rows(NOON)] == ["c", "b"]
    small.close()


def test_what_is_stored_is_what_the_tables_say(database_url: str, mx1: Counters) -> None:
    """The migrations make what schema.py describes."""
    engine = sa.create_engine(databases.parse_url(database_url))
    there = {
        table: {column["name"] for column in sa.inspect(engine).get_columns(table)} for table in schema.metadata.tables
    }
    indexes = {index["name"] for table in there for index in sa.inspect(engine).get_indexes(table)}
    engine.dispose()

    assert there == {name: {*table.columns.keys()} for name, table in schema.metadata.tables.items()}
    assert indexes == {str(index.name) for table in schema.metadata.tables.values() for index in table.indexes}


def test_every_query_goes_by_an_index(mx1: Counters, mx2: Counters, database_url: str) -> None:
    """SQLite tells its plans: no table that grows is read from end to end."""
    if mx1.shared:
        pytest.skip("SQLite's plans")
    asked: list[tuple[str, object]] = []
    for one in (mx1, mx2):
        sa.event.listen(
            one._engine, "before_cursor_execute", lambda _c, _k, text, given, *_: asked.append((text, given))
        )
    mx1.exchange(Batch(batch("a").rows, [Suspension("q", "a", NOON, None, "", "")]), 0)
    mx2.exchange(Batch(), 0)
    mx2.rows(NOON)
    mx1.prune(NOON)
    with mx1._engine.connect() as connection:
        plans = [
            row[-1]
            for text, given in list(asked)
            if not text.startswith(("PRAGMA", "BEGIN"))
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)  # type: ignore[arg-type]
        ]

    assert any("quota_counts" in plan for plan in plans)
    assert [plan for plan in plans if re.match(r"SCAN quota_(counts)\b(?!.*INDEX)", plan)] == []


def test_a_database_that_cannot_be_opened_is_told() -> None:
    with pytest.raises(StoreError):
        Counters.open("sqlite:////dev/null/quota.db", "mx1", 1000)

"""The bans of the daemon's own store, as another process follows them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from responder.errors import StoreError
from responder.policing.banned import Banned
from responder.policing.changes import NOTHING, Changes
from responder.store.state import Batch, Lift, StateStore
from responder.values import Ban, Prefix, Scope
from tests.quota.values import NOON

SEVEN, EIGHT, NET = map(Prefix.parse, ("192.0.2.7", "2001:db8::/64", "198.51.100.0/24"))


def a_ban(prefix: Prefix, scope: str = "drop", lasting: float = 3600.0) -> Ban:
    return Ban(prefix, Scope.parse(scope), "login", "", NOON, NOON + lasting, 1, "too much")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    made = StateStore(tmp_path / "state.db")
    yield made
    made.close()


@pytest.fixture
def banned(store: StateStore) -> Iterator[Banned]:
    made = Banned(store.path)
    yield made
    made.close()


def put(changes: Changes) -> list[Prefix]:
    return [prefix for prefix, _ in changes.put]


def test_bans_and_their_ends_are_followed(store: StateStore, banned: Banned) -> None:
    """Each is told once; while nothing is written there is nothing to tell."""
    store.commit(Batch(changes=[a_ban(SEVEN), a_ban(NET)]), NOON)
    first = banned.changes(NOON)
    quiet = banned.changes(NOON)
    store.commit(Batch(changes=[a_ban(EIGHT), Lift(SEVEN, NOON + 1, "somebody")]), NOON)
    second = banned.changes(NOON + 1)

    assert (first.anew, put(first), first.dropped) == (True, [SEVEN, NET], [])
    assert quiet is NOTHING
    assert (second.anew, put(second), [prefix for prefix, _ in second.dropped]) == (False, [EIGHT], [SEVEN])
    assert second.dropped[0][1] == first.put[0][1].name


def test_what_is_over_or_leaves_mail_alone_is_no_ban_here(store: StateStore, banned: Banned) -> None:
    """Of ports, those of SMTP and submission count."""
    web, mail = a_ban(NET, "drop:80,443"), a_ban(EIGHT, "reject:25,465,587")
    store.commit(Batch(changes=[a_ban(SEVEN, lasting=-1.0), web, mail]), NOON)

    assert put(banned.changes(NOON)) == [EIGHT]


def test_a_new_file_is_read_anew(store: StateStore, banned: Banned) -> None:
    """As when the daemon has set a damaged one aside; while there is none, that is told."""
    store.commit(Batch(changes=[a_ban(SEVEN)]), NOON)
    banned.changes(NOON)
    store.path.rename(store.path.with_name("aside.db"))
    with pytest.raises(StoreError, match=r"state\.db"):
        banned.changes(NOON)
    second = StateStore(store.path)
    second.commit(Batch(changes=[a_ban(EIGHT)]), NOON)

    found = banned.changes(NOON)

    assert (found.anew, put(found)) == (True, [EIGHT])
    second.close()


def test_every_question_is_answered_by_an_index(store: StateStore, banned: Banned) -> None:
    """However many bans are over."""
    asked: list[str] = []
    sa.event.listen(sa.Engine, "before_cursor_execute", listener := lambda *given: asked.append((given[2], given[3])))  # type: ignore[arg-type]
    try:
        for prefix in (SEVEN, EIGHT):
            store.commit(Batch(changes=[a_ban(prefix)]), NOON)
            asked.clear()
            banned.changes(NOON)
            plans = [_plan(store.path, *one) for one in asked if str(one[0]).startswith("SELECT")]
            assert plans
            assert all(plan.startswith("SEARCH bans USING") for plan in plans), plans
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listener)


def _plan(path: Path, query: str, parameters: tuple[object, ...]) -> str:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters).one()
    engine.dispose()
    return str(plan[3])

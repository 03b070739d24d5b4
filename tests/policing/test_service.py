"""The service refuses banned and listed clients, follows what changes, and goes on when a database is away."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder import databases
from responder.blacklist import database, reporters, reports, subject
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Report
from responder.store.state import Batch, Lift, StateStore
from responder.values import Ban, Prefix, Scope
from tests.lab.policyd import Policyd
from tests.lab.wait import until
from tests.quota.values import a_request

SEVEN, EIGHT = Prefix.parse("198.51.100.7"), Prefix.parse("198.51.100.8")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    (tmp_path / "state").mkdir()
    made = StateStore(tmp_path / "state/state.db")
    yield made
    made.close()


def ban(store: StateStore, prefix: Prefix) -> None:
    now = time.time()
    store.commit(Batch(changes=[Ban(prefix, Scope(), "login", "", now, now + 3600, 1, "too much")]), now)


def asked(policyd: Policyd, address: str) -> str:
    with policyd.client() as client:
        return client.ask(a_request(client_address=address, policy_context="incoming"))[0]


def test_bans_are_followed_through_reloads_and_lifts(tmp_path: Path, store: StateStore) -> None:
    """From the first answer on; what is said and logged names the reason."""
    ban(store, SEVEN)
    with Policyd(tmp_path, "", "reject_banned = true\n") as policyd:
        assert asked(policyd, "198.51.100.7") == "554 5.7.1 [198.51.100.7] is banned here: too much"
        until(lambda: "client: reject client=198.51.100.7 banned until=" in policyd.said())
        assert asked(policyd, "198.51.100.8") == "DUNNO"
        ban(store, EIGHT)
        until(lambda: asked(policyd, "198.51.100.8").startswith("554"))
        policyd.reload("[allow]\nnetworks = ['198.51.100.8']\n", "reject_banned = true\n")
        until(lambda: asked(policyd, "198.51.100.8") == "DUNNO")
        assert asked(policyd, "198.51.100.7").startswith("554")
        store.commit(Batch(changes=[Lift(SEVEN, time.time(), "somebody")]), time.time())
        until(lambda: asked(policyd, "198.51.100.7") == "DUNNO")


def test_without_the_daemons_store_nobody_is_refused_and_nobody_waits(tmp_path: Path) -> None:
    """Until there is one."""
    with Policyd(tmp_path, "", "reject_banned = true\n") as policyd:
        assert asked(policyd, "198.51.100.7") == "DUNNO"
        assert policyd.said().count("state.db: No such file") == 1
        store = StateStore(tmp_path / "state/state.db")
        ban(store, SEVEN)
        until(lambda: asked(policyd, "198.51.100.7").startswith("554"))
        store.close()


def test_listings_are_followed(tmp_path: Path) -> None:
    """A file that is damaged meanwhile changes nothing of what was known."""
    url = f"sqlite:///{tmp_path / 'blacklist.db'}"
    engine = database.connect(url)
    with databases.transaction(engine) as connection:
        reporters.add(connection, "mx1", "host", actor="test", now=time.time())
    settings = f"[blacklist]\nurl = {url!r}\nscoring = {{ reporters = 1, broad = 0.1 }}\n"
    with Policyd(tmp_path, settings, 'reject_listed = "broad"\n') as policyd:
        assert asked(policyd, "198.51.100.7") == "DUNNO"
        with databases.transaction(engine) as connection:
            seen = Report(subject.parse("198.51.100.7"), "mx1", time.time(), "spam")
            reports.report_many(connection, [seen], Scoring(reporters=1, broad=0.1), time.time())
        until(lambda: asked(policyd, "198.51.100.7").startswith("554 5.7.1 [198.51.100.7] is listed here: 1 report"))
        with databases.transaction(engine) as connection:
            connection.exec_driver_sql("ALTER TABLE pen RENAME TO lost")
        until(lambda: "what was known of listed stays" in policyd.said())
        assert asked(policyd, "198.51.100.7").startswith("554")
    engine.dispose()

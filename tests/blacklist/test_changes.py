"""Who polls or listens learns of every change once it is committed, and misses none."""

import select
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from responder import databases
from responder.blacklist import entries, pen, reporters, schema, subject
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Level, Report
from responder.times import DAY
from tests.blacklist.blacklist import NOON, REPORTERS, Blacklist

HE = "192.0.2.7"


def test_a_change_is_told_once_with_what_it_led_to(blacklist: Blacklist) -> None:
    with databases.reading(blacklist.engine) as connection:
        start = pen.last(connection)
    blacklist.have_listed(HE)
    blacklist.report(HE, "dan", -5)
    blacklist.have_listed("192.0.2.8")
    told = blacklist.changes(start)
    assert [change.subject.value for change in told] == [HE, "192.0.2.8"]
    assert told[0].listing
    assert told[0].listing.reason.startswith("4 reports")

    blacklist.allow(HE)

    [last] = blacklist.changes(told[-1].number)
    assert (last.subject.value, last.listing) == (HE, None)
    assert blacklist.changes(last.number) == []


def test_what_changes_no_listing_is_no_change(blacklist: Blacklist) -> None:
    with databases.reading(blacklist.engine) as connection:
        start = pen.last(connection)
    blacklist.report(HE, "ann")
    blacklist.vote(HE, "bob", against=False)
    blacklist.rescore()

    with databases.reading(blacklist.engine) as connection:
        assert pen.last(connection) == start


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_listeners_of_postgresql_are_woken(blacklist: Blacklist) -> None:
    """With the number of the change, when it is committed."""
    url = blacklist.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute(f"LISTEN {pen.CHANNEL}")
        blacklist.have_listed(HE)
        assert select.select([listener], [], [], 10)[0]
        [notice] = listener.notifies(timeout=10, stop_after=1)

    assert [change.number for change in blacklist.changes(int(notice.payload) - 1)] == [int(notice.payload)]


class Poller:
    """Gathers the changes, each number asked for once."""

    def __init__(self, engine: sa.Engine) -> None:
        self.gathered: dict[str, float] = {}
        self._engine = engine
        with databases.reading(engine) as connection:
            self._seen = pen.last(connection)

    def poll(self) -> None:
        with databases.reading(self._engine) as connection:
            for number, whom, listing in entries.changes(connection, self._seen):
                self._seen = number
                self.gathered[whom.value] = listing.broad if listing else 0.0


def test_writers_at_once_lose_nothing_and_a_poller_misses_nothing(blacklist: Blacklist) -> None:
    """Eight at once report and vote about the same few; a ninth follows the changes all the while.

    No report and no vote is lost, the listings are those that a recomputation finds, and what the poller has gathered
    is the list, though it never asks for an old number again.
    """
    blacklist.scoring = Scoring(crowd_v4=3)
    about = [f"192.0.2.{number}" for number in range(5)]
    by = sorted(REPORTERS)
    poller = Poller(blacklist.engine)

    def write(number: int) -> None:
        for turn in range(4):
            day = number * 4 + turn
            batch = [Report(subject.parse(one), by[(day + n) % 5], NOON + day * DAY) for n, one in enumerate(about)]
            blacklist.report_all(batch)
            blacklist.vote(about[turn], by[number % 5], against=number % 2 == 0, at=NOON + day)

    with ThreadPoolExecutor(8) as threads:
        writers = [threads.submit(write, number) for number in range(8)]
        while not all(writer.done() for writer in writers):
            poller.poll()
        for writer in writers:
            writer.result()
    poller.poll()

    assert len(blacklist.rows(schema.reports)) == 8 * 4 * 5
    assert len(blacklist.rows(schema.votes)) == 4 * 5
    kept = blacklist.rows(schema.listings)
    assert blacklist.rescore().changed == 0
    assert blacklist.rows(schema.listings) == kept
    assert {entry.subject.value: entry.until for entry in blacklist.entries(Level.BROAD, 1.0)} == poller.gathered


def test_reporters_are_added_once_and_moved(engine: sa.Engine) -> None:
    with databases.transaction(engine) as connection:
        assert reporters.add(connection, "fay", "host", actor="test", now=NOON)
        assert not reporters.add(connection, "fay", "host", actor="test", now=NOON)
        assert reporters.add(connection, "fay", "postmaster", actor="test", now=NOON)
        assert {one.name: one.weight for one in reporters.all_reporters(connection)}["fay"] == 2.0
        with pytest.raises(ValueError, match="no group 'nobody'; there are host, person, postmaster"):
            reporters.add(connection, "fay", "nobody", actor="test", now=NOON)

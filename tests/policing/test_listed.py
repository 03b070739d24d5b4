"""Listings that clients are refused for, followed in SQLite and PostgreSQL; and suspensions that become reports."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from responder import databases
from responder.blacklist import allowing, database, reporters, reports, subject
from responder.blacklist.lookup import lookup
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Level, Report
from responder.config import Settings
from responder.policing.changes import NOTHING
from responder.policing.listed import Listed
from responder.policing.reporting import Reporting
from responder.quota import counters, decided
from responder.quota.standing import Suspension
from tests.quota.values import NOON

EAGER = Scoring(reporters=1, broad=0.1)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    made = database.connect(database_url)
    with databases.transaction(made) as connection:
        reporters.add(connection, "mx1", "host", actor="test", now=NOON)
    yield made
    made.dispose()


def report(engine: sa.Engine, *values: str) -> None:
    with databases.transaction(engine) as connection:
        batch = [Report(subject.parse(value), "mx1", NOON, "spam") for value in values]
        reports.report_many(connection, batch, EAGER, NOON)


def test_listings_and_their_ends_are_followed(engine: sa.Engine, database_url: str) -> None:
    """What is no address is passed over, and what is allowed is told."""
    listed = Listed(database_url, Level.BROAD)
    report(engine, "192.0.2.7", "shop.example")
    first = listed.changes(NOON)
    quiet = listed.changes(NOON)
    report(engine, "198.51.100.8")
    with databases.transaction(engine) as connection:
        allowing.allow(connection, subject.parse("192.0.2.7"), "ours", EAGER, NOON, actor="test")
    second = listed.changes(NOON)
    strict = Listed(database_url, Level.STRICT)

    assert (first.anew, [str(prefix) for prefix, _ in first.put]) == (True, ["192.0.2.7"])
    assert "1 report by 1 reporter" in first.put[0][1].reason
    assert quiet is NOTHING
    assert [str(prefix) for prefix, _ in second.put] == ["198.51.100.8"]
    assert [str(prefix) for prefix, _ in second.dropped] == ["192.0.2.7"]
    assert [str(one.prefix) for one in listed.allowed or ()] == ["192.0.2.7"]
    assert strict.changes(NOON).put == []
    for one in (listed, strict):
        one.close()


def suspend(settings: Settings, *suspensions: Suspension) -> None:
    engine = counters.connect(counters.url("", settings.state))
    with databases.transaction(engine) as connection:
        for one in suspensions:
            decided.suspend(connection, one)
    engine.dispose()


def test_suspensions_by_quotas_are_reported_once(engine: sa.Engine, database_url: str, tmp_path: object) -> None:
    """Not those by hand, not who has no name elsewhere, and not our own domains; nor again after a restart."""
    scoring = {"reporters": 1, "broad": 0.1}
    blacklist = {"url": database_url, "reporter": "mx1", "own": ["own.example"], "scoring": scoring}
    settings = Settings.model_validate({"state": str(tmp_path), "blacklist": blacklist})
    by_quota = ["news@shop.example", "spam.example", "bob", "a@mail.own.example", "198.51.100.7"]
    suspend(settings, *(Suspension("q", key, NOON, NOON + 60, "refused 10 times", "quota") for key in by_quota))
    suspend(settings, Suspension("", "hand.example", NOON, None, "by hand, by koko", "koko"))

    first, again = Reporting(settings), Reporting(settings)

    assert (first.report(NOON), first.report(NOON), again.report(NOON)) == (3, 0, 0)
    with databases.reading(engine) as connection:
        listed = [key for key in (*by_quota, "hand.example") if "." in key and _is_listed(connection, key)]
    assert listed == ["news@shop.example", "spam.example", "198.51.100.7"]
    for one in (first, again):
        one.close()


def _is_listed(connection: sa.Connection, value: str) -> bool:
    return lookup(connection, subject.parse(value), NOON).listed


def test_a_host_that_is_no_reporter_yet_becomes_one(engine: sa.Engine, database_url: str, tmp_path: object) -> None:
    blacklist = {"url": database_url, "reporter": "mx2"}
    settings = Settings.model_validate({"state": str(tmp_path), "blacklist": blacklist})
    suspend(settings, Suspension("q", "spam.example", NOON, NOON + 60, "refused 10 times", "quota"))
    reporting = Reporting(settings)

    assert reporting.report(NOON) == 1
    with databases.reading(engine) as connection:
        assert [(one.name, one.group) for one in reporters.all_reporters(connection)] == [
            ("mx1", "host"),
            ("mx2", "host"),
        ]
    reporting.close()

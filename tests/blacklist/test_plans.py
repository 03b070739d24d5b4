"""With real numbers of rows, everything that is asked is answered by an index."""

import pytest
import sqlalchemy as sa

from responder import databases
from responder.blacklist import allowlist, audit, database, entries, reporters, rescoring, schema, subject
from responder.blacklist.lookup import lookup
from responder.blacklist.values import Kind, Level, Report
from responder.times import DAY
from responder.values import Prefix
from tests.blacklist.blacklist import NOON, REPORTERS, Blacklist
from tests.blacklist.plans import Plans

_SUBJECTS = 2_000


def fill(engine: sa.Engine) -> None:
    """Put rows into all tables, by the shortest way."""
    with engine.begin() as connection:
        for name in REPORTERS:
            reporters.add(connection, name, "host", actor="test", now=NOON)
        whom = [Prefix(0xFFFF_C000_0200 + 7 * number, 128) for number in range(_SUBJECTS)]
        connection.execute(
            schema.subjects.insert(),
            [
                {"kind": "address", "value": str(one), "first": one.packed, "length": 128,
                 "crowd": one.widen(24, 64).packed + b"\x78", "backwards": None}
                for one in whom
            ],
        )  # fmt: skip
        for reporter in (1, 2, 3):
            day = int(NOON // DAY) - reporter
            about = {"reporter": reporter, "day": day, "time": day * DAY, "category": "", "evidence": "a line"}
            connection.execute(
                schema.reports.insert(),
                [{**about, "subject": number, "token": f"{reporter}-{number}"} for number in range(1, _SUBJECTS + 1)],
            )
        ids = range(1, _SUBJECTS + 1)
        deed = {"time": NOON, "actor": "x", "action": "y", "detail": ""}
        row = {"score": 2.0, "scored": NOON, "since": NOON, "reason": "", "category": ""}
        asked = {
            "requester": "",
            "contact": "",
            "text": "",
            "time": NOON,
            "decided": NOON - 99 * DAY,
            "decided_by": "x",
        }
        wait = {"reporter": 1, "category": "", "evidence": "", "time": NOON, "decided": NOON, "decided_by": "x"}
        allow = {"why": "", "allowed_by": "x", "time": NOON, "kind": "domain"}
        for table, rows in (
            (schema.audit, [{**deed, "subject": str(number)} for number in ids]),
            (schema.listings, [{**row, "subject": n, "broad": NOON + n, "changed": n} for n in ids]),
            (schema.votes, [{"subject": n, "reporter": 1, "against": False, "time": NOON} for n in ids]),
            (schema.removals, [{**asked, "subject": n, "state": "granted"} for n in ids]),
            (schema.proposals, [{**wait, "subject": n, "state": "accepted"} for n in ids]),
            (schema.allowlist, [{**allow, "value": f"n{n}.example"} for n in ids]),
        ):
            connection.execute(table.insert(), rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def test_every_statement_runs_on_an_index(database_url: str) -> None:
    """Everything that the program can ask is asked once, with two thousand rows in each table."""
    engine = database.connect(database_url)
    fill(engine)
    plans = Plans(engine)
    blacklist = Blacklist(engine)

    for about in ("192.0.2.7", "2001:db8::7", "192.0.2.0/24", "2001:db8::/64", "example.org", "k@example.org"):
        blacklist.have_listed(about)
        blacklist.vote(about, "ann", against=False)
        blacklist.lookup(about)
        blacklist.review(blacklist.request(about), granted=False)
        blacklist.history(about)
        blacklist.allow(about)
        blacklist.disallow(about)
    blacklist.propose([Report(subject.parse("192.0.2.9"), "ann", NOON)])
    for proposal in blacklist.proposals():
        blacklist.decide(proposal.id, accepted=True)
    with databases.reading(engine) as connection:
        for level in Level:
            list(entries.entries(connection, level, NOON + _SUBJECTS - 3))
        list(entries.entries(connection, Level.BROAD, NOON, [Kind.URL]))
        list(entries.changes(connection, _SUBJECTS - 3))
        list(allowlist.exclusions(connection))
        list(audit.since(connection, NOON))
        lookup(connection, subject.parse("https://www.example.org/"), NOON, Level.STRICT)
    rescoring.prune_audit(engine, NOON - DAY)
    rescoring.rescore(engine, blacklist.scoring, NOON + 400 * DAY)

    assert plans.count() > 40
    assert plans.walks() == []
    engine.dispose()


@pytest.mark.parametrize(
    "walk",
    ["SELECT count(*) FROM reports WHERE evidence = 'x'", "UPDATE audit SET actor = '' WHERE detail = 'x'"],
    ids=["select", "update"],
)
def test_a_walk_through_a_table_would_be_seen(database_url: str, walk: str) -> None:
    engine = database.connect(database_url)
    plans = Plans(engine)
    with databases.transaction(engine) as connection:
        connection.exec_driver_sql(walk)

    assert len(plans.walks()) == 1
    engine.dispose()

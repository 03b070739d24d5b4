"""The tables are those that the program thinks there are, and refuse what must not be."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from responder.blacklist import allowing, reporters, schema, subject
from responder.decide.allowlist import Allowed
from responder.values import Prefix
from tests.blacklist.blacklist import NOON, Blacklist


def test_the_migrations_make_the_tables_of_the_schema(engine: sa.Engine) -> None:
    with engine.connect().execution_options(of_the_test=True) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


_LISTING = {"score": 1.0, "scored": 1.0, "since": 1.0, "broad": 1.0, "category": "", "reason": "", "changed": 1}
_REMOVAL = {"requester": "", "contact": "", "text": "", "time": 1.0}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (schema.subjects, {"kind": "planet", "value": "x"}),
        (schema.subjects, {"kind": "domain", "value": "listed.example"}),
        (schema.subjects, {"kind": "address", "value": "x"}),
        (schema.subjects, {"kind": "address", "value": "x", "first": b"\0" * 15, "length": 128}),
        (schema.subjects, {"kind": "network", "value": "x", "first": b"\0" * 16, "length": 128}),
        (schema.reports, {"subject": 0, "reporter": 0, "day": 1, "time": 86400.0, "category": "", "evidence": ""}),
        (schema.reports, {"day": 1, "time": 1.0, "category": "", "evidence": ""}),
        (schema.votes, {"subject": 0, "against": True, "time": 1.0}),
        (schema.listings, {**_LISTING, "moderate": 2.0}),
        (schema.listings, {**_LISTING, "strict": 1.0}),
        (schema.removals, {**_REMOVAL, "state": "open", "decided": 2.0, "decided_by": "x"}),
        (schema.removals, {**_REMOVAL, "state": "granted"}),
        (schema.groups, {"name": "heavy", "weight": -1.0}),
        (schema.reporters, {"name": "zoe", "group": 0, "added": 1.0}),
        (schema.pen, {"id": 2, "number": 1}),
    ],
)  # fmt: skip
def test_rows_that_must_not_be_are_refused(blacklist: Blacklist, table: sa.Table, row: dict[str, Any]) -> None:
    """Not by code alone, but by the database."""
    blacklist.report("listed.example", "ann")
    with blacklist.engine.connect().execution_options(of_the_test=True) as connection:
        there = {
            "subject": connection.execute(sa.select(schema.subjects.c.id)).scalar_one(),
            "reporter": connection.execute(sa.select(sa.func.min(schema.reporters.c.id))).scalar_one(),
        }
        needed = {name: number for name, number in there.items() if name in table.c}
        with pytest.raises(IntegrityError):
            connection.execute(table.insert(), {**needed, **row})


def test_a_host_is_never_listed_by_its_own_blacklist(blacklist: Blacklist) -> None:
    """What it needs is allowed on its word, and only as long as it needs it; two hosts share what both need."""
    gateway, own, private = (Allowed(Prefix.parse(text), "needed") for text in ("192.0.2.1", "192.0.2.2", "10.0.0.1"))
    blacklist.have_listed("192.0.2.1")

    def protect(host: str, *needed: Allowed, whole: bool = True) -> int:
        with blacklist.writing() as connection:
            return allowing.protect(connection, needed, blacklist.scoring, NOON, host=host, whole=whole)

    assert protect("mx1", gateway, own, private) == 2
    assert protect("mx1", gateway, own, private) == 0
    assert protect("mx2", gateway) == 0
    assert not blacklist.listed("192.0.2.1")
    assert protect("mx1", own, whole=False) == 0
    assert protect("mx1", own) == 1
    assert blacklist.listed("192.0.2.1")
    assert protect("mx2", gateway) == 1
    assert not blacklist.listed("192.0.2.1")


@pytest.mark.parametrize("weight", [-1.0, 1001.0, float("nan")])
def test_a_weight_is_a_number_that_can_be_added(blacklist: Blacklist, weight: float) -> None:
    with blacklist.writing() as connection, pytest.raises(ValueError, match="a weight from 0 to 1000"):
        reporters.set_group(connection, reporters.Group("host", weight), actor="test", now=NOON)


def test_allowed_names_cover_by_the_narrowest(blacklist: Blacklist) -> None:
    for about in ("example.org", "www.example.org", "192.0.2.0/24", "192.0.2.0/28"):
        blacklist.allow(about)

    for about, by in (("x@www.example.org", "www.example.org"), ("ftp://a.example.org/", "example.org"),
                      ("192.0.2.7", "192.0.2.0/28"), ("192.0.2.64/26", "192.0.2.0/24")):  # fmt: skip
        allowed = blacklist.lookup(about).allowed
        assert allowed
        assert allowed.subject == subject.parse(by)
    assert blacklist.lookup("192.0.0.0/16").allowed is None


def test_who_allows_all_there_is_has_nothing_listed(blacklist: Blacklist) -> None:
    """Networks that hold private ones, too, are not thereby private."""
    for about in ("192.0.2.7", "2001:db8::7"):
        blacklist.have_listed(about)

    with blacklist.writing() as connection:
        all_there_is = [Allowed(Prefix.parse(text), "all") for text in ("0.0.0.0/0", "::/0")]
        assert allowing.protect(connection, all_there_is, blacklist.scoring, NOON, host="mx1") == 2

    assert blacklist.entries() == []

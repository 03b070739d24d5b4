"""blacklist - a blacklist as tests use it: one call, one transaction; days and times counted from NOON."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from responder import databases
from responder.blacklist import (
    allowing,
    audit,
    entries,
    proposals,
    removals,
    reporters,
    reports,
    rescoring,
    schema,
    subject,
    votes,
)
from responder.blacklist.audit import Deed
from responder.blacklist.entries import Changed
from responder.blacklist.lookup import Answer, lookup
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Entry, Level, Report
from responder.times import DAY

NOON = 1_800_014_400.0  # the twelfth hour of a day, UTC
REPORTERS = {"ann": "host", "bob": "host", "cat": "host", "dan": "person", "eve": "postmaster"}


def made_empty(engine: sa.Engine) -> None:
    """Leave nothing in the database but the groups, as they ship, and the reporters."""
    with engine.begin() as connection:
        connection.execution_options(of_the_test=True)
        for table in reversed(schema.metadata.sorted_tables):
            if table not in (schema.pen, schema.groups):
                connection.execute(table.delete())
        connection.execute(schema.groups.delete().where(schema.groups.c.name.not_in(["host", "person", "postmaster"])))
        for name, group in REPORTERS.items():
            reporters.add(connection, name, group, actor="test", now=NOON)
        connection.execute(schema.audit.delete())


class Blacklist:
    """Calls what is tested."""

    def __init__(self, engine: sa.Engine, scoring: Scoring | None = None) -> None:
        self.engine, self.scoring = engine, scoring or Scoring()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        with databases.transaction(self.engine) as connection:
            yield connection

    def report(self, about: str, by: str, day: int = 0, at: float = NOON, **more: str) -> int:
        """Report *about* in the name of *by*, *day* days after *at*."""
        return self.report_all([Report(subject.parse(about), by, at + day * DAY, **more)])

    def report_all(self, batch: Sequence[Report], now: float = 0.0) -> int:
        """Hand in *batch* at *now*, or at the time of its last report."""
        with self.writing() as connection:
            return reports.report_many(connection, batch, self.scoring, now or max(one.time for one in batch))

    def have_listed(self, about: str, at: float = NOON) -> None:
        """Have *about* reported enough to be listed from *at* on."""
        self.report_all(
            [Report(subject.parse(about), by, at - ago * DAY) for ago, by in enumerate(("ann", "bob", "cat"))]
        )

    def vote(self, about: str, by: str, *, against: bool, at: float = NOON) -> None:
        with self.writing() as connection:
            votes.vote(connection, subject.parse(about), by, self.scoring, at, against=against)

    def allow(self, about: str, at: float = NOON) -> bool:
        with self.writing() as connection:
            return allowing.allow(connection, subject.parse(about), "a test", self.scoring, at, actor="test")

    def disallow(self, about: str, at: float = NOON) -> bool:
        with self.writing() as connection:
            return allowing.disallow(connection, subject.parse(about), self.scoring, at, actor="test")

    def request(self, about: str, at: float = NOON) -> int:
        with self.writing() as connection:
            asked = subject.parse(about)
            return removals.request(connection, asked, at, requester="pat", contact="pat@example.org", text="please")

    def review(self, number: int, *, granted: bool, at: float = NOON) -> removals.Removal:
        with self.writing() as connection:
            return removals.review(connection, number, "because", self.scoring, at, granted=granted, actor="mod")

    def lookup(self, about: str, at: float = NOON, level: Level = Level.BROAD) -> Answer:
        with databases.reading(self.engine) as connection:
            return lookup(connection, subject.parse(about), at, level)

    def listed(self, about: str, at: float = NOON) -> bool:
        return self.lookup(about, at).listed

    def entries(self, level: Level = Level.BROAD, at: float = NOON) -> list[Entry]:
        with databases.reading(self.engine) as connection:
            return list(entries.entries(connection, level, at))

    def changes(self, after: int) -> list[Changed]:
        with databases.reading(self.engine) as connection:
            return list(entries.changes(connection, after))

    def history(self, about: str) -> list[Deed]:
        with databases.reading(self.engine) as connection:
            return audit.history(connection, about)

    def rescore(self, at: float = NOON) -> rescoring.Rescored:
        return rescoring.rescore(self.engine, self.scoring, at)

    def propose(self, batch: Sequence[Report]) -> int:
        with self.writing() as connection:
            return proposals.propose(connection, batch, NOON, actor="test")

    def decide(self, number: int, *, accepted: bool) -> None:
        with self.writing() as connection:
            proposals.decide(connection, number, self.scoring, NOON, accepted=accepted, actor="mod")

    def proposals(self) -> list[proposals.Proposal]:
        with databases.reading(self.engine) as connection:
            return list(proposals.waiting(connection))

    def rows(self, table: sa.Table) -> list[tuple[object, ...]]:
        """Return all of *table*, but for the numbers of changes."""
        columns = [column for column in table.columns if column.name != "changed"]
        with self.engine.connect().execution_options(of_the_test=True) as connection:
            return sorted((tuple(row) for row in connection.execute(sa.select(*columns))), key=repr)

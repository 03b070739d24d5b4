"""proposals - reports that a program read out of a mail: they count when a moderator has accepted them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from responder.blacklist import audit, pen, reporters, subjects, texts
from responder.blacklist.audit import Deed
from responder.blacklist.reports import report_many
from responder.blacklist.schema import proposals
from responder.blacklist.schema import reporters as reporters_table
from responder.blacklist.schema import subjects as subjects_table
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Kind, Report, Subject


class Proposal(NamedTuple):
    """A report that waits, and its number."""

    id: int
    report: Report


def propose(connection: sa.Connection, batch: Sequence[Report], now: float, *, actor: str) -> int:
    """Queue *batch* and return how many were new: the same reporter's about the same subject waits once.

    Raises ValueError for a reporter that is not there.
    """
    if not batch:
        return 0
    pen.take(connection)
    who = reporters.numbers(connection, (one.reporter for one in batch))
    whom = subjects.made(connection, [one.subject for one in batch])
    rows = [
        {
            "subject": whom[one.subject],
            "reporter": who[one.reporter],
            "state": "open",
            "category": texts.kept(one.category, 60),
            "evidence": texts.kept(one.evidence),
            "time": one.time,
        }
        for one in batch
    ]
    put = subjects.adding(connection, proposals).on_conflict_do_nothing().returning(proposals.c.id)
    new = len(connection.execute(put, rows).all())
    audit.record(
        connection, [Deed(now, actor, "propose", one.subject.value, texts.kept(one.evidence)) for one in batch]
    )
    return new


def waiting(connection: sa.Connection, only: int | None = None) -> Iterator[Proposal]:
    """Yield the proposals that wait, the oldest first; of number *only* alone, where given."""
    query = (
        sa.select(
            proposals.c.id,
            subjects_table.c.kind,
            subjects_table.c.value,
            reporters_table.c.name,
            proposals.c.time,
            proposals.c.category,
            proposals.c.evidence,
        )
        .join(subjects_table, subjects_table.c.id == proposals.c.subject)
        .join(reporters_table, reporters_table.c.id == proposals.c.reporter)
        .where(proposals.c.state == "open")
        .order_by(sa.literal_column("+proposals.id"))  # so put, SQLite sorts what waits and does not walk the table
    )
    if only is not None:
        query = query.where(proposals.c.id == only)
    for number, kind, value, *report in connection.execute(query):
        yield Proposal(number, Report(Subject(Kind(kind), value), *report))


def decide(
    connection: sa.Connection, number: int, scoring: Scoring, now: float, *, accepted: bool, actor: str
) -> Proposal:
    """Make a report of proposal *number*, or drop it, and return it; raises ValueError where it does not wait."""
    pen.take(connection)
    found = next(waiting(connection, number), None)
    if found is None:
        raise ValueError(f"no proposal no. {number} waits; `responder blacklist proposals` shows those that do")
    decided = {"state": "accepted" if accepted else "rejected", "decided": now, "decided_by": actor}
    connection.execute(proposals.update().where(proposals.c.id == number).values(decided))
    verb = "accept-proposal" if accepted else "reject-proposal"
    audit.record(connection, [Deed(now, actor, verb, found.report.subject.value, f"no. {number}")])
    if accepted:
        report_many(connection, [found.report], scoring, now)
    return found

"""reports - somebody saw a subject do wrong: taken in by the batch, and what follows follows at once.

A reporter counts once a day about a subject, with its first report of that day.
A batch that is sent again changes nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from responder.blacklist import listings, pen, reporters, subjects, texts
from responder.blacklist.schema import reporters as reporters_table
from responder.blacklist.schema import reports
from responder.blacklist.scoring import Scoring
from responder.blacklist.subjects import adding
from responder.blacklist.values import Report
from responder.times import DAY

_LONGEST_CATEGORY = 60
_AHEAD = DAY  # how far another host's clock may be wrong


class Reported(NamedTuple):
    """A report about a subject that is known, as its history shows it."""

    time: float
    reporter: str
    category: str
    evidence: str


def report_many(connection: sa.Connection, batch: Sequence[Report], scoring: Scoring, now: float) -> int:
    """Take in *batch* within the transaction of *connection*, and return how many reports were new.

    Raises ValueError for a reporter that is not there and for a time in the future; nothing of the batch is kept then,
    if the transaction is not.
    """
    late = next((one for one in batch if not 0 <= one.time <= now + _AHEAD), None)
    if late:
        raise ValueError(f"{late.subject.value}: a report of a time that is not yet; give the day on which it happened")
    if not batch:
        return 0
    pen.take(connection)
    who = reporters.numbers(connection, (one.reporter for one in batch))
    whom = subjects.made(connection, [one.subject for one in batch])
    rows = [_row(one, whom[one.subject], who[one.reporter]) for one in batch]
    put = adding(connection, reports).on_conflict_do_nothing().returning(reports.c.subject)
    new = connection.execute(put, rows).scalars().all()
    listings.refresh(connection, sorted(set(new)), scoring, now)
    return len(new)


def of(connection: sa.Connection, number: int, most: int = 1000) -> Iterator[Reported]:
    """Yield the last *most* reports about subject *number*, newest first."""
    query = (
        sa.select(reports.c.time, reporters_table.c.name, reports.c.category, reports.c.evidence)
        .join(reporters_table, reporters_table.c.id == reports.c.reporter)
        .where(reports.c.subject == number)
        .order_by(reports.c.time.desc(), reporters_table.c.name)
        .limit(most)
    )
    return (Reported(*row) for row in connection.execute(query))


def _row(report: Report, subject: int, reporter: int) -> dict[str, Any]:
    return {
        "subject": subject,
        "reporter": reporter,
        "day": int(report.time // DAY),
        "time": report.time,
        "category": texts.kept(report.category, _LONGEST_CATEGORY),
        "evidence": texts.kept(report.evidence),
        "token": report.token,
    }

"""votes - for and against a listing: one of each reporter, the last."""

import sqlalchemy as sa

from responder.blacklist import audit, listings, pen, reporters, subjects
from responder.blacklist.audit import Deed
from responder.blacklist.schema import votes
from responder.blacklist.scoring import Scoring
from responder.blacklist.subjects import adding
from responder.blacklist.values import Subject


def vote(
    connection: sa.Connection, subject: Subject, reporter: str, scoring: Scoring, now: float, *, against: bool
) -> None:
    """Count *reporter*'s vote about *subject*, which takes the place of the one before.

    Raises ValueError for a reporter that is not there.
    """
    pen.take(connection)
    [who] = reporters.numbers(connection, [reporter]).values()
    [whom] = subjects.made(connection, [subject]).values()
    put = adding(connection, votes).values(subject=whom, reporter=who, against=against, time=now)
    changed = put.on_conflict_do_update(
        index_elements=["subject", "reporter"], set_={"against": put.excluded.against, "time": put.excluded.time}
    )
    connection.execute(changed)
    audit.record(connection, [Deed(now, reporter, "vote", subject.value, "against" if against else "for")])
    listings.refresh(connection, [whom], scoring, now)

"""removals - somebody asks that a listing go, and a moderator decides; nothing happens before.

Granted, the listing ends at once and what was reported before counts no more.
Refused, the listing stays, and the refusal makes new reports weigh more.
"""

from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

from responder.blacklist import audit, facts, listings, lookup, pen, subjects, texts
from responder.blacklist.audit import Deed
from responder.blacklist.schema import removals
from responder.blacklist.schema import subjects as subjects_table
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Kind, Level, Subject


class Removal(NamedTuple):
    """A request: about what, who asks, how to reach him, in what words, when; and what became of it."""

    id: int
    subject: Subject
    state: str
    requester: str
    contact: str
    text: str
    time: float
    decided: float | None
    decided_by: str | None
    why: str | None


def request(connection: sa.Connection, subject: Subject, now: float, *, requester: str, contact: str, text: str) -> int:
    """Ask that *subject* be taken out, and return the number of the request.

    Raises ValueError where it is not listed itself, and where it was asked for already.
    """
    pen.take(connection)
    number = subjects.numbers(connection, [subject]).get(subject)
    listing = None if number is None else facts.stored(connection, [number]).get(number)
    if number is None or listing is None or listing.broad <= now:
        around = lookup.lookup(connection, subject, now, Level.BROAD).entries
        remedy = f"; ask for {around[0].subject.value}, which holds it" if around else ""
        raise ValueError(f"{subject.value} is not listed{remedy}")
    asked = {"requester": texts.kept(requester), "contact": texts.kept(contact), "text": texts.kept(text, 10_000)}
    put = subjects.adding(connection, removals).values(subject=number, state="open", time=now, **asked)
    made = connection.execute(put.on_conflict_do_nothing().returning(removals.c.id)).scalar()
    if made is None:
        raise ValueError(f"the removal of {subject.value} was asked for already; a moderator will decide")
    audit.record(connection, [Deed(now, requester, "request-removal", subject.value, f"no. {made}: {asked['text']}")])
    return int(made)


def waiting(connection: sa.Connection) -> Iterator[Removal]:
    """Yield the requests that wait for a moderator, the oldest first."""
    return _found(connection, removals.c.state == "open")


def about(connection: sa.Connection, number: int) -> Iterator[Removal]:
    """Yield all requests about subject *number*, the oldest first."""
    return _found(connection, removals.c.subject == number)


def review(
    connection: sa.Connection, request_id: int, why: str, scoring: Scoring, now: float, *, granted: bool, actor: str
) -> Removal:
    """Decide request *request_id* and return it; raises ValueError where it is not open."""
    pen.take(connection)
    found = next(_found(connection, sa.and_(removals.c.id == request_id, removals.c.state == "open")), None)
    if found is None:
        raise ValueError(f"there is no open request no. {request_id}; `responder blacklist review` shows them")
    state, why = "granted" if granted else "refused", texts.kept(why)
    decided = removals.update().where(removals.c.id == request_id)
    connection.execute(decided.values(state=state, decided=now, decided_by=actor, why=why))
    deed = Deed(now, actor, "grant-removal" if granted else "refuse-removal", found.subject.value, why)
    audit.record(connection, [deed])
    listings.refresh(connection, subjects.numbers(connection, [found.subject]).values(), scoring, now)
    return found._replace(state=state, decided=now, decided_by=actor, why=why)


def _found(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Iterator[Removal]:
    columns = [removals.c[name] for name in Removal._fields if name != "subject"]
    query = (
        sa.select(subjects_table.c.kind, subjects_table.c.value, *columns)
        .join(subjects_table, subjects_table.c.id == removals.c.subject)
        .where(which)
        .order_by(removals.c.time, removals.c.id)
    )
    for kind, value, number, *rest in connection.execute(query):
        yield Removal(number, Subject(Kind(kind), value), *rest)

"""allowing - the allowlist changed, and at once no listing that it forbids."""

from collections.abc import Sequence

import sqlalchemy as sa

from responder.blacklist import audit, listings, pen, space, texts
from responder.blacklist import subject as subjecting
from responder.blacklist import subjects as rows
from responder.blacklist.audit import Deed
from responder.blacklist.schema import allowlist, subjects
from responder.blacklist.scoring import Scoring
from responder.blacklist.subjects import adding
from responder.blacklist.values import Kind, Subject
from responder.decide.allowlist import Allowed as Own


def allow(connection: sa.Connection, subject: Subject, why: str, scoring: Scoring, now: float, *, actor: str) -> bool:
    """Never list *subject* or what it covers; tell whether that is new."""
    pen.take(connection)
    prefix = subjecting.prefix(subject)
    put = adding(connection, allowlist).values(
        kind=subject.kind.value,
        value=subject.value,
        first=prefix.packed if prefix else None,
        length=prefix.length if prefix else None,
        why=texts.kept(why),
        allowed_by=actor,
        time=now,
    )
    new = connection.execute(put.on_conflict_do_nothing().returning(allowlist.c.id)).first() is not None
    if new:
        audit.record(connection, [Deed(now, actor, "allow", subject.value, texts.kept(why))])
        listings.refresh(connection, _covered(connection, subject), scoring, now)
    return new


def disallow(connection: sa.Connection, subject: Subject, scoring: Scoring, now: float, *, actor: str) -> bool:
    """Let *subject* be listed again, and list what should be; tell whether it was allowed."""
    pen.take(connection)
    gone = connection.execute(allowlist.delete().where(allowlist.c.value == subject.value)).rowcount > 0
    if gone:
        audit.record(connection, [Deed(now, actor, "disallow", subject.value)])
        listings.refresh(connection, _covered(connection, subject), scoring, now)
    return gone


def protect(
    connection: sa.Connection, own: Sequence[Own], scoring: Scoring, now: float, *, host: str, whole: bool = True
) -> int:
    """Allow what *host* cannot do without, and return how many entries changed.

    With *whole*, *own* is all that it needs: what else was allowed on its word is so no longer.  What several hosts
    need stays on the word of the first, and what is never listed anyway needs no entry.  Costs one question where
    nothing is new.
    """
    actor = f"host {host}"
    wanted = {subjecting.of(one.prefix): one.why for one in own if not space.special(one.prefix)}
    query = sa.select(allowlist.c.kind, allowlist.c.value, allowlist.c.allowed_by).where(
        sa.or_(allowlist.c.allowed_by == actor, allowlist.c.value.in_([subject.value for subject in wanted]))
    )
    there = {Subject(Kind(kind), value): by for kind, value, by in connection.execute(query)}
    added = [subject for subject in wanted if subject not in there]
    gone = [subject for subject, by in there.items() if whole and by == actor and subject not in wanted]
    for subject in added:
        allow(connection, subject, f"{wanted[subject]} of {host}", scoring, now, actor=actor)
    for subject in gone:
        disallow(connection, subject, scoring, now, actor=actor)
    return len(added) + len(gone)


def _covered(connection: sa.Connection, subject: Subject) -> list[int]:
    """Return the numbers of the subjects that an entry for *subject* covers."""
    prefix = subjecting.prefix(subject)
    if prefix:
        which = rows.inside(prefix)
    elif subject.kind is Kind.DOMAIN:
        which = rows.below(subject.value)
    else:
        which = subjects.c.value == subject.value
    return list(connection.execute(sa.select(subjects.c.id).where(which)).scalars())

"""audit - who changed what when and why, from the first change on.

Reports are their own record (who, when, about whom); everything else that changes
the blacklist, by people or by scoring, is written here in the same transaction.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from responder.blacklist.schema import audit

SCORING = "scoring"
"""Who lists and unlists: nobody in person."""


class Deed(NamedTuple):
    """*actor* did *action* to *subject* (its value; empty where it was about none) at *time*."""

    time: float
    actor: str
    action: str
    subject: str
    detail: str = ""


def record(connection: sa.Connection, deeds: Sequence[Deed]) -> None:
    """Add *deeds* to the trail."""
    if deeds:
        connection.execute(audit.insert(), [deed._asdict() for deed in deeds])


def history(connection: sa.Connection, subject: str, most: int = 1000) -> list[Deed]:
    """Return the last *most* deeds about *subject*, oldest first."""
    query = sa.select(audit).where(audit.c.subject == subject).order_by(audit.c.id.desc()).limit(most)
    return [Deed(*row[1:]) for row in reversed(connection.execute(query).all())]


def since(connection: sa.Connection, time: float, most: int = 1000) -> Iterator[Deed]:
    """Yield at most *most* deeds of *time* and later, oldest first."""
    query = sa.select(audit).where(audit.c.time >= time).order_by(audit.c.time, audit.c.id).limit(most)
    return (Deed(*row[1:]) for row in connection.execute(query))

"""outbox - what this host is to report to the blacklist, kept until the blacklist has it.

Rows are written in the transaction of the bans that they tell of, handed out
oldest first and removed when they were taken in.  No number is given twice.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from responder.store import database
from responder.store.schema import outbox
from responder.values import Prefix

_DROPPED_AT_ONCE = 5000
_LONGEST_EVIDENCE = 2000


class Outgoing(NamedTuple):
    """*prefix* did wrong at *time*: a report that is on its way."""

    prefix: Prefix
    time: float
    category: str
    evidence: str


class Outbox:
    """The table of one store."""

    def __init__(self, connection: sa.Connection, path: Path) -> None:
        self._connection, self._path = connection, path

    def put(self, reports: Sequence[Outgoing]) -> None:
        """Add *reports* within the caller's transaction."""
        if reports:
            rows = [
                {
                    "network": one.prefix.packed,
                    "length": one.prefix.length,
                    "time": one.time,
                    "category": one.category,
                    "evidence": one.evidence[:_LONGEST_EVIDENCE],
                }
                for one in reports
            ]
            self._connection.execute(outbox.insert(), rows)

    def next(self, most: int) -> list[tuple[int, Outgoing]]:
        """Return the oldest *most* that wait, with their numbers.  Raises StoreError."""
        query = sa.select(outbox).where(outbox.c.id > 0).order_by(outbox.c.id).limit(most)
        with database.reading(self._path), self._connection.begin():
            return [
                (number, Outgoing(Prefix.unpack(network, length), *rest))
                for number, network, length, *rest in self._connection.execute(query)
            ]

    def remove(self, last: int) -> None:
        """Remove those up to number *last*: the blacklist has them.  Raises StoreError."""
        with database.translated(self._path), self._connection.begin():
            self._connection.execute(outbox.delete().where(outbox.c.id <= last))

    def waiting(self) -> int:
        """Return how many wait; they are numbered without gaps.  Raises StoreError."""
        first, last = (sa.select(end(outbox.c.id)).scalar_subquery() for end in (sa.func.min, sa.func.max))
        with database.reading(self._path), self._connection.begin():
            return self._connection.execute(sa.select(last - first + 1)).scalar() or 0

    def drop(self, most: int) -> int:
        """Drop some of the oldest where more than *most* wait, and return how many; call again until 0."""
        newest = sa.select(sa.func.max(outbox.c.id)).scalar_subquery()
        surplus = sa.select(outbox.c.id).where(outbox.c.id <= newest - most).limit(_DROPPED_AT_ONCE)
        with database.translated(self._path), self._connection.begin():
            return self._connection.execute(outbox.delete().where(outbox.c.id.in_(surplus))).rowcount

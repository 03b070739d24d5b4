"""entries - the listings in force, streamed in their one order, for those who write them out; and what changed.

Addresses and networks come first, as they lie in address space, a network before
what is inside it; then domains, e-mail addresses and URLs, each kind by the bytes
of its value.  Memory does not grow with the list.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import sqlalchemy as sa

from responder.blacklist import facts
from responder.blacklist.facts import LISTING
from responder.blacklist.lookup import ENDS, entry
from responder.blacklist.schema import listings, subjects
from responder.blacklist.subject import NUMERIC
from responder.blacklist.values import Entry, Kind, Level, Listing, Subject

_AT_ONCE = 2000
_COLUMNS = (subjects.c.kind, subjects.c.value, *LISTING)
_NAMED = (Kind.DOMAIN, Kind.EMAIL, Kind.URL)


class Changed(NamedTuple):
    """Change *number* made *listing* of *subject*; None took it out."""

    number: int
    subject: Subject
    listing: Listing | None


def entries(
    connection: sa.Connection, level: Level, now: float, kinds: Collection[Kind] = tuple(Kind)
) -> Iterator[Entry]:
    """Yield the listings on *level* and above at *now*, of *kinds*, in their order."""
    query = sa.select(*_COLUMNS).join(listings, listings.c.subject == subjects.c.id).where(ENDS[level] > now)
    numeric = [kind.value for kind in NUMERIC if kind in kinds]
    queries = [
        query.where(subjects.c.first >= b"", subjects.c.kind.in_(numeric)).order_by(
            subjects.c.first, subjects.c.length
        ),
        *(
            query.where(subjects.c.first.is_(None), subjects.c.kind == kind.value).order_by(subjects.c.value)
            for kind in _NAMED
            if kind in kinds
        ),
    ]
    for query in queries if numeric else queries[1:]:
        for kind, value, *row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
            yield entry(Listing(*row), Subject(Kind(kind), value), now, level)


def changes(connection: sa.Connection, after: int) -> Iterator[Changed]:
    """Yield what changed after change number *after*, as it is now: a listing that changed twice comes once.

    In the order of the numbers; the last number is where to go on.  A listing that merely ran out is no change.
    """
    query = (
        sa.select(listings.c.changed, *_COLUMNS)
        .join(subjects, subjects.c.id == listings.c.subject)
        .where(listings.c.changed > after)
        .order_by(listings.c.changed, listings.c.subject)
    )
    for number, kind, value, *row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        yield Changed(number, Subject(Kind(kind), value), facts.listing(*row))

"""lookup - is this listed, itself or by what holds it?  Answered by a few exact steps in indexes.

An address is in at most 33 networks of IPv4, or 129 of IPv6: all are looked for at
once, each by its bytes, so the answer takes as long with ten listings as with
ten million.
"""

from typing import NamedTuple

import sqlalchemy as sa

from responder.blacklist import allowlist, subjects
from responder.blacklist import subject as subjecting
from responder.blacklist.allowlist import Allowed
from responder.blacklist.facts import LISTING
from responder.blacklist.schema import listings
from responder.blacklist.schema import subjects as subjects_table
from responder.blacklist.values import Entry, Kind, Level, Listing, Subject
from responder.values import Prefix

ENDS = {Level.BROAD: listings.c.broad, Level.MODERATE: listings.c.moderate, Level.STRICT: listings.c.strict}
"""The column that says when a listing leaves a level."""


class Answer(NamedTuple):
    """The listings in force that cover a subject, the narrowest first; and the entry by which it is allowed anyway."""

    entries: tuple[Entry, ...]
    allowed: Allowed | None

    @property
    def listed(self) -> bool:
        """Tell whether the subject is to be treated as listed."""
        return bool(self.entries) and self.allowed is None


def lookup(connection: sa.Connection, subject: Subject, now: float, level: Level = Level.BROAD) -> Answer:
    """Return what is known of *subject* at *now*, on *level* and above.

    An address is covered by the networks that hold it; an e-mail address and a URL by their domain; a domain by those
    above it.
    """
    prefix = subjecting.prefix(subject)
    entries = _around(connection, prefix, now, level) if prefix else _above(connection, subject, now, level)
    asked = subjects.Known(0, subject, prefix)
    return Answer(tuple(entries), allowlist.covering(connection, [asked]).get(0))


def entry(listing: Listing, subject: Subject, now: float, level: Level) -> Entry:
    """Return *listing* as those see it who asked for *level*."""
    return Entry(
        subject,
        listing.level(now) or level,
        listing.score,
        listing.category,
        listing.since,
        listing.until(level),
        listing.reason,
    )


def _around(connection: sa.Connection, prefix: Prefix, now: float, level: Level) -> list[Entry]:
    holding = subjecting.holding(prefix)
    begins = subjects_table.c.first.in_(list(dict.fromkeys(one.packed for one in holding)))
    columns = (subjects_table.c.first, subjects_table.c.length, *LISTING)
    query = sa.select(*columns).join(listings, listings.c.subject == subjects_table.c.id)
    rows = connection.execute(query.where(begins, ENDS[level] > now))
    found = {Prefix.unpack(first, length): Listing(*row) for first, length, *row in rows}
    return [entry(found[one], subjecting.of(one), now, level) for one in holding if one in found]


def _above(connection: sa.Connection, subject: Subject, now: float, level: Level) -> list[Entry]:
    values = subjecting.above(subject)
    columns = (subjects_table.c.kind, subjects_table.c.value, *LISTING)
    query = sa.select(*columns).join(listings, listings.c.subject == subjects_table.c.id)
    rows = connection.execute(query.where(subjects_table.c.value.in_(values), ENDS[level] > now))
    found = {value: (Subject(Kind(kind), value), Listing(*row)) for kind, value, *row in rows}
    return [entry(found[value][1], found[value][0], now, level) for value in values if value in found]

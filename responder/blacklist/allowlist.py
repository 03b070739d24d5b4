"""allowlist - what is never listed, and on whose word; allowing.py changes it.

An allowed network covers all addresses and networks inside it, an allowed domain
its subdomains, e-mail addresses and URLs.  A network that holds an allowed
address may be listed: exports write the exclusion, and firewalls have their own.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from responder.blacklist import subject as subjecting
from responder.blacklist.schema import allowlist
from responder.blacklist.subjects import Known, parts
from responder.blacklist.values import Kind, Subject


class Allowed(NamedTuple):
    """An entry: what, why, on whose word, since when."""

    subject: Subject
    why: str
    allowed_by: str
    time: float


_ENTRY = (allowlist.c.kind, allowlist.c.value, allowlist.c.why, allowlist.c.allowed_by, allowlist.c.time)


def exclusions(connection: sa.Connection) -> Iterator[Allowed]:
    """Yield all entries, addresses and networks first, in their order."""
    numeric = allowlist.c.first >= b""
    for named, order in ((False, (allowlist.c.first, allowlist.c.length)), (True, (allowlist.c.value,))):
        which = sa.and_(allowlist.c.first.is_(None), allowlist.c.value > "") if named else numeric
        for row in connection.execute(sa.select(*_ENTRY).where(which).order_by(*order)):
            yield _entry(*row)


def covering(connection: sa.Connection, asked: Sequence[Known]) -> dict[int, Allowed]:
    """Return, by number, the entries that cover those of *asked* which one covers; the narrowest of several."""
    return {**_numeric(connection, asked), **_named(connection, asked)}


def _numeric(connection: sa.Connection, asked: Sequence[Known]) -> dict[int, Allowed]:
    numbers = [(one.id, one.prefix) for one in asked if one.prefix]
    lengths = _lengths(connection) if numbers else []
    holding = {number: subjecting.holding(prefix, lengths) for number, prefix in numbers}
    entries: dict[tuple[bytes, int], Allowed] = {}
    for part in parts(sorted({wide.packed for found in holding.values() for wide in found})):
        query = sa.select(allowlist.c.first, allowlist.c.length, *_ENTRY).where(allowlist.c.first.in_(part))
        entries |= {(bytes(first), length): _entry(*row) for first, length, *row in connection.execute(query)}
    return {
        number: found[0]
        for number, wider in holding.items()
        if (found := [entries[key] for wide in wider if (key := (wide.packed, wide.length)) in entries])
    }


def _named(connection: sa.Connection, asked: Sequence[Known]) -> dict[int, Allowed]:
    above = {one.id: subjecting.above(one.subject) for one in asked if not one.prefix}
    entries: dict[str, Allowed] = {}
    for part in parts(sorted({value for values in above.values() for value in values})):
        query = sa.select(*_ENTRY).where(allowlist.c.value.in_(part))
        entries |= {row.value: _entry(*row) for row in connection.execute(query)}
    return {
        number: found[0]
        for number, values in above.items()
        if (found := [entries[value] for value in values if value in entries])
    }


def _lengths(connection: sa.Connection) -> list[int]:
    """Return the lengths in use: one step in the index for each, however many entries have it."""
    length = allowlist.c.length
    shortest = sa.select(sa.func.min(length).label("length")).where(length >= 0)
    steps = shortest.cte("lengths", recursive=True)
    further = sa.select(sa.func.min(length)).where(length > steps.c.length).scalar_subquery()
    steps = steps.union_all(sa.select(further).where(steps.c.length.is_not(None)))
    return [row[0] for row in connection.execute(sa.select(steps.c.length)) if row[0] is not None]


def _entry(kind: str, value: str, why: str, allowed_by: str, time: float) -> Allowed:
    return Allowed(Subject(Kind(kind), value), why, allowed_by, time)

"""subjects - the rows of subjects: made where they are missing, found by value or by number."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from responder.blacklist import names
from responder.blacklist import subject as subjecting
from responder.blacklist.schema import subjects
from responder.blacklist.values import Kind, Subject
from responder.values import Prefix

AT_ONCE = 1000
"""How many values one statement names."""

Item = TypeVar("Item")


class Known(NamedTuple):
    """A subject with its number, and the prefix that it is where it is one."""

    id: int
    subject: Subject
    prefix: Prefix | None


def parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield *items* in lists that are short enough for one statement."""
    left = iter(items)
    while part := list(islice(left, AT_ONCE)):
        yield part


def adding(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert into *table* that can say what to do on conflict."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def made(connection: sa.Connection, wanted: Collection[Subject]) -> dict[Subject, int]:
    """Return the numbers of *wanted*, making the rows that are not there yet."""
    found = numbers(connection, wanted)
    missing = [one for one in dict.fromkeys(wanted) if one not in found]
    if missing:
        rows = [_row(one) for one in missing]
        connection.execute(adding(connection, subjects).on_conflict_do_nothing(index_elements=["value"]), rows)
        found |= numbers(connection, missing)
    return found


def numbers(connection: sa.Connection, wanted: Iterable[Subject]) -> dict[Subject, int]:
    """Return the numbers of those *wanted* that there are."""
    found: dict[Subject, int] = {}
    for part in parts(dict.fromkeys(one.value for one in wanted)):
        query = sa.select(subjects.c.id, subjects.c.kind, subjects.c.value).where(subjects.c.value.in_(part))
        found |= {Subject(Kind(kind), value): number for number, kind, value in connection.execute(query)}
    return found


def known(connection: sa.Connection, ids: Sequence[int]) -> list[Known]:
    """Return the subjects with the numbers *ids*."""
    found = []
    for part in parts(ids):
        columns = (subjects.c.id, subjects.c.kind, subjects.c.value, subjects.c.first, subjects.c.length)
        query = sa.select(*columns).where(subjects.c.id.in_(part))
        found += [
            Known(number, Subject(Kind(kind), value), None if first is None else Prefix.unpack(first, length))
            for number, kind, value, first, length in connection.execute(query)
        ]
    return found


def inside(network: Prefix) -> sa.ColumnElement[bool]:
    """Return the condition that a subject is an address or network inside *network*, or is that."""
    begins = subjects.c.first.between(network.packed, network.last.to_bytes(16))
    return sa.and_(begins, subjects.c.length >= network.length)


def below(domain: str) -> sa.ColumnElement[bool]:
    """Return the condition that a subject is *domain* or belongs to it: its subdomains, e-mail addresses, URLs."""
    begins = backwards(domain)
    return sa.and_(subjects.c.backwards >= begins, subjects.c.backwards < begins[:-1] + "/")  # "/" is next to "."


def backwards(domain: str) -> str:
    """Return *domain* with its labels turned round, each with a dot behind it."""
    return "".join(f"{label}." for label in reversed(domain.split(".")))


def crowd_key(network: Prefix) -> bytes:
    """Return how *network* is named in the column *crowd*."""
    return network.packed + bytes([network.length])


def _row(subject: Subject) -> dict[str, Any]:
    prefix = subjecting.prefix(subject)
    crowd = subjecting.crowd(prefix) if prefix else None
    host = "" if prefix else names.host_of(subject.value)
    return {
        "kind": subject.kind.value,
        "value": subject.value,
        "first": prefix.packed if prefix else None,
        "length": prefix.length if prefix else None,
        "crowd": crowd_key(crowd) if crowd else None,
        "backwards": backwards(host) if host else None,
    }

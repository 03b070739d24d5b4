"""reporters - who reports, in groups that weigh differently."""

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from responder.blacklist import audit, pen
from responder.blacklist.audit import Deed
from responder.blacklist.schema import groups, reporters
from responder.blacklist.subjects import adding, parts


class Group(NamedTuple):
    """A kind of reporters, and what one of each weighs."""

    name: str
    weight: float


class Reporter(NamedTuple):
    """Who reports, of which group, with what weight, since when."""

    name: str
    group: str
    weight: float
    added: float


def set_group(connection: sa.Connection, group: Group, *, actor: str, now: float) -> None:
    """Make *group*, or give it another weight, which counts in listings when they are next scored.

    Raises ValueError for a weight that is none.
    """
    if not group.name.strip() or not 0 <= group.weight <= 1000:
        raise ValueError(
            f"{group.name!r} cannot weigh {group.weight:g}; a group has a name and a weight from 0 to 1000"
        )
    pen.take(connection)
    put = adding(connection, groups).values(**group._asdict())
    connection.execute(put.on_conflict_do_update(index_elements=["name"], set_={"weight": group.weight}))
    audit.record(connection, [Deed(now, actor, "group", "", f"{group.name} weighs {group.weight:g}")])


def all_groups(connection: sa.Connection) -> list[Group]:
    """Return the groups, by name."""
    query = sa.select(groups.c.name, groups.c.weight).where(groups.c.name > "").order_by(groups.c.name)
    return [Group(*row) for row in connection.execute(query)]


def add(connection: sa.Connection, name: str, group: str, *, actor: str, now: float) -> bool:
    """Make *name* a reporter of *group*, or move it there; tell whether that changed anything.

    Raises ValueError for a group that is not there.
    """
    if not name.strip():
        raise ValueError("a reporter has a name")
    number = connection.execute(sa.select(groups.c.id).where(groups.c.name == group)).scalar()
    if number is None:
        known = ", ".join(one.name for one in all_groups(connection))
        raise ValueError(f"there is no group {group!r}; there are {known}")
    pen.take(connection)
    put = adding(connection, reporters).values(name=name, group=number, added=now)
    moved = put.on_conflict_do_update(
        index_elements=["name"], set_={"group": number}, where=reporters.c.group != put.excluded.group
    )
    changed = connection.execute(moved.returning(reporters.c.id)).first() is not None
    if changed:
        audit.record(connection, [Deed(now, actor, "reporter", "", f"{name} is of group {group}")])
    return changed


def all_reporters(connection: sa.Connection) -> list[Reporter]:
    """Return the reporters, by name."""
    query = (
        sa.select(reporters.c.name, groups.c.name, groups.c.weight, reporters.c.added)
        .join(groups, groups.c.id == reporters.c.group)
        .where(reporters.c.name > "")
        .order_by(reporters.c.name)
    )
    return [Reporter(*row) for row in connection.execute(query)]


def numbers(connection: sa.Connection, wanted: Iterable[str]) -> dict[str, int]:
    """Return the numbers of the reporters *wanted*; raises ValueError naming those that are not there."""
    names = list(dict.fromkeys(wanted))
    found: dict[str, int] = {}
    for part in parts(names):
        rows = connection.execute(sa.select(reporters.c.name, reporters.c.id).where(reporters.c.name.in_(part)))
        found |= {row.name: row.id for row in rows}
    missing = [name for name in names if name not in found]
    if missing:
        add_one = f"responder blacklist reporter add {missing[0]} --group GROUP"
        raise ValueError(f"{', '.join(map(repr, missing))}: no such reporter; say `{add_one}` first")
    return found

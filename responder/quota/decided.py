"""decided - overrides and suspensions in the database, as services read them and administrators change them.

Whoever changes one makes the version grow in the same transaction; services look
at it every second, and read the tables again when it is another.
"""

import json
from typing import Any, NamedTuple

import sqlalchemy as sa

from responder.limits import Allowance
from responder.quota import schema
from responder.quota.standing import Standing, Suspension


class Override(NamedTuple):
    """An allowance given by hand, as texts."""

    quota: str
    limits: list[str]
    since: float
    by: str


def version(connection: sa.Connection) -> int:
    """Return the number of the latest change."""
    return int(connection.execute(sa.select(schema.changes.c.version).where(schema.changes.c.id == 1)).scalar_one())


def standing(connection: sa.Connection) -> Standing:
    """Return what holds now."""
    rows = connection.execute(sa.select(schema.overrides))
    allowances = {(row.quota, row.key): Allowance.parse(json.loads(row.limits)) for row in rows}
    suspended = [Suspension(*row) for row in connection.execute(sa.select(schema.suspensions))]
    return Standing(allowances, {(one.quota, one.key): one for one in suspended})


def override(connection: sa.Connection, quota: str, key: str, allowance: Allowance, *, since: float, by: str) -> None:
    """Give *key* an allowance of its own, under one quota or ("") all of them."""
    drop_override(connection, quota, key)
    row = {"quota": quota, "key": key, "limits": json.dumps(allowance.texts()), "since": since, "by": by}
    connection.execute(sa.insert(schema.overrides).values(row))


def drop_override(connection: sa.Connection, quota: str, key: str) -> int:
    """Let *key* have what the settings say again; return how many overrides that ended."""
    _changed(connection)
    return _drop(connection, schema.overrides, quota, key)


def suspend(connection: sa.Connection, suspension: Suspension) -> None:
    """Keep somebody from sending."""
    _changed(connection)
    _drop(connection, schema.suspensions, suspension.quota, suspension.key)
    connection.execute(sa.insert(schema.suspensions).values(suspension._asdict()))


def resume(connection: sa.Connection, key: str) -> int:
    """End every suspension of *key*; return how many there were."""
    _changed(connection)
    return connection.execute(sa.delete(schema.suspensions).where(schema.suspensions.c.key == key)).rowcount


def prune(connection: sa.Connection, now: float) -> None:
    """Forget suspensions that are over."""
    connection.execute(sa.delete(schema.suspensions).where(schema.suspensions.c.until < now))


def _changed(connection: sa.Connection) -> None:
    """Count a change; it also makes those who change something wait for each other."""
    changes = schema.changes
    connection.execute(sa.update(changes).where(changes.c.id == 1).values(version=changes.c.version + 1))


def _drop(connection: sa.Connection, table: Any, quota: str, key: str) -> int:
    return int(connection.execute(sa.delete(table).where(table.c.quota == quota, table.c.key == key)).rowcount)


def overrides_of(connection: sa.Connection, key: str) -> list[Override]:
    """Return the overrides of *key*."""
    table = schema.overrides
    rows = connection.execute(sa.select(table).where(table.c.key == key).order_by(table.c.quota))
    return [Override(row.quota, json.loads(row.limits), row.since, row.by) for row in rows]

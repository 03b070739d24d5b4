"""pen - one writes at a time, and changes are numbered in the order in which they can be seen.

Every transaction that changes the blacklist takes the pen first and keeps it to
its end: on PostgreSQL the lock of the one row here, on SQLite the write lock that
a transaction takes as it begins.  So nobody reads what another is about to
change, no vote is lost, no two wait for each other, and whoever has seen change
number 7 will never see a new number 6.

PostgreSQL tells every listener of CHANNEL the number as the change is committed.

Falls short: writers on PostgreSQL wait for each other even where they change
different things; each keeps the pen for a few statements.
"""

import sqlalchemy as sa

from responder.blacklist.schema import pen

CHANNEL = "responder_blacklist"


def take(connection: sa.Connection) -> None:
    """Wait until no other transaction writes, and let none write before this one ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(pen.c.number).where(pen.c.id == 1).with_for_update())


def number(connection: sa.Connection) -> int:
    """Return the number of the change that this transaction, which has the pen, makes."""
    turned = pen.update().where(pen.c.id == 1).values(number=pen.c.number + 1).returning(pen.c.number)
    made = int(connection.execute(turned).scalar_one())
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_notify(CHANNEL, str(made))))
    return made


def last(connection: sa.Connection) -> int:
    """Return the number of the last change."""
    return int(connection.execute(sa.select(pen.c.number).where(pen.c.id == 1)).scalar_one())

"""databases - a database that a URL names, SQLite or PostgreSQL: opened safely, migrated, its errors ours.

SQLite runs in WAL mode with foreign keys on, and a transaction takes the write
lock as it begins, so two writers wait for each other and neither fails half way.
PostgreSQL runs at READ COMMITTED: who changes what others change, too, locks the
row first.  Who only reads sees one state from the first question to the last.

    engine = databases.connect("sqlite:////var/lib/responder/blacklist.db", MIGRATIONS, "0001")
    with databases.transaction(engine) as connection:
        connection.execute(...)

A file that root makes belongs to whom its folder belongs to: the daemon is nobody
special, and must not be locked out of what a command made.

The state store is not opened here: it is one process's own (store/database.py).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from responder.errors import StoreError

PATIENCE = 5.0  # seconds that a server that does not answer may keep us waiting
TURN = 30.0  # seconds that other writers may: those of SQLite do not queue, and who has bad luck is passed by several
_FORGOTTEN = 300.0  # seconds after which PostgreSQL ends a transaction in which nothing happens
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite"}
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
"""A server that vanished without a word is given up after half a minute, not after the two hours that TCP takes."""
_MIGRATING = 0x7265_7370  # PostgreSQL's advisory lock, lest two hosts migrate at once


def parse_url(text: str) -> sa.URL:
    """Return the URL that *text* is, with the driver we use.

    Raises ValueError saying what would be right.
    """
    try:
        url = sa.make_url(text)
    except ArgumentError:
        url = None
    driver = _DRIVERS.get(url.get_backend_name()) if url else None
    if url is None or driver is None:
        raise ValueError("write sqlite:////var/lib/responder/blacklist.db or postgresql://user@host/database")
    return url.set(drivername=driver)


def connect(url: str, migrations: Path, head: str, turn: float = TURN) -> sa.Engine:
    """Return an engine for *url*, whose tables *migrations* (an Alembic folder) brought to *head*.

    *turn* is how long to wait, in seconds, for others who write into a file of SQLite.

    Raises StoreError.
    """
    try:
        parsed = parse_url(url)
    except ValueError as error:
        raise StoreError(f"{url!r} names no database that we can use; {error}") from None
    if parsed.get_backend_name() == "sqlite":
        _make_for_its_folder(Path(parsed.database or ":memory:"))
        engine = sa.create_engine(parsed, connect_args={"timeout": turn})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        arguments = {"connect_timeout": int(PATIENCE), "application_name": "responder", **_ALIVE}
        engine = sa.create_engine(parsed, connect_args=arguments, pool_pre_ping=True)
        event.listen(engine, "connect", _prepare_postgresql)
    try:
        _migrate(engine, migrations, head)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _make_for_its_folder(path: Path) -> None:
    if os.geteuid() == 0 and path.is_absolute():
        with suppress(OSError):  # it is there already, or SQLite will say why it cannot be
            owner, file = path.parent.stat(), os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            os.fchown(file, owner.st_uid, owner.st_gid)
            os.close(file)


def _prepare_sqlite(raw: Any, _record: Any) -> None:
    raw.isolation_level = None  # SQLAlchemy begins and ends transactions, not sqlite3
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000"):
        raw.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(raw: Any, _record: Any) -> None:
    """Wait for no lock for ever, and hold none that long: a host that is gone must not stop the others."""
    raw.execute(f"SET lock_timeout = '{TURN:g}s'")
    raw.execute(f"SET idle_in_transaction_session_timeout = '{_FORGOTTEN:g}s'")
    raw.commit()


def _begin_sqlite(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection within one transaction that may write; what fails inside is undone and told as StoreError."""
    with translated(engine), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection that sees one state of the database and waits for no writer."""
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {"reading": True}
    with translated(engine), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def translated(engine: sa.Engine) -> Iterator[None]:
    """Turn the trouble of SQLAlchemy and its drivers inside into StoreErrors that name the database."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        raise StoreError(f"{name(engine)}: {cause}") from error


def name(engine: sa.Engine) -> str:
    """Return what to call the database in messages: its URL without the password."""
    return engine.url.render_as_string(hide_password=True)


def _migrate(engine: sa.Engine, migrations: Path, head: str) -> None:
    with transaction(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        migrate(connection, migrations, head)


def migrate(connection: sa.Connection, migrations: Path, head: str) -> None:
    """Bring the tables to *head*, the newest of *migrations* (an Alembic folder), within a transaction.

    Raises StoreError for a database that is newer.
    """
    if sa.inspect(connection).has_table("alembic_version"):
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if version == head:
            return
    from alembic import command  # noqa: PLC0415 - 150 ms that only a new or old database needs
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"{name(connection.engine)}: was made by a newer responder: {error}") from None

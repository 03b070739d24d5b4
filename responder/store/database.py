"""database - one SQLite file, opened safely.

WAL with synchronous=NORMAL: after a power failure the file is whole and at most
the last transactions are missing, positions in the logs included, so the same
lines are read again.  Transactions that nothing can bring back (an
administrator's command) are written with synchronous=FULL.

A file that SQLite calls corrupt is moved aside, never deleted.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from responder import databases
from responder.errors import StoreError

HEAD = "0005"
"""The newest migration; Alembic is only loaded when the file is not there yet."""

_PATIENCE = 5.0  # seconds that a reader of the file may keep us waiting
_LOGGED = 4000  # pages, 16 MB: what is written again before they are copied into the file is copied once
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NO_TEXT = "Could not decode to UTF-8"  # Python's own finding, which has no code


class CorruptError(StoreError):
    """SQLite finds the file damaged."""


class Lock:
    """The one daemon that may use a state folder; released when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock, or raise StoreError saying who has it."""
        path = folder / "lock"
        try:
            self._file = path.open("a+", encoding="ascii")
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise StoreError(f"{folder}: another responder (process {owner}) uses this state folder") from None
        try:
            self._file.truncate(0)
            os.write(self._file.fileno(), b"%d\n" % os.getpid())
        except OSError as error:
            self._file.close()
            raise StoreError(f"{path}: cannot be written: {error.strerror}") from None

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()


def connect(path: Path) -> sa.Connection:
    """Return a connection to the database in *path*, created or migrated as needed.

    Raises CorruptError, or StoreError for any other trouble.
    """
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool, connect_args={"timeout": _PATIENCE})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with translated(path):
        connection = engine.connect()
        try:
            with connection.begin():
                databases.migrate(connection, Path(__file__).parent / "migrations", HEAD)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(raw: Any, _record: Any) -> None:
    raw.isolation_level = None  # SQLAlchemy begins and ends transactions, not sqlite3
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-8000",
        f"wal_autocheckpoint={_LOGGED}",
    ):
        raw.execute(f"PRAGMA {pragma}")


def synchronous(connection: sa.Connection, level: Literal["NORMAL", "FULL"]) -> None:
    """Set how long the next transactions wait for the disk; not inside a transaction."""
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(f"PRAGMA synchronous={level}")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the trouble of SQLAlchemy and SQLite inside into StoreErrors that name *path*."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        corrupt = getattr(cause, "sqlite_errorcode", 0) & 0xFF in _CORRUPT or str(cause).startswith(_NO_TEXT)
        kind = CorruptError if corrupt else StoreError
        raise kind(f"{path}: {cause}") from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn trouble inside into StoreErrors as `translated` does, and values that we never wrote into CorruptErrors."""
    try:
        with translated(path):
            yield
    except (ValueError, TypeError) as error:
        raise CorruptError(f"{path}: holds a value that was damaged: {error}") from None


def set_aside(path: Path, now: float) -> Path:
    """Move a corrupt database and what belongs to it out of the way, and return its new path."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{path.name}.corrupt-{stamp}"
    kept = path.with_name(name)
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{name}-{number}")
    try:
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(kept.with_name(kept.name + suffix))
    except OSError as error:
        raise StoreError(f"{path}: is corrupt and cannot be moved aside: {error.strerror}") from None
    return kept

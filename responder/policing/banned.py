"""banned - the bans of this host, read from the daemon's state store beside it, and never written.

While nothing was written there, a look costs one question to SQLite.  Bans that
leave port 25 and the ports of submission open are none here.  When the daemon has
begun a new file, all is read anew.  Raises StoreError where the file cannot be
read; what was read before stays true as far as anybody knows.
"""

from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa

from responder.errors import StoreError
from responder.policing.changes import NOTHING, Changes
from responder.quota.barred import Bar
from responder.store import database
from responder.store.schema import bans
from responder.values import Prefix, Scope

_SMTP = {25, 465, 587}
_ANY_THREAD = {"check_same_thread": False}  # one at a time looks, each time another
_WHO = (bans.c.id, bans.c.network, bans.c.length)


class Banned:
    """Reads the store in *path*."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sa.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._version = self._last = -1

    def changes(self, now: float) -> Changes:
        """Return what is new."""
        with database.reading(self._path):
            anew = self._open()
            assert self._connection
            with self._connection.begin():
                version = int(self._connection.exec_driver_sql("PRAGMA data_version").scalar_one())
                if version == self._version:
                    return NOTHING
                found = self._news(now, anew)
            self._version = version
            return found

    def close(self) -> None:
        """Let go of the file."""
        if self._connection:
            self._connection.close()
            self._connection.engine.dispose()
        self._connection, self._version, self._last = None, -1, -1

    def _open(self) -> bool:
        """Open the file, unless it is the one that is open; tell whether it is another."""
        try:
            there = self._path.stat()
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}") from None
        if self._connection and self._file == (there.st_dev, there.st_ino):
            return False
        self.close()
        url = f"sqlite:///file:{self._path}?mode=ro&uri=true"
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool, connect_args=_ANY_THREAD)
        self._connection, self._file = engine.connect(), (there.st_dev, there.st_ino)
        return True

    def _news(self, now: float, anew: bool) -> Changes:
        assert self._connection
        query = sa.select(*_WHO, bans.c.scope, bans.c.expires, bans.c.reason).where(bans.c.ended.is_(None))
        newer = bans.c.expires > now if anew else sa.and_(bans.c.id > self._last, sa.literal_column("+expires") > now)
        rows = self._connection.execute(query.where(newer)).all()
        lifted = sa.select(*_WHO).where(bans.c.expires > now, bans.c.ended.is_not(None))
        gone = [] if anew else self._connection.execute(lifted).all()
        self._last = max([self._last, *(row.id for row in rows)])
        return Changes(
            [
                (Prefix.unpack(row.network, row.length), Bar(row.id, row.expires, row.reason))
                for row in rows
                if _concerns_mail(row.scope)
            ],
            [(Prefix.unpack(row.network, row.length), row.id) for row in gone],
            anew,
        )


@lru_cache
def _concerns_mail(scope: str) -> bool:
    found = Scope.parse(scope)
    return not (found.ports or found.udp) or not _SMTP.isdisjoint(found.ports)

"""taker - the listings of a level are told to the daemon: all of them once, then what changes.

PostgreSQL says when something changed; beside that the number of the last change
is asked for every second, which is all there is with SQLite.  The daemon answers
each part before it is sent the next, so neither side holds more than one.

Falls short: domains, e-mail addresses and URLs are nothing that a firewall knows.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from queue import SimpleQueue
from typing import Self

import sqlalchemy as sa

from responder import databases
from responder.blacklist import entries, pen
from responder.blacklist.service.link import Link
from responder.blacklist.subject import NUMERIC
from responder.blacklist.values import Level
from responder.errors import StoreError
from responder.framing import Message
from responder.values import Prefix

_LOOK_EVERY = 1.0
_AT_ONCE = 500
_TOLD_EVERY = 10.0
Row = tuple[int, int, float, float, str]


class Taker:
    """Tells of listings on *level*; `answered` and `again` may be called from another thread."""

    def __init__(self, link: Link, level: Level) -> None:
        self._link, self._level = link, level
        self._answers: SimpleQueue[None] = SimpleQueue()
        self._again = True
        self._last = 0
        self._told_at = 0.0

    def answered(self) -> None:
        """Take note that the daemon has done what it was told."""
        self._answers.put(None)

    def again(self) -> None:
        """Tell everything once more."""
        self._again = True

    def run(self) -> None:
        """Work for ever."""
        while True:
            self._link.insist("listings", self._follow)

    def _follow(self) -> None:
        engine = self._link.engine()
        self._again, self._told_at = True, 0.0  # whatever was missed while the database was away
        with _Bell(engine) as bell:
            while True:
                self._look(engine)
                bell.wait()

    def _look(self, engine: sa.Engine) -> None:
        if self._again:
            self._again = False
            self._tell_all(engine)
        with databases.reading(engine) as connection:
            if pen.last(connection) != self._last:
                self._tell(self._changed(entries.changes(connection, self._last)))
        now = time.time()
        if not 0 <= now - self._told_at < _TOLD_EVERY:
            self._told_at = now
            self._link.fare("listings", error="", at=now)

    def _tell_all(self, engine: sa.Engine) -> None:
        now = time.time()
        with databases.reading(engine) as connection:
            self._last = pen.last(connection)
            listed = entries.entries(connection, self._level, now, NUMERIC)
            self._ask({"take": "begin"})
            self._tell(
                (*Prefix.parse(one.subject.value), one.since, one.until, self._why(one.category, one.reason))
                for one in listed
            )
        self._ask({"take": "end"})

    def _changed(self, changes: Iterable[entries.Changed]) -> Iterator[Row]:
        for number, subject, listing in changes:
            self._last = number
            if subject.kind in NUMERIC:
                prefix = Prefix.parse(subject.value)
                if listing is None:
                    yield (*prefix, 0.0, 0.0, "")
                else:
                    why = self._why(listing.category, listing.reason)
                    yield (*prefix, listing.since, listing.until(self._level), why)

    def _tell(self, rows: Iterable[Row]) -> None:
        left = iter(rows)
        while part := list(islice(left, _AT_ONCE)):
            self._ask({"take": part})

    def _ask(self, message: Message) -> None:
        self._link.say(message)
        self._answers.get()

    def _why(self, category: str, reason: str) -> str:
        return f"on the blacklist ({self._level.name.lower()}): {category}{': ' if category else ''}{reason}"


class _Bell:
    """Waits a second, or until PostgreSQL says that something changed."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: sa.Connection | None = None

    def __enter__(self) -> Self:
        if self._engine.dialect.name == "postgresql":
            with databases.translated(self._engine):
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._connection.exec_driver_sql(f"LISTEN {pen.CHANNEL}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.invalidate()  # nobody else may be given one that listens
            self._connection.close()

    def wait(self) -> None:
        """Return when it is time to look; raises StoreError where the server is gone."""
        if self._connection is None:
            time.sleep(_LOOK_EVERY)
            return
        raw = self._connection.connection.driver_connection
        assert raw is not None
        try:
            for _ in raw.notifies(timeout=_LOOK_EVERY, stop_after=1):
                pass
        except self._engine.dialect.dbapi.Error as error:  # type: ignore[union-attr]
            raise StoreError(f"{databases.name(self._engine)}: {error}") from error

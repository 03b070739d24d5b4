"""listed - the listings of the blacklist that clients are refused for, and what is allowed inside them.

While nothing changed there, a look costs one question; else what changed since the
last change that was seen.  Raises StoreError.

Falls short: an entry of the allowlist that changes no listing (inside a listed
network) is seen within a minute.
"""

import sqlalchemy as sa

from responder import databases
from responder.blacklist import allowlist, database, entries, pen
from responder.blacklist import subject as subjecting
from responder.blacklist.subject import NUMERIC
from responder.blacklist.values import Level
from responder.decide.allowlist import Allowed
from responder.policing.changes import NOTHING, Changes
from responder.quota.barred import Bar
from responder.values import Prefix

_LOOK_EVERY = 60.0  # seconds


class Listed:
    """Reads the blacklist at *url*, on *level* and above."""

    def __init__(self, url: str, level: Level) -> None:
        self._url, self._level = url, level
        self._engine: sa.Engine | None = None
        self._last = -1
        self._looked = 0.0
        self.allowed: tuple[Allowed, ...] | None = None

    def changes(self, now: float) -> Changes:
        """Return what is new; `allowed` is what must not be refused though it is inside, None before the first look."""
        if self._engine is None:
            self._engine = database.connect(self._url)
        with databases.reading(self._engine) as connection:
            last = pen.last(connection)
            if last != self._last or not 0 <= now - self._looked < _LOOK_EVERY:
                self.allowed, self._looked = tuple(_exclusions(connection)), now
            if last == self._last:
                return NOTHING
            found = self._all(connection, now) if self._last < 0 else self._since(connection, now)
        self._last = last
        return found

    def close(self) -> None:
        """Let go of the database."""
        if self._engine:
            self._engine.dispose()

    def _all(self, connection: sa.Connection, now: float) -> Changes:
        found = entries.entries(connection, self._level, now, NUMERIC)
        put = [(Prefix.parse(one.subject.value), Bar(0, one.until, one.reason)) for one in found]
        return Changes(put, [], anew=True)

    def _since(self, connection: sa.Connection, now: float) -> Changes:
        found = Changes([], [])
        for _, subject, listing in entries.changes(connection, self._last):
            prefix = subjecting.prefix(subject)
            if prefix and listing and listing.until(self._level) > now:
                found.put.append((prefix, Bar(0, listing.until(self._level), listing.reason)))
            elif prefix:
                found.dropped.append((prefix, 0))
        return found


def _exclusions(connection: sa.Connection) -> list[Allowed]:
    found = ((subjecting.prefix(one.subject), one.why) for one in allowlist.exclusions(connection))
    return [Allowed(prefix, why) for prefix, why in found if prefix]

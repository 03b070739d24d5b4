"""counters - the durable side of quotas: what one host counted is written, what others counted is read.

Every account is one row for each host, written whole: to write it twice is to
write it once, so that a crash or a broken connection at any instant doubles
nothing.  Each writing is one transaction.  A host's rows belong to the process
that opened them last; one that it replaced writes no more, and is told.

    counters = Counters.open("sqlite:////var/lib/responder/quota.db", "mx1", most=200_000)
    rows = counters.rows()                       # what still counts, after a restart
    news = counters.exchange(batch, known)       # write, and see what is new

Calls wait for the database, hence for a thread of its own (service.py).  Raises StoreError.
"""

import contextlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import sqlalchemy as sa

from responder import databases
from responder.errors import StoreError
from responder.quota import decided, schema
from responder.quota.standing import Standing, Suspension

HEAD = "0001"
_MIGRATIONS = Path(__file__).parent / "migrations"
_TURN = 5.0  # seconds that somebody who looks into the file may keep the writing of counts waiting
_PRUNED_AT_ONCE = 5000

# All rows of a batch in one statement: an interpreter that is busy answering is waited for once, not for every row.
_WRITE = {
    "sqlite": "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), :host, json_extract(value, '$[2]'),"
    " json_extract(value, '$[3]'), :seq FROM json_each(:rows) WHERE true",
    "postgresql": "SELECT value ->> 0, value ->> 1, :host, value ->> 2, CAST(value ->> 3 AS float), :seq"
    " FROM jsonb_array_elements(CAST(:rows AS jsonb))",
}
_UPSERT = (
    "INSERT INTO quota_counts (quota, key, host, state, ends, seq) {}"
    " ON CONFLICT (quota, key, host) DO UPDATE SET state = excluded.state, ends = excluded.ends, seq = excluded.seq"
)


class SupersededError(StoreError):
    """Another process writes for this host now."""


class Row(NamedTuple):
    """What *host* counted of an account, as `Account.state` gave it."""

    quota: str
    key: str
    host: str
    state: list[list[Any]]


class Batch(NamedTuple):
    """What is to be written: each row as `encode` gave it, and new suspensions."""

    rows: Sequence[str] = ()
    suspensions: Sequence[Suspension] = ()


class News(NamedTuple):
    """What others changed: their rows, and the standing where it is another than *version* was."""

    rows: Sequence[Row]
    version: int
    standing: Standing | None


def encode(quota: str, key: str, state: list[list[Any]], ends: float) -> str:
    """Return a row of a Batch."""
    return json.dumps([quota, key, state, ends])


class Counters:
    """The database, for *host*; *most* is how many accounts are read back."""

    def __init__(self, engine: sa.Engine, host: str, most: int) -> None:
        self._engine, self.host, self._most = engine, host, most
        self._token = secrets.token_hex(8)
        self._replaced: str | None = None
        self._read: dict[str, int] = {}
        self._seq = 0
        self.shared = engine.dialect.name != "sqlite"
        self._upsert = sa.text(_UPSERT.format(_WRITE[engine.dialect.name]))

    @classmethod
    def open(cls, url: str, host: str, most: int) -> Self:
        """Open the database, and take over the rows of *host*."""
        counters = cls(connect(url), host, most)
        try:
            counters._take_over()
        except BaseException:
            counters.close()
            raise
        return counters

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def rows(self, now: float) -> list[Row]:
        """Return what counts at *now*: the latest *most* of our own rows, and all that others wrote."""
        with databases.reading(self._engine) as connection:
            heads = self._heads(connection)
            own = (
                sa.select(schema.counts)
                .where(schema.counts.c.host == self.host, schema.counts.c.ends > now)
                .order_by(schema.counts.c.seq.desc())
                .limit(self._most)
            )
            found = [_row(row) for row in connection.execute(own)]
            return found + list(self._others(connection, heads))

    def exchange(self, batch: Batch, version: int) -> News:
        """Write *batch*, and return what is new since the last time, and since the standing was that of *version*."""
        if batch.rows or batch.suspensions:
            with databases.transaction(self._engine) as connection:
                self._write(connection, batch)
        with databases.reading(self._engine) as connection:
            latest = decided.version(connection)
            standing = decided.standing(connection) if latest != version else None
            rows = list(self._others(connection, self._heads(connection))) if self.shared else []
        return News(rows, latest, standing)

    def prune(self, now: float) -> int:
        """Remove what ended before *now*, some thousands at most; return how many rows went."""
        counts = schema.counts
        stale = sa.select(counts.c.quota, counts.c.key, counts.c.host).where(counts.c.ends < now).limit(_PRUNED_AT_ONCE)
        names = sa.tuple_(counts.c.quota, counts.c.key, counts.c.host)
        with databases.transaction(self._engine) as connection:
            gone = connection.execute(sa.delete(counts).where(names.in_(stale), counts.c.ends < now)).rowcount
            decided.prune(connection, now)
        return int(gone)

    def _take_over(self) -> None:
        hosts = schema.hosts
        with databases.transaction(self._engine) as connection:
            self._replaced = self._owner(connection)
            self._own(connection)
            query = sa.select(hosts.c.seq).where(hosts.c.host == self.host)
            self._seq = int(connection.execute(query).scalar_one())

    def _owner(self, connection: sa.Connection) -> str | None:
        hosts = schema.hosts
        return connection.execute(sa.select(hosts.c.token).where(hosts.c.host == self.host)).scalar()

    def _own(self, connection: sa.Connection) -> None:
        hosts = schema.hosts
        mine = sa.update(hosts).where(hosts.c.host == self.host).values(token=self._token)
        if not connection.execute(mine).rowcount:
            connection.execute(sa.insert(hosts).values(host=self.host, token=self._token, seq=0))

    def _write(self, connection: sa.Connection, batch: Batch) -> None:
        hosts = schema.hosts
        self._seq = seq = self._seq + 1  # never twice: a writing of which we do not know whether it was done, was seen
        ours = sa.update(hosts).where(hosts.c.host == self.host, hosts.c.token == self._token).values(seq=seq)
        if not connection.execute(ours).rowcount:
            # A server that crashed, or a copy of it that took its place, may lack what it said was done.
            if self._owner(connection) not in (None, self._replaced):
                raise SupersededError(f"another policy service counts for the host {self.host} now; end one of them")
            self._own(connection)
            connection.execute(ours)
        if batch.rows:
            rows = f"[{','.join(batch.rows)}]"
            connection.execute(self._upsert, {"host": self.host, "seq": seq, "rows": rows})
        for suspension in batch.suspensions:
            decided.suspend(connection, suspension)

    def _heads(self, connection: sa.Connection) -> dict[str, int]:
        query = sa.select(schema.hosts.c.host, schema.hosts.c.seq).where(schema.hosts.c.host != self.host)
        return {row.host: row.seq for row in connection.execute(query)}

    def _others(self, connection: sa.Connection, heads: Mapping[str, int]) -> Iterator[Row]:
        """Yield the rows that other hosts wrote since we last looked."""
        counts = schema.counts
        for host, seq in heads.items():
            last = self._read.get(host, -1)
            if seq > last:
                query = sa.select(counts).where(counts.c.host == host, counts.c.seq > last)
                yield from (_row(row) for row in connection.execute(query))
                self._read[host] = seq


def connect(url: str) -> sa.Engine:
    """Return an engine for the database of quotas at *url*, made or migrated as needed."""
    with contextlib.suppress(OSError, ValueError):  # connecting tells what is wrong
        parsed = databases.parse_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    return databases.connect(url, _MIGRATIONS, HEAD, _TURN)


def url(configured: str, state: str) -> str:
    """Return where the database is: the one *configured*, or a file in the *state* folder."""
    return configured or f"sqlite:///{state}/quota.db"


def _row(row: Any) -> Row:
    return Row(row.quota, row.key, row.host, json.loads(row.state))


def found(connection: sa.Connection, now: float, key: str = "", names: Iterable[str] = ()) -> Iterator[Row]:
    """Yield every host's rows that count at *now*: of one *key* under the quotas called *names*, or all."""
    query = sa.select(schema.counts).where(schema.counts.c.ends > now)
    if key:
        query = query.where(schema.counts.c.quota.in_(list(names)), schema.counts.c.key == key)
    for row in connection.execute(query):
        yield _row(row)

"""state - the state store: offences, bans and file positions, committed together.

Because a batch's offences, what they led to and the positions behind them are
one transaction, a crash at any instant leaves exactly what had been committed:
the rest is read again from the logs.

Falls short: one process at a time (see Lock); evidence lines are kept to 2,000
characters.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from responder.decide.tracker import Effect, Judgement
from responder.store import database
from responder.store.outbox import Outbox, Outgoing
from responder.store.schema import activity, bans, names, offences, positions, progress, responses
from responder.values import Ban, Offence, Position, Prefix, Scope

_LONGEST_LINE = 2000
_PRUNED_AT_ONCE = 5000
_new = tuple.__new__  # makes a NamedTuple in a third of the time; at a start there may be 100,000
_INSERT_OFFENCE = str(offences.insert().compile(dialect=sqlite.dialect()))
_INSERT_BAN = str(bans.insert().compile(dialect=sqlite.dialect()))
_END = (
    "UPDATE bans SET ended = ?, ended_by = ?, alone = ? WHERE network = ? AND length = ? AND ended IS NULL"
    " AND expires > ? AND (policy = ? AND rule = ? OR NOT ?)"
)
"""Given to the driver as it is: binding 1,000 rows by name costs three times as much."""


class Maker(NamedTuple):
    """What made a ban: a rule under a policy."""

    policy: str
    rule: str


class Lift(NamedTuple):
    """All bans of *prefix* so far ended before their time, at *at*, by whom; or those alone that *only* made."""

    prefix: Prefix
    at: float
    by: str
    only: Maker | None = None


class PastBan(NamedTuple):
    """A ban as the store remembers it; *ended* and *ended_by* where it was lifted, *alone* where others were not."""

    ban: Ban
    ended: float | None
    ended_by: str | None
    alone: bool = False


class Handled(NamedTuple):
    """An active response that was carried out: add or delete, of whom, because of which alert."""

    token: str
    action: str
    prefix: Prefix
    alert: str


@dataclass(slots=True)
class Batch:
    """What one turn of the daemon's loop has to make durable; grows while the store fails."""

    judgements: list[Judgement] = field(default_factory=list)
    changes: list[Ban | Lift] = field(default_factory=list)
    """In the order in which they were made: a lift ends what stands before it, here and in the store."""
    positions: dict[str, tuple[Position, ...]] = field(default_factory=dict)
    responses: list[Handled] = field(default_factory=list)
    activity: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    """By day, source and rule."""
    outgoing: list[Outgoing] = field(default_factory=list)
    """What the blacklist is to be told of the bans among the changes."""
    lag: float = 0.0

    def __bool__(self) -> bool:
        """Tell whether there is anything to commit."""
        owed = self.judgements, self.changes, self.positions, self.responses, self.activity, self.outgoing
        return any(owed)

    def judge(self, judgements: Sequence[Judgement]) -> list[tuple[Ban, Offence]]:
        """Add *judgements*; return the bans that they led to, with the offences that did."""
        self.judgements += judgements
        bans = [(ban, offence) for offence, _, ban in judgements if ban]
        self.changes += [ban for ban, _ in bans]
        return bans


class StateStore:
    """The database file of one daemon."""

    def __init__(self, path: Path) -> None:
        """Open *path*; raises StoreError or CorruptError."""
        self.path = path
        self._connection = database.connect(path)
        self.outbox = Outbox(self._connection, path)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        self._connection.engine.dispose()

    def commit(self, batch: Batch, now: float, *, durable: bool = False) -> None:
        """Write *batch* in one transaction; *durable* waits until the disk has it.  Raises StoreError."""
        with database.translated(self.path):
            database.synchronous(self._connection, "FULL" if durable else "NORMAL")
            with self._connection.begin():
                self._write(batch, now)

    def _write(self, batch: Batch, now: float) -> None:
        execute = self._connection.execute
        if batch.judgements:
            self._connection.exec_driver_sql(_INSERT_OFFENCE, _offence_rows(batch.judgements))
        for kind, alike in groupby(batch.changes, type):
            if kind is Ban:
                self._connection.exec_driver_sql(_INSERT_BAN, [_ban_row(ban) for ban in alike if isinstance(ban, Ban)])
            else:
                self._connection.exec_driver_sql(_END, [_end_row(one) for one in alike if isinstance(one, Lift)])
        for source, files in batch.positions.items():
            execute(positions.delete().where(positions.c.source == source))
            if files:
                execute(positions.insert(), [{"source": source, **at._asdict()} for at in files])
        if batch.responses:
            execute(responses.insert(), [_response_row(one) for one in batch.responses])
        self._count(batch.activity)
        self.outbox.put(batch.outgoing)
        execute(sa.delete(progress))
        execute(progress.insert(), {"id": 1, "committed": now, "lag": batch.lag})

    def _count(self, counts: Mapping[tuple[int, str, str], int]) -> None:
        if not counts:
            return
        adding = sqlite.insert(activity)
        adding = adding.on_conflict_do_update(
            index_elements=["day", "source", "rule"], set_={"count": activity.c.count + adding.excluded.count}
        )
        rows = [{"day": day, "source": source, "rule": rule, "count": n} for (day, source, rule), n in counts.items()]
        self._connection.execute(adding, rows)

    def activity(self) -> dict[tuple[str, str], dict[int, int]]:
        """Return how often each rule matched in each source (rule "": its lines), by day."""
        found: dict[tuple[str, str], dict[int, int]] = {}
        for day, source, rule, count in self._rows(sa.select(activity)):
            found.setdefault((source, rule), {})[day] = count
        return found

    def forget_activity(self, before: int) -> None:
        """Forget the counts of days before *before*.  Raises StoreError."""
        with database.translated(self.path), self._connection.begin():
            self._connection.execute(activity.delete().where(activity.c.day < before))

    def positions(self) -> dict[str, tuple[Position, ...]]:
        """Return how far each source was read."""
        found: dict[str, tuple[Position, ...]] = {}
        for source, *at in self._rows(sa.select(positions)):
            found[source] = (*found.get(source, ()), Position(*at))
        return found

    def recent_bans(self, since: float) -> list[PastBan]:
        """Return the bans that end or ended after *since*, oldest first."""
        query = _in_order(sa.select(bans), bans, bans.c.expires > since)
        with self._plain_rows(query) as rows:
            return list(map(_past_ban, rows))

    def responses(self, since: str) -> list[Handled]:
        """Return the active responses whose token is *since* or later, in their order."""
        query = sa.select(responses).where(responses.c.token >= since).order_by(responses.c.token)
        with database.reading(self.path):
            return [
                Handled(token, action, Prefix.unpack(network, length), alert)
                for token, action, network, length, alert in self._rows(query)
            ]

    def forget_responses(self, before: str) -> int:
        """Forget some of the active responses whose token is earlier than *before*; return how many went."""
        old = sa.select(responses.c.token).where(responses.c.token < before).limit(_PRUNED_AT_ONCE)
        with database.translated(self.path), self._connection.begin():
            return self._connection.execute(responses.delete().where(responses.c.token.in_(old))).rowcount

    def recent_judgements(self, span: float, *, lines: bool = True) -> Iterator[Judgement]:
        """Yield the judgements that windows of *span* seconds may still need, oldest first, with their *lines*.

        Raises CorruptError maybe only after some of them.
        """
        last = next(iter(self._rows(sa.select(progress.c.committed - progress.c.lag))), None)
        if last is None:
            return
        late = offences.c.time >= last[0] - span
        *columns, line = offences.c
        query = _in_order(sa.select(*columns, line if lines else sa.literal_column("''")), offences, late)
        with self._plain_rows(query) as rows:
            yield from map(read_judgement, rows)

    def offences_of(self, prefix: Prefix, most: int) -> list[Judgement]:
        """Return the latest *most* offences of the addresses in *prefix*, oldest first."""
        inside = offences.c.address.between(prefix.packed, prefix.last.to_bytes(16))
        query = sa.select(offences).where(inside).order_by(offences.c.time.desc(), offences.c.id.desc()).limit(most)
        with database.reading(self.path):
            return [read_judgement(row) for row in reversed(self._rows(query))]

    def bans_of(self, prefix: Prefix, most: int) -> list[PastBan]:
        """Return the latest *most* bans of networks that hold *prefix* or lie inside it, oldest first."""
        lengths = range(96 if prefix.family == 4 else 0, prefix.length + 1)
        wider = (Prefix(prefix.network >> 128 - length << 128 - length, length) for length in lengths)
        holding = sa.or_(*(sa.and_(*_is(network)) for network in wider))
        inside = bans.c.network.between(prefix.packed, prefix.last.to_bytes(16))
        latest = bans.c.id.desc()
        rows = {
            row.id: row
            for where in (holding, inside)
            for row in self._rows(sa.select(bans).where(where).order_by(latest).limit(most))
        }
        with database.reading(self.path):
            found = [_past_ban(rows[number]) for number in sorted(rows)]
        return [past for past in found if past.ban.prefix.covers(prefix) or prefix.covers(past.ban.prefix)][-most:]

    def names(self) -> dict[str, tuple[Prefix, ...]]:
        """Return what the allow-listed host names last resolved to."""
        found: dict[str, tuple[Prefix, ...]] = {}
        with database.reading(self.path):
            for host, address in self._rows(sa.select(names)):
                found[host] = (*found.get(host, ()), Prefix.unpack(address))
        return found

    def keep_names(self, resolved: Mapping[str, tuple[Prefix, ...]]) -> None:
        """Remember what the allow-listed host names resolve to.  Raises StoreError."""
        with database.translated(self.path), self._connection.begin():
            self._connection.execute(sa.delete(names))
            rows = [{"host": host, "address": at.packed} for host, found in resolved.items() for at in found]
            if rows:
                self._connection.execute(names.insert(), rows)

    def prune(self, offences_before: float, most_offences: int, bans_before: float) -> int:
        """Forget some of what is too old or too much, and return how many rows went; call again until 0."""
        old_offences = sa.select(offences.c.id).where(offences.c.time < offences_before).limit(_PRUNED_AT_ONCE)
        newest = sa.select(sa.func.max(offences.c.id)).scalar_subquery()
        surplus = sa.select(offences.c.id).where(offences.c.id <= newest - most_offences).limit(_PRUNED_AT_ONCE)
        old_bans = sa.select(bans.c.id).where(bans.c.expires < bans_before).limit(_PRUNED_AT_ONCE)
        with database.translated(self.path), self._connection.begin():
            return sum(
                self._connection.execute(table.delete().where(table.c.id.in_(ids))).rowcount
                for table, ids in ((offences, old_offences), (offences, surplus), (bans, old_bans))
            )

    def _rows(self, query: sa.Select[Any]) -> list[Any]:
        with database.reading(self.path), self._connection.begin():
            return list(self._connection.execute(query).all())

    @contextmanager
    def _plain_rows(self, query: sa.Select[Any]) -> Iterator[Iterator[Any]]:
        """Give the rows of *query* as the driver has them; to make SQLAlchemy's of 100,000 takes as long again."""
        with database.reading(self.path), self._connection.begin(), closing(self._connection.execute(query)) as result:
            cursor: Any = result.cursor
            yield cursor


def _offence_rows(judgements: Iterable[Judgement]) -> list[tuple[Any, ...]]:
    return [
        (None, time, address.network.to_bytes(16), rule, policy, weight, _NAMES[effect], line[:_LONGEST_LINE])
        for (address, rule, policy, weight, time, line), effect, _ in judgements
    ]


def read_judgement(row: Any) -> Judgement:
    """Return the judgement that a row of `offences` holds."""
    _, time, address, rule, policy, weight, effect, line = row
    prefix = _new(Prefix, (int.from_bytes(address), 128))
    offence = _new(Offence, (prefix, intern(rule), intern(policy), weight, time, line))
    return _new(Judgement, (offence, _EFFECTS[effect], None))


def _ban_row(ban: Ban) -> tuple[Any, ...]:
    prefix, scope, policy, rule, start, expires, nth, reason = ban
    row = (prefix.packed, prefix.length, str(scope), policy, rule, start, expires, nth, reason)
    return None, *row, None, None, False


def _end_row(lift: Lift) -> tuple[Any, ...]:
    alone = lift.only is not None
    whose = (lift.prefix.packed, lift.prefix.length, lift.at, *(lift.only or Maker("", "")), alone)
    return lift.at, lift.by, alone, *whose


def _past_ban(row: Any) -> PastBan:
    _, network, length, scope, policy, rule, start, expires, nth, reason, ended, ended_by, alone = row
    prefix = _new(Prefix, (int.from_bytes(network), length))
    # What thousands have in common is held once.
    ban = _new(Ban, (prefix, _scope(scope), intern(policy), intern(rule), start, expires, nth, intern(reason)))
    return _new(PastBan, (ban, ended, ended_by, bool(alone)))


def _response_row(one: Handled) -> dict[str, Any]:
    return {
        "token": one.token,
        "action": one.action,
        "network": one.prefix.packed,
        "length": one.prefix.length,
        "alert": one.alert,
    }


_EFFECTS = {effect.value: effect for effect in Effect}
_NAMES = {effect: name for name, effect in _EFFECTS.items()}
_scope = lru_cache(Scope.parse)


def _in_order(query: sa.Select[Any], table: sa.Table, where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return *query* for the rows *where* so, in the order of their ids: these alone are sorted, not whole rows."""
    return query.where(table.c.id.in_(sa.select(table.c.id).where(where))).order_by(table.c.id)


def _is(prefix: Prefix) -> tuple[sa.ColumnElement[bool], ...]:
    return bans.c.network == prefix.packed, bans.c.length == prefix.length

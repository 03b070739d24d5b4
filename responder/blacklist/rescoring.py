"""rescoring - every listing computed anew from the reports; and what is too old to count forgotten.

Needed when weights or settings changed, and now and then to keep the database
small.  It goes through the subjects in small parts, reads without the pen and
takes it only for what is to be changed, so that others write meanwhile.

What is forgotten can change no listing: reports more than *memory* before the
last evidence about their subject, and all of a subject of which nothing was heard
for twice that long.
"""

from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

import sqlalchemy as sa

from responder import databases
from responder.blacklist import facts, listings, pen, scoring, subjects
from responder.blacklist import schema as tables
from responder.blacklist import subject as subjecting
from responder.blacklist.facts import Fact
from responder.blacklist.scoring import Scoring
from responder.blacklist.subjects import AT_ONCE, parts
from responder.values import Prefix

Progress = Callable[[int], None]
_PRUNED_AT_ONCE = 5000


class Rescored(NamedTuple):
    """How many subjects were looked at, how many listings changed, how many subjects were forgotten."""

    subjects: int
    changed: int
    forgotten: int


def rescore(engine: sa.Engine, settings: Scoring, now: float, progress: Progress = lambda _count: None) -> Rescored:
    """Make all listings anew; *progress* hears how many subjects were gone through each time."""
    seen = changed = forgotten = last = 0
    while True:
        with databases.reading(engine) as connection:
            query = sa.select(tables.subjects.c.id).where(tables.subjects.c.id > last)
            ids = list(connection.execute(query.order_by(tables.subjects.c.id).limit(AT_ONCE)).scalars())
            found = list(facts.gather(connection, ids, settings))
        if not ids:
            break
        wrong = [fact.known.id for fact in found if listings.due(fact, settings)]
        long = [(fact.known.id, horizon) for fact in found if (horizon := _surplus(fact, settings)) > -inf]
        old = [fact.known.id for fact in found if _silent(fact, now - 2 * settings.memory)]
        if wrong or long or old:
            with databases.transaction(engine) as connection:
                pen.take(connection)
                changed += listings.refresh(connection, wrong, settings, now)
                _shorten(connection, long)
                forgotten += _forget(connection, old, now - 2 * settings.memory)
        seen, last = seen + len(ids), ids[-1]
        progress(len(ids))
    return Rescored(seen, changed + _new_crowds(engine, settings, now), forgotten)


def prune_audit(engine: sa.Engine, before: float) -> int:
    """Forget the audit trail of before *before*, and return how many deeds went."""
    gone = 0
    while True:
        with databases.transaction(engine) as connection:
            old = sa.select(tables.audit.c.id).where(tables.audit.c.time < before).limit(_PRUNED_AT_ONCE)
            count = connection.execute(tables.audit.delete().where(tables.audit.c.id.in_(old))).rowcount
        gone += count
        if count < _PRUNED_AT_ONCE:
            return gone


def _new_crowds(engine: sa.Engine, settings: Scoring, now: float) -> int:
    """List the networks that were never seen but are full enough by now, and return how many listings changed."""
    least = min((need for need in (settings.crowd_v4, settings.crowd_v6, settings.crowd_v6_wide) if need), default=0)
    if not least:
        return 0
    query = (
        sa.select(tables.subjects.c.crowd)
        .join(tables.listings, tables.listings.c.subject == tables.subjects.c.id)
        .where(tables.subjects.c.crowd >= b"", tables.listings.c.broad > 0)
        .group_by(tables.subjects.c.crowd)
        .having(sa.func.count() >= least)
        .order_by(tables.subjects.c.crowd)
    )
    with databases.reading(engine) as connection:
        full = [Prefix.unpack(key[:16], key[16]) for key in connection.execute(query).scalars()]
    changed = 0
    for part in parts(full):
        with databases.reading(engine) as connection:
            wanted = [subjecting.of(network) for network in part]
            known = subjects.numbers(connection, wanted)
        missing = [one for one in wanted if one not in known]
        if missing:
            with databases.transaction(engine) as connection:
                pen.take(connection)
                changed += listings.refresh(connection, subjects.made(connection, missing).values(), settings, now)
    return changed


def _surplus(fact: Fact, settings: Scoring) -> float:
    """Return the time up to which reports count no more; minus infinity where there are none."""
    horizon = scoring.latest(fact.case) - settings.memory
    return horizon if any(report.time <= horizon for report in fact.case.reports) else -inf


def _shorten(connection: sa.Connection, long: Sequence[tuple[int, float]]) -> None:
    if long:
        old = tables.reports.delete().where(
            tables.reports.c.subject == sa.bindparam("number"), tables.reports.c.time <= sa.bindparam("horizon")
        )
        connection.execute(old, [{"number": number, "horizon": horizon} for number, horizon in long])


def _silent(fact: Fact, since: float) -> bool:
    listed = fact.listing is not None and fact.listing.broad >= since
    return scoring.latest(fact.case) < since and not listed and not fact.case.crowd


def _forget(connection: sa.Connection, ids: Sequence[int], since: float) -> int:
    """Forget those of *ids* of which nothing was heard *since*, now that nobody else writes."""
    whose = tables.subjects.c.id
    heard = (
        sa.select(tables.reports.c.subject).where(tables.reports.c.subject == whose, tables.reports.c.time >= since),
        sa.select(tables.votes.c.subject).where(tables.votes.c.subject == whose, tables.votes.c.time >= since),
        sa.select(tables.listings.c.subject).where(
            tables.listings.c.subject == whose,
            sa.or_(tables.listings.c.broad >= since, tables.listings.c.scored >= since),
        ),
        sa.select(tables.removals.c.id).where(
            tables.removals.c.subject == whose, sa.func.coalesce(tables.removals.c.decided, since) >= since
        ),
        sa.select(tables.proposals.c.id).where(
            tables.proposals.c.subject == whose, sa.func.coalesce(tables.proposals.c.decided, since) >= since
        ),
    )
    if not ids:
        return 0
    gone = tables.subjects.delete().where(whose.in_(ids), *(~query.exists() for query in heard))
    return connection.execute(gone).rowcount

"""listings - the listings kept true to what they are made from, within the transaction that changed that.

Whoever changed a report, a vote, a removal or the allowlist calls `refresh` with
the subjects concerned and holds the pen.  The networks around are looked at, too.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from responder.blacklist import audit, facts, pen, scoring, subjects
from responder.blacklist import subject as subjecting
from responder.blacklist.audit import SCORING, Deed
from responder.blacklist.facts import Fact
from responder.blacklist.schema import listings
from responder.blacklist.schema import subjects as subjects_table
from responder.blacklist.scoring import Scoring
from responder.blacklist.subjects import Known, adding, crowd_key, parts
from responder.blacklist.values import Listing
from responder.times import format_time
from responder.values import Prefix

_OUT = Listing(0.0, 0.0, 0.0, 0.0, None, None, "", "")
"""How a row says that there is no listing any more; *scored* says since when: it stays until all have seen it."""


class Change(NamedTuple):
    """What a subject's listing was, and what it is to be."""

    known: Known
    before: Listing | None
    after: Listing | None


def refresh(connection: sa.Connection, ids: Iterable[int], settings: Scoring, now: float) -> int:
    """Make the listings of the subjects *ids*, and of the networks around them, what they should be.

    Returns how many changed.
    """
    changed, left = 0, list(ids)
    while left:
        changes = [
            change for fact in facts.gather(connection, left, settings) if (change := due(fact, settings)) is not None
        ]
        _write(connection, changes, now)
        changed += len(changes)
        left = _around(connection, [change.known.prefix for change in changes if change.known.prefix], settings)
    return changed


def due(fact: Fact, settings: Scoring) -> Change | None:
    """Return the change that makes a listing true to the facts; None where it is."""
    after = None if fact.barred else scoring.judge(fact.case, settings)
    return None if after == fact.listing else Change(fact.known, fact.listing, after)


def _write(connection: sa.Connection, changes: Sequence[Change], now: float) -> None:
    if not changes:
        return
    number = pen.number(connection)
    rows = [_row(change, number, now) for change in changes]
    put = adding(connection, listings)
    columns = {name: put.excluded[name] for name in (*Listing._fields, "changed")}
    connection.execute(put.on_conflict_do_update(index_elements=["subject"], set_=columns), rows)
    audit.record(connection, [deed for change in changes if (deed := _deed(change, now))])


def _row(change: Change, number: int, now: float) -> dict[str, Any]:
    listing = change.after or _OUT._replace(scored=now)
    return {"subject": change.known.id, **listing._asdict(), "changed": number}


def _deed(change: Change, now: float) -> Deed | None:
    before = change.before.level(now) if change.before else None
    after = change.after.level(now) if change.after else None
    value = change.known.subject.value
    if after is None or change.after is None:
        return Deed(now, SCORING, "unlisted", value) if before else None
    if before is after:
        return None
    detail = f"{after.name.lower()}, until {format_time(change.after.broad)}: {change.after.reason}"
    return Deed(now, SCORING, "level" if before else "listed", value, detail)


def _around(connection: sa.Connection, inside: Sequence[Prefix], settings: Scoring) -> list[int]:
    """Return the numbers of the networks that may be listed, or not any more, because of those *inside*."""
    crowds = {crowd_key(crowd): crowd for one in inside if (crowd := subjecting.crowd(one))}
    listed: dict[Prefix, int] = {}
    for part in parts(crowds):
        query = (
            sa.select(subjects_table.c.crowd, sa.func.count())
            .join(listings, listings.c.subject == subjects_table.c.id)
            .where(subjects_table.c.crowd.in_(part), listings.c.broad > 0)
            .group_by(subjects_table.c.crowd)
        )
        listed |= {crowds[bytes(crowd)]: count for crowd, count in connection.execute(query)}
    wanted = [subjecting.of(crowd) for crowd, count in listed.items() if 0 < settings.crowd(crowd) <= count]
    subjects.made(connection, wanted)
    return list(subjects.numbers(connection, map(subjecting.of, crowds.values())).values())

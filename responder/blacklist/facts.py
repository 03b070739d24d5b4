"""facts - all that the tables know about some subjects, as the Cases that scoring judges."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from responder.blacklist import allowlist, space, subjects
from responder.blacklist.schema import groups, listings, removals, reporters, reports, votes
from responder.blacklist.schema import subjects as subjects_table
from responder.blacklist.scoring import Case, Ruling, Scoring, Seen, Voice
from responder.blacklist.subject import CROWD_V4, CROWD_V6, CROWD_V6_WIDE
from responder.blacklist.subjects import Known, crowd_key, parts
from responder.blacklist.values import Listing
from responder.values import Prefix

LISTING = tuple(listings.c[name] for name in Listing._fields)


class Fact(NamedTuple):
    """A subject, its case, the listing that it has now, and why it may have none (empty: it may)."""

    known: Known
    case: Case
    listing: Listing | None
    barred: str


def gather(connection: sa.Connection, ids: Sequence[int], scoring: Scoring) -> Iterator[Fact]:
    """Yield the facts about the subjects with the numbers *ids*."""
    for part in parts(ids):
        whom = subjects.known(connection, part)
        reported, voted, ruled = _reports(connection, part), _votes(connection, part), _rulings(connection, part)
        crowds, listed = _crowds(connection, whom), stored(connection, part)
        allowed = allowlist.covering(connection, whom)
        for known in whom:
            need = scoring.crowd(known.prefix) if known.id in crowds and known.prefix else 0
            number = known.id
            case = Case(reported[number], voted[number], ruled[number], crowds.get(number, ()), need)
            entry = allowed.get(number)
            why = f"allowed: {entry.why}" if entry else ""
            yield Fact(known, case, listed.get(number), why or _never(known.prefix, scoring))


def stored(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Listing | None]:
    """Return the listings as the table has them, None for one that was taken out, by subject."""
    query = sa.select(listings.c.subject, *LISTING).where(listings.c.subject.in_(ids))
    return {number: listing(*row) for number, *row in connection.execute(query)}


def listing(*row: Any) -> Listing | None:
    """Return the listing that the columns LISTING hold: none where it was taken out."""
    made = Listing(*row)
    return made if made.broad else None


def _never(prefix: Prefix | None, scoring: Scoring) -> str:
    return space.never(prefix, scoring.widest_v4, scoring.widest_v6) if prefix else ""


def _reports(connection: sa.Connection, ids: Sequence[int]) -> dict[int, list[Seen]]:
    query = (
        sa.select(
            reports.c.subject, reports.c.time, reports.c.reporter, reports.c.day, groups.c.weight, reports.c.category
        )
        .join(reporters, reporters.c.id == reports.c.reporter)
        .join(groups, groups.c.id == reporters.c.group)
        .where(reports.c.subject.in_(ids))
    )
    found: dict[int, list[Seen]] = defaultdict(list)
    for subject, *row in connection.execute(query):
        found[subject].append(Seen(*row))
    return found


def _votes(connection: sa.Connection, ids: Sequence[int]) -> dict[int, list[Voice]]:
    query = (
        sa.select(votes.c.subject, votes.c.time, votes.c.reporter, votes.c.against, groups.c.weight)
        .join(reporters, reporters.c.id == votes.c.reporter)
        .join(groups, groups.c.id == reporters.c.group)
        .where(votes.c.subject.in_(ids))
    )
    found: dict[int, list[Voice]] = defaultdict(list)
    for subject, time, reporter, against, weight in connection.execute(query):
        found[subject].append(Voice(time, reporter, -weight if against else weight))
    return found


def _rulings(connection: sa.Connection, ids: Sequence[int]) -> dict[int, list[Ruling]]:
    query = sa.select(removals.c.subject, removals.c.decided, removals.c.state).where(
        removals.c.subject.in_(ids), removals.c.decided.is_not(None)
    )
    found: dict[int, list[Ruling]] = defaultdict(list)
    for subject, decided, state in connection.execute(query):
        found[subject].append(Ruling(decided, state == "granted"))
    return found


def _crowds(connection: sa.Connection, whom: Sequence[Known]) -> dict[int, list[Listing]]:
    """Return what is listed inside those of *whom* that are listed for a crowd."""
    networks = {crowd_key(one.prefix): one.id for one in whom if one.prefix and _holds_a_crowd(one.prefix)}
    found: dict[int, list[Listing]] = {number: [] for number in networks.values()}
    if networks:
        query = (
            sa.select(subjects_table.c.crowd, *LISTING)
            .join(listings, listings.c.subject == subjects_table.c.id)
            .where(subjects_table.c.crowd.in_(list(networks)), listings.c.broad > 0)
        )
        for crowd, *row in connection.execute(query):
            found[networks[bytes(crowd)]].append(Listing(*row))
    return found


def _holds_a_crowd(network: Prefix) -> bool:
    return network.bits in ((CROWD_V4,) if network.family == 4 else (CROWD_V6, CROWD_V6_WIDE))

"""scoring - what all that is known about a subject comes to: a Listing, or none.

Every report adds its reporter's weight to the score, a vote for it does the
same, a vote against takes as much away.  The score halves every *half_life*, so
the instant at which it leaves a level follows from the last evidence alone: a
listing needs no looking after, and is the same whenever it is computed.

A subject is listed from the report on with which *reporters* different reporters
have reported on as many different days (quorum.py) and the score is at least
*broad*; it ends when the score falls below that, or *memory* after the last
evidence.  What lies more than *memory* before the last evidence does not count.

Who is remembered: after a listing that ended by itself, and after a removal that
was refused, new reports weigh *repeat* times as much, again and again up to
*most_repeat*.  A removal that was granted is a clean slate: what happened before
it counts no more.

A network is listed, too, while at least so many of its addresses (of its /64
networks for an IPv6 /48) are; and on each level while so many of them are.

Pure: no clock, no database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, log2
from typing import NamedTuple

from responder.blacklist import reason
from responder.blacklist.quorum import Quorum
from responder.blacklist.reason import Tally
from responder.blacklist.subject import CROWD_V6_WIDE
from responder.blacklist.values import Listing
from responder.times import DAY
from responder.values import Prefix


@dataclass(frozen=True, slots=True)
class Scoring:
    """How many reporters it takes, how long it lasts, which score is which level, and what a crowd is."""

    reporters: int = 3
    half_life: float = 7 * DAY
    memory: float = 90 * DAY
    broad: float = 1.0
    moderate: float = 2.5
    strict: float = 5.0
    repeat: float = 1.5
    most_repeat: float = 4.0
    crowd_v4: int = 16
    crowd_v6: int = 4
    crowd_v6_wide: int = 4
    widest_v4: int = 16
    widest_v6: int = 32

    def crowd(self, network: Prefix) -> int:
        """Return how many listed inside make a listing of *network*; 0 where no number does."""
        if network.family == 4:
            return self.crowd_v4
        return self.crowd_v6_wide if network.bits == CROWD_V6_WIDE else self.crowd_v6


class Seen(NamedTuple):
    """A report, as far as it counts."""

    time: float
    reporter: int
    day: int
    weight: float
    category: str


class Voice(NamedTuple):
    """A vote: its weight is negative where it is against a listing."""

    time: float
    reporter: int
    weight: float


class Ruling(NamedTuple):
    """A moderator's decision about a removal."""

    time: float
    granted: bool


class Case(NamedTuple):
    """All that is known about a subject; *crowd* are the listings inside a network, *need* how many make one of it."""

    reports: Sequence[Seen] = ()
    votes: Sequence[Voice] = ()
    rulings: Sequence[Ruling] = ()
    crowd: Sequence[Listing] = ()
    need: int = 0


def judge(case: Case, scoring: Scoring) -> Listing | None:
    """Return the listing that *case* makes, in force or over; None where there is none to speak of."""
    clean = max((ruling.time for ruling in case.rulings if ruling.granted), default=-inf)
    events = _events(case, clean, scoring.memory)
    reported = _reported(events, scoring) if events else None
    crowded = _crowded([one for one in case.crowd if one.since > clean], case.need)
    return _both(reported, crowded) if reported and crowded else reported or crowded


def latest(case: Case) -> float:
    """Return when the last report or vote was; minus infinity where there is none."""
    events: Iterable[Seen | Voice] = (*case.reports, *case.votes)
    return max((one.time for one in events), default=-inf)


def _events(case: Case, clean: float, memory: float) -> list[Seen | Voice | Ruling]:
    since = max(clean, latest(case) - memory)
    events: Iterable[Seen | Voice | Ruling] = (*case.rulings, *case.reports, *case.votes)
    counted = [one for one in events if one.time > since and not (isinstance(one, Ruling) and one.granted)]
    if not any(isinstance(one, Seen) for one in counted):
        return []
    return sorted(counted, key=_order)


def _order(event: Seen | Voice | Ruling) -> tuple[float, int, int]:
    if isinstance(event, Ruling):
        return event.time, 0, 0
    return event.time, 1 if isinstance(event, Seen) else 2, event.reporter


def _reported(events: Sequence[Seen | Voice | Ruling], scoring: Scoring) -> Listing | None:
    quorum, tally = Quorum(scoring.reporters), Tally()
    score, at, since, until, heavier = 0.0, events[0].time, -inf, -inf, 1.0
    for event in events:
        if isinstance(event, Ruling):
            tally.refused += 1
            heavier = min(heavier * scoring.repeat, scoring.most_repeat)
            continue
        if since > -inf and until < event.time:  # it had ended by itself
            since = -inf
            tally.returned += 1
            heavier = min(heavier * scoring.repeat, scoring.most_repeat)
        score *= 2 ** ((at - event.time) / scoring.half_life)
        at = event.time
        if isinstance(event, Seen):
            tally.report(*event)
            score += event.weight * heavier
            met = quorum.add(event.reporter, event.day) if event.weight > 0 else quorum.met
        else:
            tally.vote(event.weight)
            score += event.weight
            met = quorum.met
        listed = met and score >= scoring.broad
        since = (event.time if since == -inf else since) if listed else -inf
        until = _until(at, score, scoring.broad, scoring) or -inf
    if since == -inf or until == -inf:
        return None
    moderate, strict = (_until(at, score, level, scoring) for level in (scoring.moderate, scoring.strict))
    return Listing(score, at, since, until, moderate, strict, tally.category, reason.reported(tally))


def _until(at: float, score: float, threshold: float, scoring: Scoring) -> float | None:
    """Return when *score*, as it was *at*, has fallen below *threshold*; None where it is below already."""
    if score < threshold:
        return None
    return at + min(scoring.half_life * log2(score / threshold), scoring.memory)


def _crowded(inside: Sequence[Listing], need: int) -> Listing | None:
    broad = overlap([(one.since, one.broad) for one in inside], need)
    if broad is None:
        return None
    since, until = broad
    higher = [
        overlap([(one.since, at) for one in inside if (at := one.moderate) is not None], need),
        overlap([(one.since, at) for one in inside if (at := one.strict) is not None], need),
    ]
    moderate, strict = (span[1] if span and span[1] > since else None for span in higher)
    there = [one for one in inside if one.broad >= until and one.since < until]
    scores = sorted((one.score for one in there), reverse=True)
    category = reason.commonest((one.category, 1.0) for one in there)
    scored = max(one.scored for one in there)
    return Listing(scores[need - 1], scored, since, until, moderate, strict, category, reason.crowded(len(there)))


def overlap(spans: Sequence[tuple[float, float]], need: int) -> tuple[float, float] | None:
    """Return the last span of time in which at least *need* of *spans* overlap; None where they never do."""
    if need <= 0:
        return None
    found, depth, begin = None, 0, 0.0
    # At one instant, ends come before beginnings: a span does not hold its own end.
    for at, step in sorted([mark for since, until in spans if since < until for mark in ((since, 1), (until, -1))]):
        depth += step
        if step > 0 and depth == need:
            begin = at
        elif step < 0 and depth == need - 1:
            found = (begin, at)
    return found


def _both(one: Listing, other: Listing) -> Listing:
    """Return what a network's own reports and the crowd inside it come to together."""
    first, last = sorted((one, other), key=lambda listing: (listing.broad, listing.since))
    if first.broad <= last.since:  # over before the other began
        return last
    return Listing(
        max(one.score, other.score),
        max(one.scored, other.scored),
        min(one.since, other.since),
        last.broad,
        _later(one.moderate, other.moderate),
        _later(one.strict, other.strict),
        one.category or other.category,
        f"{one.reason}; {other.reason}",
    )


def _later(one: float | None, other: float | None) -> float | None:
    return max((at for at in (one, other) if at is not None), default=None)

"""reports - what the database says about accounts, put together from all hosts, as administrators ask for it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import sqlalchemy as sa

from responder import databases
from responder.quota import counters, decided
from responder.quota.account import Account
from responder.quota.counters import Row
from responder.quota.decided import Override
from responder.quota.quota import Part, Plan, Quota
from responder.quota.standing import Standing, Suspension
from responder.quota.window import Window, slot


class Usage(NamedTuple):
    """How much of one limit one account has used, of all hosts together."""

    quota: str
    key: str
    part: Part
    used: int

    @property
    def share(self) -> float:
        """Return the part of the limit that is used."""
        return self.used / self.part.most

    @property
    def warned(self) -> int | None:
        """Return the greatest percent to warn at that is reached, if any."""
        return max((percent for percent, amount in self.part.warnings if self.used >= amount), default=None)


def usages(rows: Iterable[Row], quotas: Sequence[Quota], standing: Standing, now: float) -> Iterator[Usage]:
    """Yield what is used of each limit by each account that *rows* tell of."""
    by_name = {quota.name: quota for quota in quotas}
    ordered = sorted((row for row in rows if row.quota in by_name), key=lambda row: row[:2])
    for (name, key), some in groupby(ordered, key=lambda row: row[:2]):
        plan = by_name[name].plan(key, standing.overrides)
        yield from used(name, key, plan, some, now)


def used(quota: str, key: str, plan: Plan, rows: Iterable[Row], now: float) -> Iterator[Usage]:
    """Yield what one account has used of each limit of *plan*."""
    account = Account(quota, key, plan, 0)
    for number, row in enumerate(rows):
        account.restore(row.state, now, host=f"{number} {row.host}")
    for part, window in zip(plan.parts, account.windows, strict=True):
        yield Usage(quota, key, part, window.used(slot(now, part.within)))


class Refused(NamedTuple):
    """How many messages were refused under *quota* in the last *within* seconds, of all hosts together."""

    quota: str
    messages: int
    within: float


class Known(NamedTuple):
    """All that is known about one key."""

    used: tuple[Usage, ...]
    refused: tuple[Refused, ...]
    overrides: tuple[Override, ...]
    suspensions: tuple[Suspension, ...]


def known(engine: sa.Engine, quotas: Sequence[Quota], key: str, now: float) -> Known:
    """Return all that the database has about *key*."""
    with databases.reading(engine) as connection:
        rows = list(counters.found(connection, now, key, [quota.name for quota in quotas]))
        standing = decided.standing(connection)
        given = decided.overrides_of(connection, key)
    suspensions = (one for one in standing.suspended.values() if one.key == key and one.holds(now))
    used, refused = usages(rows, quotas, standing, now), refusals(rows, now)
    return Known(tuple(used), tuple(refused), tuple(given), tuple(suspensions))


def refusals(rows: Iterable[Row], now: float) -> Iterator[Refused]:
    """Yield the refusals that count towards suspension, of one key under each quota that has some."""
    counted: dict[tuple[str, float], int] = {}
    for row in rows:
        for what, within, marks in row.state:
            if what == "refusals":
                window = Window()
                window.set(marks, slot(now, within))
                counted[row.quota, within] = counted.get((row.quota, within), 0) + window.total
    return (Refused(quota, count, within) for (quota, within), count in sorted(counted.items()) if count)


def most(engine: sa.Engine, quotas: Sequence[Quota], now: float, within: float | None) -> list[tuple[Usage, bool]]:
    """Return what everybody uses, of limits over *within* or all, the fullest first; and whether he is suspended."""
    with databases.reading(engine) as connection:
        rows = list(counters.found(connection, now))
        standing = decided.standing(connection)
    listed = [one for one in usages(rows, quotas, standing, now) if one.used and within in (None, one.part.within)]
    listed.sort(key=lambda one: (-one.share, one.quota, one.key))
    held = {name for name, one in standing.suspended.items() if one.holds(now)}
    return [(one, bool({(one.quota, one.key), ("", one.key)} & held)) for one in listed]

"""reports - what the database says about accounts, put together from all hosts, as administrators ask for it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from responder.quota.account import Account
from responder.quota.counters import Row
from responder.quota.quota import Part, Plan, Quota
from responder.quota.standing import Standing
from responder.quota.window import slot


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


def usages(rows: Iterable[Row], quotas: Sequence[Quota], standing: Standing, now: float) -> Iterator[Usage]:
    """Yield what is used of each limit by each account that *rows* tell of."""
    known = {quota.name: quota for quota in quotas}
    ordered = sorted((row for row in rows if row.quota in known), key=lambda row: row[:2])
    for (name, key), some in groupby(ordered, key=lambda row: row[:2]):
        plan = known[name].plan(key, standing.overrides)
        yield from used(name, key, plan, some, now)


def used(quota: str, key: str, plan: Plan, rows: Iterable[Row], now: float) -> Iterator[Usage]:
    """Yield what one account has used of each limit of *plan*."""
    account = Account(quota, key, plan, 0)
    for number, row in enumerate(rows):
        account.restore(row.state, now, host=f"{number} {row.host}")
    for part, window in zip(plan.parts, account.windows, strict=True):
        yield Usage(quota, key, part, window.used(slot(now, part.within)))

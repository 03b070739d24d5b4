"""owed - the accounts and suspensions that are to be stored, a part of them at a time, until they are.

The judge's latest changes are gathered by name, so that of an account which was
forgotten and came again only the one that counts is written.  What is being
written stays owed until somebody says that it was: a writing that failed is
repeated, with what the account has become.

Bounded: accounts that the judge has forgotten are no longer taken in when twice
as many are owed as he may hold.  Whatever goes through many accounts makes a
pause every SLICE of them, when Postfix is answered.
"""

import asyncio

from responder.quota.account import Account
from responder.quota.counters import Batch, encode
from responder.quota.judge import Judge
from responder.quota.standing import Name, Suspension
from responder.quota.window import end

SLICE = 50
_AT_ONCE = 10_000  # accounts in one transaction
_REFUSALS_WITHIN = 3600.0


class Owed:
    """What *judge* changed and nobody has stored."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._waiting: dict[Name, Account] = {}
        self._writing: dict[Name, Account] = {}
        self._decided: list[Suspension] = []
        self._deciding: list[Suspension] = []

    def __bool__(self) -> bool:
        """Tell whether there is something of which no writing has begun."""
        return bool(self._waiting or self._decided)

    @property
    def decided(self) -> list[Suspension]:
        """Return the suspensions of which no writing has begun."""
        return [*self._decided, *self._judge.decided]

    async def gather(self) -> None:
        """Take over what the judge changed."""
        judge = self._judge
        changed, judge.changed = judge.changed, {}
        self._decided += judge.decided
        judge.decided.clear()
        for number, account in enumerate(changed, 1):
            name = account.quota, account.key
            held = judge.accounts.get(name)
            if held is account or (held is None and len(self._waiting) < 2 * judge.accounts.most):
                self._waiting[name] = account
            if number % SLICE == 0:
                await asyncio.sleep(0)

    async def batch(self) -> Batch:
        """Return a part of what is owed, to be written; it is owed until it is `written`."""
        self._deciding += self._decided
        self._decided = []
        while self._waiting and len(self._writing) < _AT_ONCE:
            name, account = self._waiting.popitem()
            self._writing[name] = account
            if len(self._writing) % SLICE == 0:
                await asyncio.sleep(0)
        within = {quota.name: quota.suspend.within for quota in self._judge.quotas if quota.suspend}
        rows = []
        for number, account in enumerate(self._writing.values(), 1):
            rows.append(_encoded(account, within.get(account.quota, _REFUSALS_WITHIN)))
            if number % SLICE == 0:
                await asyncio.sleep(0)
        return Batch(rows, tuple(self._deciding))

    def written(self) -> None:
        """Take note that the last `batch` was stored."""
        self._writing, self._deciding = {}, []


def _encoded(account: Account, refusals_within: float) -> str:
    state = account.state(refusals_within)
    ends = max((end(marks[-2], within) for _, within, marks in state if marks), default=0.0)
    return encode(account.quota, account.key, state, ends)

"""keeper - keeps what the judge counts and what the database holds in agreement, without ever making him wait.

Once a second what changed is encoded, a few accounts at a time, written by a
thread, and what others changed is read.  A crash loses what came since: at most
a second.  Hosts that share a PostgreSQL database learn of each other within two
seconds and the time of two transactions; what passes elsewhere meanwhile may
exceed a limit by so much.

While the database is away, the judge goes on with what he knows, and what is owed
is kept: which accounts changed, never more than twice as many as are held.  When it was away
from the start, `loaded` is false until it was read.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from itertools import islice
from threading import Thread
from typing import TypeVar

from responder.errors import StoreError
from responder.quota.account import Account
from responder.quota.counters import Batch, Counters, News, Row, encode
from responder.quota.judge import Judge
from responder.quota.standing import Standing, Suspension
from responder.quota.window import end

_SLICE = 50  # accounts between two looks at what Postfix asks
_SWEPT = 1000  # accounts looked at in a second, whether they still count
_PRUNE_EVERY = 60  # seconds

Result = TypeVar("Result")
log = logging.getLogger("responder.policyd")


class Keeper:
    """Keeps *judge* and what *opened* gives in agreement; *clock* tells the time the judge goes by."""

    def __init__(self, judge: Judge, opened: Callable[[], Counters], clock: Callable[[], float]) -> None:
        self.loaded = False
        self._judge, self._open, self._clock = judge, opened, clock
        self._counters: Counters | None = None
        self._owed: dict[Account, None] = {}
        self._suspensions: list[Suspension] = []
        self._version, self._rounds = 0, 0
        self._trouble: set[str] = set()
        self._turn, self._ending = asyncio.Lock(), asyncio.Event()

    async def run(self) -> None:
        """Do a round each second, and a last one when told to `end`."""
        while not self._ending.is_set():
            await self.round()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 1)
        await self.round()

    def end(self) -> None:
        """Have `run` do a last round and return."""
        self._ending.set()

    async def round(self) -> None:
        """Write what changed, read what is new; trouble is said once, and what is owed stays owed.

        One at a time: who asks for another while one waits for the database waits, too.
        """
        async with self._turn:
            await self._round()

    async def _round(self) -> None:
        try:
            await self._exchange()
        except StoreError as error:
            self._say(error)
        else:
            if self._trouble:
                log.warning("the database answers again")
            self._trouble.clear()
        for _ in range(0, _SWEPT, _SLICE):
            self._judge.accounts.sweep(_SLICE, self._clock())
            await asyncio.sleep(0)
        self._judge.standing.forget_ended(self._clock())

    def _say(self, error: StoreError) -> None:
        text = " ".join(str(error).split())
        if text not in self._trouble:
            log.error("%s; counting goes on in memory", text)
        self._trouble.add(text)

    async def _exchange(self) -> None:
        if self._counters is None:
            await self._load()
        counters = self._counters
        assert counters
        batch = await self._batch()
        news = await in_thread(lambda: counters.exchange(batch, self._version))
        self._owed, self._suspensions = {}, []
        await self._take(news)
        self._rounds += 1
        if self._rounds % _PRUNE_EVERY == 0:
            now = self._clock()
            await in_thread(lambda: counters.prune(now))

    async def _load(self) -> None:
        now = self._clock()

        def load() -> tuple[Counters, list[Row]]:
            counters = self._open()
            try:
                return counters, counters.rows(now)
            except BaseException:
                counters.close()
                raise

        counters, rows = await in_thread(load)
        await self._restore(rows, counters)
        self._counters, self.loaded = counters, True

    async def _batch(self) -> Batch:
        judge = self._judge
        changed, judge.changed = judge.changed, {}
        self._owed |= changed
        if len(self._owed) > 2 * judge.accounts.most:
            self._owed = {one: None for one in self._owed if judge.accounts.get((one.quota, one.key)) is one}
        self._suspensions += judge.decided
        judge.decided.clear()
        within = {quota.name: quota.suspend.within for quota in judge.quotas if quota.suspend}
        # Of one that was forgotten and came again only the new one: a statement must not write a row twice.
        latest = {(account.quota, account.key): account for account in self._owed}
        rows = []
        for number, account in enumerate(latest.values(), 1):
            rows.append(_encoded(account, within.get(account.quota, 3600.0)))
            if number % _SLICE == 0:
                await asyncio.sleep(0)
        return Batch(rows, tuple(self._suspensions))

    async def _take(self, news: News) -> None:
        assert self._counters
        await self._restore(news.rows, self._counters)
        self._version = news.version
        if news.standing is not None:
            self._follow(news.standing)

    def _follow(self, standing: Standing) -> None:
        """Let the judge go by what the database says now; who was resumed starts anew."""
        judge = self._judge
        for suspension in judge.decided:
            standing.suspend(suspension)
        for name in judge.standing.suspended.keys() - standing.suspended.keys():
            if account := judge.accounts.get(name):
                account.forgive()
                judge.changed[account] = None
        judge.follow(judge.quotas, standing)

    async def _restore(self, rows: Sequence[Row], counters: Counters) -> None:
        quotas = {quota.name: quota for quota in self._judge.quotas}
        left = iter(rows)
        while part := list(islice(left, _SLICE)):
            for row in part:
                if row.quota in quotas:
                    now = self._clock()
                    host = "" if row.host == counters.host else row.host
                    self._judge.account(quotas[row.quota], row.key, now).restore(row.state, now, host)
            await asyncio.sleep(0)

    def close(self) -> None:
        """Let go of the database."""
        if self._counters:
            self._counters.close()


def _encoded(account: Account, refusals_within: float) -> str:
    state = account.state(refusals_within)
    ends = max((end(marks[-2], within) for _, within, marks in state if marks), default=0.0)
    return encode(account.quota, account.key, state, ends)


async def in_thread(call: Callable[[], Result]) -> Result:
    """Return what *call* returns, in a thread that nobody waits for when the process ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def done(result: Result | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        try:
            outcome: tuple[Result | None, BaseException | None] = (call(), None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
            outcome = (None, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(done, *outcome)

    Thread(target=run, daemon=True).start()
    return await future

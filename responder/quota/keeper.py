"""keeper - keeps what the judge counts and what the database holds in agreement, without ever making him wait.

Once a second what changed is encoded, a few accounts at a time, written by a
thread, and what others changed is read.  A crash loses what came since: at most
a second.  Hosts that share a PostgreSQL database learn of each other within two
seconds and the time of two transactions; what passes elsewhere meanwhile may
exceed a limit by so much.

While the database is away or silent, the judge goes on with what he knows, and what is owed
is kept.  When it was away from the start, `loaded` is false until it was read.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar

from responder.errors import StoreError
from responder.quota.counters import Counters, News, Row
from responder.quota.judge import Judge
from responder.quota.owed import SLICE, Owed
from responder.quota.standing import Standing
from responder.quota.threads import in_thread

_NAMES = 1000  # of who is suspended, between two looks at what Postfix asks
_PATIENCE = 8.0  # seconds: SQLite is waited for less, and so is a connection to PostgreSQL
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
        self._owed = Owed(judge)
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
        for _ in range(0, _SWEPT, SLICE):
            self._judge.accounts.sweep(SLICE, self._clock())
            await asyncio.sleep(0)
        for _ in self._judge.standing.forget_ended(self._clock()):
            await asyncio.sleep(0)

    def _say(self, error: StoreError) -> None:
        text = " ".join(str(error).split())
        if text not in self._trouble:
            log.error("%s; counting goes on in memory", text)
        self._trouble.add(text)

    async def _exchange(self) -> None:
        counters = self._counters or await self._load()
        await self._owed.gather()
        more = True
        while more:
            batch = await self._owed.batch()
            news = await self._waited(lambda batch=batch: counters.exchange(batch, self._version))  # type: ignore[misc]
            self._owed.written()
            await self._take(news, counters)
            more = bool(self._owed)
        self._rounds += 1
        if self._rounds % _PRUNE_EVERY == 0:
            now = self._clock()
            await self._waited(lambda: counters.prune(now))

    async def _waited(self, call: Callable[[], Result]) -> Result:
        """Return what *call* returns, however long it takes: that is said, and what is owed meanwhile stays bounded."""
        asked = asyncio.ensure_future(in_thread(call))
        try:
            while not (await asyncio.wait((asked,), timeout=_PATIENCE))[0]:
                self._say(StoreError(f"the database has not answered for {_PATIENCE:g} s"))
                await self._owed.gather()
            return asked.result()
        finally:
            del asked  # else a failure would hold what holds it

    async def _load(self) -> Counters:
        now = self._clock()

        def load() -> tuple[Counters, list[Row]]:
            counters = self._open()
            try:
                return counters, counters.rows(now)
            except BaseException:
                counters.close()
                raise

        counters, rows = await self._waited(load)
        await self._restore(rows, counters)
        self._counters, self.loaded = counters, True
        return counters

    async def _take(self, news: News, counters: Counters) -> None:
        await self._restore(news.rows, counters)
        self._version = news.version
        if news.standing is not None:
            await self._follow(news.standing)

    async def _follow(self, standing: Standing) -> None:
        """Let the judge go by what the database says now; who was resumed starts anew."""
        judge = self._judge
        undecided = {(one.quota, one.key) for one in self._owed.decided}
        for number, name in enumerate(list(judge.standing.suspended), 1):
            if name not in standing.suspended and name not in undecided and (account := judge.accounts.get(name)):
                account.forgive()
                judge.changed[account] = None
            if number % _NAMES == 0:
                await asyncio.sleep(0)
        for suspension in self._owed.decided:
            standing.suspend(suspension)
        judge.follow(judge.quotas, standing)

    async def _restore(self, rows: Sequence[Row], counters: Counters) -> None:
        quotas = {quota.name: quota for quota in self._judge.quotas}
        left = iter(rows)
        while part := list(islice(left, SLICE)):
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

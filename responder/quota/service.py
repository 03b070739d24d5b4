"""service - the policy service: introduces connections, judge and keeper to each other, and does what signals say.

    SIGHUP             reads the settings again; counts stay, connections too
    SIGTERM, SIGINT    listens no more, answers what was asked, closes, writes what is owed

Answers are made from memory, so that none ever waits for a database.  Until the
counts have been read once, because the database is away from the start, everybody
is told the fallback and nothing is counted; with the fallback DUNNO, quotas
begin at nothing and what was stored is added when it is read.
"""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable
from typing import Any, Protocol

from responder import openfiles
from responder.config import Settings
from responder.errors import ResponderError
from responder.quota import counters, quota
from responder.quota.counters import Counters
from responder.quota.door import TurnedAway
from responder.quota.garbage import Garbage
from responder.quota.judge import Judge
from responder.quota.keeper import Keeper
from responder.quota.listeners import Listeners, handed_over
from responder.quota.request import DUNNO, Request, encode
from responder.quota.server import Connections
from responder.quota.standing import Standing
from responder.quota.steady import Steady
from responder.quota.threads import in_thread

_GRACE = 3.0  # seconds for who does not take his answers, and for a last writing
_OTHER_FILES = 64
log = logging.getLogger("responder.policyd")


def _times() -> tuple[float, float]:
    return time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)


class Beside(Protocol):
    """What has a say before quotas do, and knows of what others decided (policing/)."""

    def judge(self, request: Request, now: float) -> TurnedAway | None:
        """Return a refusal, or None; bans and listings end by the time of day, windows by a clock of their own."""

    def follow(self, settings: Settings) -> None:
        """Go by other settings."""

    async def round(self) -> None:
        """Look at the world once."""

    async def run(self) -> None:
        """Look again and again, until cancelled."""


class Service:
    """A policy service with *settings*; *reread* gives them again."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings], beside: Beside) -> None:
        self._settings, self._reread, self._beside = settings, reread, beside
        self._clock = Steady(*_times())
        policyd = settings.policyd
        self._fallback = encode(policyd.fallback)
        self.judge = Judge(quota.ready(settings.quota), Standing(), policyd.keys)
        self.keeper = Keeper(self.judge, self._database, self.now)
        self._connections = Connections(self.answer, policyd.connections, policyd.idle)
        self._listeners = Listeners(self._connections)
        self._failed: BaseException | None = None
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()

    def now(self) -> float:
        """Return the time that windows go by."""
        return self._clock.tell(*_times())

    def answer(self, requests: list[Request]) -> bytes:
        """Return the answers to *requests*, and log what there is to say."""
        uncounted = self._fallback != DUNNO and not self.keeper.loaded
        now, wall = self.now(), time.time()
        answers = []
        for request in requests:
            refusal = self._beside.judge(request, wall)
            if refusal:
                answers.append(refusal.answer)
                log.info("%s", refusal.note, extra={"fields": refusal.note.fields})
                continue
            if uncounted:
                answers.append(self._fallback)
                continue
            answer, notes = self.judge.judge(request, now)
            answers.append(answer)
            for note in notes:
                level = logging.WARNING if note.what in ("warning", "suspend") else logging.INFO
                log.log(level, "%s", note, extra={"fields": note.fields})
        return b"".join(answers)

    async def run(self) -> None:
        """Serve until told to stop."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._bug)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        _allow_files(self._connections.most)
        await self._first_round()
        if handed := handed_over():
            await self._listeners.take(handed)
        await self._listeners.follow(self._settings.policyd.listen)
        log.info("listening on %s, with %d quotas", ", ".join(self._listeners.names), len(self.judge.quotas))
        works = (self.keeper.run(), self._connections.sweep(), self._reloads(), self._beside.run(), self._tidy())
        tasks = [asyncio.create_task(work) for work in works]
        for task in tasks:
            task.add_done_callback(self._ended)
        await self._stop.wait()
        await self._drain(*tasks)
        if self._failed:
            raise self._failed
        log.info("stopped")

    async def _first_round(self) -> None:
        """Read what is known before Postfix may ask, but do not let it wait for a database that is away."""
        rounds = [asyncio.ensure_future(one.round()) for one in (self.keeper, self._beside)]
        done, waiting = await asyncio.wait(rounds, timeout=2 * _GRACE)
        for one in done:
            one.result()
        for one in waiting:
            one.add_done_callback(self._ended)

    async def _drain(self, keeping: asyncio.Task[None], *others: asyncio.Task[None]) -> None:
        self._listeners.close()
        await self._connections.drain(_GRACE)
        for task in others:
            task.cancel()
        self.keeper.end()
        await asyncio.wait([keeping], timeout=2 * _GRACE)
        keeping.cancel()
        await asyncio.gather(keeping, *others, return_exceptions=True)
        self.keeper.close()

    async def _tidy(self) -> None:
        garbage = Garbage()
        while True:
            asked = self._connections.asked
            await asyncio.sleep(1)
            garbage.look(quiet=asked == self._connections.asked)

    async def _reloads(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            try:
                await self.read_again()
            except ResponderError as error:
                log.error("what was running goes on, for the new settings cannot be used: %s", error)  # noqa: TRY400

    async def read_again(self) -> None:
        """Go by what the settings say now; raises ResponderError."""

        def read() -> tuple[Settings, tuple[quota.Quota, ...]]:
            settings = self._reread()
            return settings, quota.ready(settings.quota)  # thousands of overrides take their time

        settings, quotas = await in_thread(read)
        policyd, before = settings.policyd, self._settings.policyd
        if (policyd.database, policyd.host, settings.state) != (before.database, before.host, self._settings.state):
            log.warning("another database is used after a restart")
        self._settings = settings
        self._fallback = encode(policyd.fallback)
        self.judge.follow(quotas, self.judge.standing)
        self.judge.accounts.most = policyd.keys
        self._beside.follow(settings)
        self._connections.most, self._connections.idle = policyd.connections, policyd.idle
        await self._listeners.follow(policyd.listen)
        log.info("settings read again: %d quotas", len(self.judge.quotas))

    def _database(self) -> Counters:
        policyd = self._settings.policyd
        where = counters.url(policyd.database, self._settings.state)
        return Counters.open(where, policyd.host or socket.gethostname(), policyd.keys)

    def _ended(self, task: "asyncio.Future[None]") -> None:
        if not task.cancelled() and task.exception():
            self._failed = task.exception()
            self._stop.set()

    def _bug(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End the process for a bug of ours; what the system or a peer did is told, and no more."""
        error = context.get("exception")
        if error is None or isinstance(error, OSError):
            loop.default_exception_handler(context)
        else:
            self._failed = error
            self._stop.set()


def _allow_files(connections: int) -> None:
    """Let this process have so many connections open, as far as it may."""
    wanted = connections + _OTHER_FILES
    if (allowed := openfiles.allow(wanted)) < wanted:
        log.warning("only %d files may be open: fewer connections than policyd.connections says", allowed)

"""watch - keeps the door of the policy service true to bans, listings and allowlist, and reports who was suspended.

Once a second a thread looks what changed; answers never wait for it, and go by
what was known last while a database is away.  Trouble is said once.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from responder.blacklist.values import Level
from responder.config import Settings
from responder.daemon import guard
from responder.decide.allowlist import Allowed, Allowlist
from responder.errors import StoreError
from responder.policing.banned import Banned
from responder.policing.changes import Changes
from responder.policing.listed import Listed
from responder.policing.reporting import Reporting
from responder.quota.barred import Barred
from responder.quota.door import BANNED, LISTED, Door, TurnedAway
from responder.quota.request import Request
from responder.quota.threads import in_thread

_EVERY = 1.0  # seconds
_RARELY = 60
_SLICE = 500  # changes between two looks at what Postfix asks
Look = Callable[[], Coroutine[Any, Any, None]]
log = logging.getLogger("responder.policyd")


class Watch:
    """What the policy service has beside quotas, as *settings* say; see `quota.service.Beside`."""

    def __init__(self, settings: Settings) -> None:
        self._trouble: dict[str, str] = {}
        self._seconds = 0
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._names: guard.Names = {}
        self._own, self._stale = Allowlist(), True
        self._made_from: tuple[Allowlist, tuple[Allowed, ...]] = self._own, ()
        self._begin(settings)

    def _begin(self, settings: Settings) -> None:
        policyd = settings.policyd
        self._settings, self._door = settings, Door(policyd.reject_context)
        self._banned = Banned(Path(settings.state, "state.db")) if policyd.reject_banned else None
        level = Level[policyd.reject_listed.upper()] if policyd.reject_listed else None
        self._listed = Listed(settings.blacklist.url, level) if level else None
        self._reporting = Reporting(settings) if policyd.report_suspended else None

    def judge(self, request: Request, now: float) -> TurnedAway | None:
        """Return the refusal of a client, None where there is nothing against it."""
        return self._door.judge(request, now)

    def follow(self, settings: Settings) -> None:
        """Go by other settings: begin anew, from the next look on."""
        old = self._door
        self._begin(settings)
        self._door.barred, self._door.allowlist = old.barred, old.allowlist  # until they are read anew
        if not self._banned:
            self._door.barred[BANNED] = Barred()
        if not self._listed:
            self._door.barred[LISTED] = Barred()
        self._stale = True

    async def run(self) -> None:
        """Look each second, until cancelled; what waits for its database or its resolver keeps nothing else waiting."""
        await asyncio.gather(*(self._again(look) for look in self._looks()))

    async def round(self) -> None:
        """Look once at all there is."""
        await asyncio.gather(*(self._once(look) for look in self._looks()))

    def _looks(self) -> tuple[Look, ...]:
        return self._bans, self._listings, self._allow, self._report

    async def _again(self, look: Look) -> None:
        while True:
            await self._once(look)
            await asyncio.sleep(_EVERY)

    async def _once(self, look: Look) -> None:
        """Look, but not twice at the same time."""
        async with self._turns[look.__name__]:
            await look()

    async def _bans(self) -> None:
        if banned := self._banned:
            door, now = self._door, time.time()
            await self._take(door, BANNED, await self._asked(BANNED, lambda: banned.changes(now)))

    async def _listings(self) -> None:
        if listed := self._listed:
            door, now = self._door, time.time()
            found = await self._asked(LISTED, lambda: listed.changes(now))
            await self._protect(door)  # before anybody is refused whom the blacklist allows
            await self._take(door, LISTED, found)

    async def _allow(self) -> None:
        if not (self._banned or self._listed):
            return
        if self._stale or self._seconds % _RARELY == 0:
            self._stale = False
            self._own = await in_thread(self._resolved)
        await self._protect(self._door)
        self._seconds += 1
        if self._seconds % _RARELY == 0:
            for barred in self._door.barred.values():
                for _ in barred.forget_ended(time.time()):
                    await asyncio.sleep(0)

    def _resolved(self) -> Allowlist:
        self._names |= guard.resolve(self._settings.allow.hosts)[0]
        return guard.allowlist(self._settings.allow, self._names)

    async def _protect(self, door: Door) -> None:
        """Have *door* go by the allowlist as it is now: what it was made from tells whether that is news."""
        allowed = self._listed.allowed if self._listed else ()
        if allowed is None:  # not read yet
            allowed = self._made_from[1]
        if self._made_from != (self._own, allowed):
            made_from = self._made_from = self._own, allowed
            made = await in_thread(lambda: Allowlist([*made_from[0].entries, *allowed]))
            if made_from is self._made_from:
                door.allowlist = made

    async def _report(self) -> None:
        if reporting := self._reporting:
            await self._asked("suspensions", lambda: reporting.report(time.time()))

    async def _take(self, door: Door, what: str, found: Changes | None) -> None:
        if found is None:
            return
        table = Barred() if found.anew else door.barred[what]
        for number, (prefix, bar) in enumerate(found.put, 1):
            table.put(prefix, bar)
            if number % _SLICE == 0:
                await asyncio.sleep(0)
        for number, (prefix, name) in enumerate(found.dropped, 1):
            table.drop(prefix, name)
            if number % _SLICE == 0:
                await asyncio.sleep(0)
        door.barred[what] = table

    async def _asked(self, what: str, ask: Callable[[], "Changes | int"]) -> "Changes | None":
        """Return what *ask* says, in a thread; None where its database fails, which is said once."""
        try:
            answer = await in_thread(ask)
        except StoreError as error:
            text = " ".join(str(error).split())
            if self._trouble.get(what) != text:
                log.error("%s; what was known of %s stays", text, what)  # noqa: TRY400
            self._trouble[what] = text
            return None
        if self._trouble.pop(what, None):
            log.warning("the database of what is %s answers again", what)
        return answer if isinstance(answer, Changes) else None

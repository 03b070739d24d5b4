"""taking - listings become bans here, beside those of others, and end with their listings.

They come in parts, each answered when the store and the kernel have it; so the
loop has one of them at a time, however many there are.  After a whole set, bans
whose listing is not in it are withdrawn.

Who is allowed is never banned.  An `unban` holds for as long as the listing lasts
that it was said about.  These bans are not reported: hosts must not take their
own word back as somebody else's.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from responder.config import Config
from responder.daemon.changes import Changes
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import LISTED, Ledger
from responder.daemon.safety import too_wide
from responder.store.state import Maker
from responder.values import Ban, Outcome, Prefix

_MAKER = Maker(LISTED, "listing")
_AT_ONCE = 500  # that are withdrawn in one turn of the loop
_TOLD = 10  # bans of a part that are told one by one
_log = logging.getLogger("responder")


class Engine(Protocol):
    """What taking needs of the daemon."""

    config: Config
    ledger: Ledger
    kernel: Kernel

    def now(self) -> float:
        """Return the wall clock."""

    def commit(self, *, durable: bool = False) -> bool:
        """Make durable what was judged; tell whether the store has it."""

    def announce(self, ban: Ban) -> None:
        """Say whom we ban, for how long and why."""


class Listed(NamedTuple):
    """What a listing says: whom, since and until when (0: no more), and why."""

    prefix: Prefix
    since: float
    until: float
    reason: str


class Taking:
    """Has the bans of *daemon* follow the listings; *ready* is called when more may come."""

    def __init__(self, daemon: Engine, ready: Callable[[], None]) -> None:
        self._daemon, self._ready = daemon, ready
        self._seen: set[Prefix] = set()
        self._rest: list[Prefix] = []  # who is to be let in again, after a whole set
        self._owes = self._unstored = False

    @property
    def busy(self) -> bool:
        """Tell whether there is something to do at once."""
        return bool(self._rest)

    def begin(self) -> None:
        """Expect a whole set."""
        self._seen, self._rest, self._owes = set(), [], True
        self._answer()

    def take(self, rows: Iterable[Sequence[Any]]) -> None:
        """Have the bans follow some listings."""
        self._owes = True
        listed = [Listed(Prefix(row[0], row[1]), *row[2:]) for row in rows]
        self._seen.update(one.prefix for one in listed)
        self._change(listed)

    def end(self) -> None:
        """Withdraw, a little at a time, what was not in the whole set that ends here."""
        self._owes = True
        self._rest = [one for one in self._daemon.ledger.tracker.banned_by(*_MAKER) if one not in self._seen]
        if not self._rest:
            self._answer()

    def tend(self) -> None:
        """Go on with what is to be done a little at a time."""
        if self._rest:
            self._withdraw()
        elif self._unstored and not self._daemon.ledger.trouble:
            self._unstored = False
            self._answer()

    def _withdraw(self) -> None:
        some = [self._rest.pop() for _ in range(min(_AT_ONCE, len(self._rest)))]
        gone = [Listed(one, 0.0, 0.0, "") for one in some if self._daemon.ledger.tracker.made_by(one, *_MAKER)]
        if gone:
            self._change(gone)
        elif not self._rest:
            self._answer()

    def _answer(self) -> None:
        """Let more come, once for each part."""
        if self._owes:
            self._owes = False
            self._ready()

    def _change(self, listed: Sequence[Listed]) -> None:
        daemon, now = self._daemon, self._daemon.now()
        changes = Changes(daemon.ledger.tracker, now)
        for one in listed:
            changes.look(one.prefix)
            self._follow(one, now)
        stored = daemon.commit()
        bans, lifts = changes.made()
        self._tell(bans, lifts)

        def answered(_outcome: Outcome) -> None:  # what the kernel could not be told is the kernel's to mend
            if not stored and daemon.ledger.trouble:
                self._unstored = True
            elif not self._rest:
                self._answer()

        if bans or lifts:
            daemon.kernel.apply(bans, lifts, now, answered)
        else:
            answered(Outcome(0))

    def _follow(self, one: Listed, now: float) -> None:
        ledger = self._daemon.ledger
        policy = ledger.tracker.policies.get(LISTED)
        spared = ledger.tracker.allowlist.covering(one.prefix) or ledger.lifted_at(one.prefix) >= one.since
        never = ledger.tracker.gate.closed or too_wide(self._daemon.config.settings.limits, one.prefix)
        wanted = one.until > now and policy is not None and not spared and not never
        made = ledger.tracker.made_by(one.prefix, *_MAKER)
        if made and wanted and policy and made.scope == policy.scope and made.expires == one.until:
            return
        if made:
            ledger.withdraw(one.prefix, _MAKER, "the blacklist", now)
        if wanted and policy:
            ledger.ban(Ban(one.prefix, policy.scope, *_MAKER, now, one.until, 1, one.reason))

    def _tell(self, bans: Sequence[Ban], lifts: Sequence[Ban]) -> None:
        if len(bans) + len(lifts) > _TOLD:
            _log.info("the blacklist: %d bans, %d unbans", len(bans), len(lifts))
            return
        for ban in bans:
            self._daemon.announce(ban)
        for ban in lifts:
            _log.info("unban %s (%s) by the blacklist", ban.prefix, ban.policy)

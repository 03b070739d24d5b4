"""ledger - the tracker and the state store, told the same things in the same order.

What was judged is owed to the store until a commit succeeds; while the store
fails, bans go on being made and enforced, what is owed gathers in memory, and
past `MOST_OWED` the logs are no longer read: they keep what we cannot.

A corrupt database is moved aside and a new one begun from what is known here.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from responder.daemon.logs import Found
from responder.decide.allowlist import Allowlist
from responder.decide.policy import Policy
from responder.decide.tracker import Judgement, Tracker
from responder.errors import StoreError
from responder.store.database import CorruptError, Lock, set_aside
from responder.store.outbox import Outgoing
from responder.store.state import Batch, Handled, Lift, Maker, PastBan, StateStore
from responder.values import Ban, Offence, Position, Prefix

MOST_OWED = 100_000  # judgements
LISTED, RECOVERED = "blacklist", "recovered"
"""The policy names of bans that follow from listings, and of those that only the kernel still knew."""

_PATIENCE = 1.0  # seconds between attempts to commit
_log = logging.getLogger("responder")


class Ledger:
    """Everything that must survive: in memory, and in *folder*/*name*."""

    def __init__(self, folder: Path, name: str) -> None:
        """Take the folder for this process alone; raises StoreError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: the state folder cannot be made: {error.strerror}") from None
        self._path = folder / name
        self._lock = Lock(folder)
        self.tracker = Tracker({}, Allowlist())
        self.reporting = False
        self.reported = 0
        self.trouble = ""
        self.committed = 0.0
        self.kept_aside: Path | None = None
        self.positions: dict[str, tuple[Position, ...]] = {}
        self.names: dict[str, tuple[Prefix, ...]] = {}
        self._lifted: dict[Prefix, float] = {}
        self._store: StateStore | None = None
        self._owed = Batch()
        self._positions: dict[str, tuple[Position, ...]] = {}
        self._not_before = 0.0
        self._undurable = False  # the last commit did not wait for the disk

    def load_bans(self, policies: Mapping[str, Policy], allowlist: Allowlist, most: int, now: float) -> None:
        """Read the bans that an earlier process left behind, and *names*; raises StoreError."""
        self.tracker = Tracker(policies, allowlist, most)
        try:
            self._load_bans(policies, now)
        except CorruptError as error:
            self._replace(error, now)

    def load_windows(self, policies: Mapping[str, Policy], now: float) -> None:
        """Read how far it had come, *positions*, and what it had counted by then; raises StoreError.

        From a corrupt database they come together or not at all: else lines would count twice.
        """
        if self.kept_aside:
            return
        try:
            self._load_windows(policies)
        except CorruptError as error:
            self._replace(error, now)

    def _load_bans(self, policies: Mapping[str, Policy], now: float) -> None:
        memory = max(policy.memory for policy in policies.values())
        recent = self.store.recent_bans(now - memory)
        self._lifted = {past.ban.prefix: past.ended for past in recent if past.ended is not None and not past.alone}
        for past in recent:
            if past.ban.start > self._lifted.get(past.ban.prefix, 0.0) and (past.ended is None or past.alone):
                self.tracker.enter(past.ban)
                if past.ended is not None:
                    self.tracker.withdraw(past.ban.prefix, past.ban.policy, past.ban.rule, past.ended)
        self.tracker.forget_ended(now)
        self.names = self.store.names()

    def _load_windows(self, policies: Mapping[str, Policy]) -> None:
        span = max(policy.within for policy in policies.values())
        try:
            self.tracker.replay(self.store.recent_judgements(span, lines=self.tracker.hears_alerts), self._lifted)
            self.positions = self.store.positions()
        except CorruptError:
            self.tracker.forget_windows()  # some were read by then
            raise

    @property
    def store(self) -> StateStore:
        """Return the open store."""
        if self._store is None:
            self._store = StateStore(self._path)
        return self._store

    @property
    def owed(self) -> int:
        """Return how many judgements wait to be committed."""
        return len(self._owed.judgements)

    def judge(self, found: Iterable[Found], now: float) -> list[Ban]:
        """Judge *found*, and return the bans that follow, which the store is owed from now on.

        A ban runs from now on; but who offended so long ago, in lines only read
        now, that his ban would be over, has had it.
        """
        judge = self.tracker.judge
        judged = [
            judge(offence, now if live or not self._is_past(offence, now) else None)
            for _, offences, live in found
            for offence in offences
        ]
        return self._owe(judged)

    def _is_past(self, offence: Offence, now: float) -> bool:
        """Tell whether a ban for *offence* would be over by now."""
        policy = self.tracker.policies.get(offence.policy)
        return policy is not None and now - offence.time >= policy.ban

    def _owe(self, judgements: Sequence[Judgement]) -> list[Ban]:
        """Owe *judgements* to the store and their bans to the blacklist; return the bans."""
        made = self._owed.judge(judgements)
        for ban, offence in made:
            self._report(ban, offence.line)
        return [ban for ban, _ in made]

    def ban(self, ban: Ban) -> None:
        """Take a ban that no log line made."""
        self.tracker.enter(ban)
        self._owed.changes.append(ban)
        self._report(ban)

    def _report(self, ban: Ban, evidence: str = "") -> None:
        """Have the blacklist told of *ban*, if it is this host that found it out."""
        if self.reporting and ban.policy not in (LISTED, RECOVERED):
            self._owed.outgoing.append(Outgoing(ban.prefix, ban.start, ban.policy, evidence or ban.reason))

    def respond(self, offence: Offence, now: float, why: str) -> Judgement:
        """Judge an *offence* that an active response is the answer to; see `Tracker.respond`."""
        judgement = self.tracker.respond(offence, now, why)
        self._owe([judgement])
        return judgement

    def withdraw(self, prefix: Prefix, made_by: Maker, by: str, now: float) -> tuple[Ban, ...]:
        """End the bans of *prefix* that *made_by* made and no others, and return them."""
        gone = self.tracker.withdraw(prefix, *made_by, now)
        if gone:
            self._owed.changes.append(Lift(prefix, now, by, made_by))
        return gone

    def count(self, counts: Counter[tuple[int, str, str]]) -> None:
        """Take what was counted by day, source and rule."""
        self._owed.activity.update(+counts)

    def responses(self, since: str, now: float) -> list[Handled]:
        """Return the responses that were carried out, by tokens from *since* on; raises StoreError."""
        try:
            return self.store.responses(since)
        except CorruptError as error:
            self._replace(error, now)
            return []

    def handled(self, response: Handled) -> None:
        """Take note that *response* was carried out, so that it is not carried out again."""
        self._owed.responses.append(response)

    def lift(self, prefix: Prefix, by: str, now: float) -> tuple[Ban, ...]:
        """End the bans of *prefix*, and return them."""
        lifted = self.tracker.lift(prefix)
        if lifted:
            self._lifted[prefix] = now
            self._owed.changes.append(Lift(prefix, now, by))
        return lifted

    def lifted_at(self, prefix: Prefix) -> float:
        """Return when all bans of just *prefix* were last ended by somebody, 0 where that is long ago."""
        return self._lifted.get(prefix, 0.0)

    def commit(
        self, positions: dict[str, tuple[Position, ...]], lag: float, now: float, *, durable: bool = False
    ) -> bool:
        """Write what is owed, with the positions it came from; tell whether the store has it."""
        if not self._owed and positions == self._positions and not (durable and self._undurable):
            return True
        self._owed.positions, self._owed.lag = positions, lag
        if now < self._not_before <= now + _PATIENCE and not durable:
            return False
        try:
            self.store.commit(self._owed, now, durable=durable)
        except CorruptError as error:
            try:
                self._replace(error, now)
            except StoreError as stuck:
                return self._failed(stuck, now)
            return self.commit(positions, lag, now, durable=durable)
        except StoreError as error:
            return self._failed(error, now)
        if self.trouble:
            _log.warning("the state store works again; nothing was lost")
        self.reported += len(self._owed.outgoing)
        self.trouble, self._owed, self._positions, self._undurable = "", Batch(), positions, not durable
        self.committed = now
        return True

    def _failed(self, error: StoreError, now: float) -> bool:
        """Take note that the store has not what it is owed."""
        if not self.trouble:
            _log.error("%s; enforcing goes on, what is not stored is kept in memory and tried again", error)
        self.trouble, self._not_before = str(error), now + _PATIENCE
        return False

    def prune(self, offences_before: float, most_offences: int, bans_before: float) -> int:
        """Forget some of what is too old; return how much went, 0 when all of it has."""
        try:
            return self.store.prune(offences_before, most_offences, bans_before)
        except StoreError as error:
            _log.warning("pruning: %s", error)
            return 0

    def offences_of(self, prefix: Prefix, most: int) -> list[Judgement]:
        """Return the latest offences of *prefix*, those not yet committed included."""
        waiting = [judgement for judgement in self._owed.judgements if prefix.covers(judgement.offence.address)]
        return [*self.store.offences_of(prefix, most), *waiting][-most:]

    def bans_of(self, prefix: Prefix, most: int) -> list[PastBan]:
        """Return the latest bans that have to do with *prefix*."""
        return self.store.bans_of(prefix, most)

    def close(self) -> None:
        """Close the store and let the next process in."""
        if self._store:
            self._store.close()
        self._lock.release()

    def _replace(self, error: StoreError, now: float) -> None:
        """Begin a new database with what is known here; the corrupt one is kept."""
        if self._store:
            self._store.close()
            self._store = None
        self.kept_aside = set_aside(self._path, now)
        _log.error("%s; it is kept as %s, and a new database begun", error, self.kept_aside)
        owed = set(self._owed.changes)
        known = [ban for ban in self.tracker.lasting(now) if ban not in owed]
        self._owed.changes[:0] = known
        for ban in known:
            self._report(ban)  # one that was reported before is the same report again, and counts once

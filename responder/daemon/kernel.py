"""kernel - what the firewall was told, and what is owed to it.

The store says what is wanted.  Changes are sent as they come; after a new
actor, a failure or a change of the allowlist the whole wanted set is sent, so
that whatever was lost in between is repaired.
"""

import logging
import selectors
import time
from collections import Counter
from collections.abc import Callable, Sequence
from math import inf

from responder.decide.allowlist import Allowlist
from responder.decide.tracker import Tracker
from responder.enforce.backend import Target
from responder.enforce.firewall import Enforced, Firewall, Looked, held_in
from responder.framing import Message
from responder.values import Ban, Outcome, Prefix

_PATIENCE = 0.5  # seconds before a failed sync is tried again, doubled up to:
_LONGEST_PATIENCE = 30.0
_log = logging.getLogger("responder")


class Kernel:
    """The firewall actor, one that we start with *backend* or that listens on *path*, and our debts to it."""

    def __init__(self, backend: str, path: str, selector: selectors.BaseSelector) -> None:
        self.firewall = Firewall(backend, path, selector, self._take_news)
        self._sync_due: float | None = None
        self._syncing = False
        self._patience = _PATIENCE
        self._told = self._ailing = ""
        self.synced = False
        """Whether the whole wanted set has been in the kernel since this process began."""
        self.mended = self.unsettled = 0
        self.outcomes: Counter[str] = Counter(done=0, failed=0)
        self.latest = inf
        """No ban lasts longer in the kernel, whatever the store says."""
        self.owing_since: float | None = None
        self._adopt: Callable[[dict[Target, Enforced]], None] | None = None

    @property
    def settled(self) -> bool:
        """Tell whether the kernel has everything it should."""
        return self.firewall.connected and self._sync_due is None and not self.firewall.unanswered

    @property
    def trouble(self) -> str:
        """Return what keeps the kernel from being told or looked after, or nothing."""
        return self._told or self._ailing

    def want_sync(self, at: float = 0.0) -> None:
        """Have the whole wanted set sent, not before *at*."""
        self._sync_due = at

    def recover(self, adopt: Callable[[dict[Target, Enforced]], None]) -> None:
        """Before the first sync, have *adopt* hear what the kernel holds: the store has forgotten it."""
        self._adopt = adopt

    def begin(self, tracker: Tracker, now: float) -> None:
        """Send the whole wanted set for the first time, and wait until it is sent.

        What comes next may take seconds, in which nobody serves the socket.
        """
        self.firewall.connect(now)
        self.want_sync(now)
        self.tend(tracker, now)
        self.firewall.push()

    def tend(self, tracker: Tracker, now: float) -> None:
        """Keep an actor at the other end, and pay what is owed to it."""
        self.firewall.tend()
        if self.firewall.connect(now):
            self._fare(self.trouble, "", now)
            self.want_sync(now)
        if not self.firewall.connected:
            self._fare(self.firewall.error, self._ailing, now)
        elif self._sync_due is not None and now >= self._sync_due and not self._syncing:
            self._syncing, self._sync_due = True, None
            if self._adopt:
                self.firewall.held(lambda answer: self._adopted(answer, now))
            else:
                bans, never = tracker.bans(now), _never(tracker.allowlist)
                self.firewall.sync(_ending(bans, self.latest), never, lambda outcome: self._synced(outcome, now))

    def apply(
        self, bans: Sequence[Ban], lifts: Sequence[Ban], now: float, then: Callable[[Outcome], None] | None = None
    ) -> None:
        """Tell the firewall of *bans* and *lifts*; *then* hears what it did."""

        def answered(outcome: Outcome) -> None:
            if not outcome.error:
                self.unsettled = max(0, self.unsettled - len(bans))
            self._heard(outcome, now)
            if then:
                then(outcome)

        self.unsettled += len(bans)
        self.firewall.apply(_ending(bans, self.latest), lifts, answered)

    def flush(self, now: float, then: Callable[[Outcome], None]) -> None:
        """Have everything of ours removed from the kernel; *then* hears of it."""

        def answered(outcome: Outcome) -> None:
            self._heard(outcome, now)
            then(outcome)

        self.firewall.flush(answered)

    def clear(self) -> None:
        """Have everything of ours removed from the kernel before we end; whoever cannot be told has said why."""
        self.firewall.flush(lambda _: None)
        self.firewall.push()

    def _take_news(self, looked: Looked) -> None:
        """Take in what came of the actor's looking after its rules; where it cannot, a sync is owed."""
        if looked.mended:
            self.mended += 1
            _log.warning("somebody else changed our firewall rules: %s; put back", looked.mended)
        now = time.time()
        self._fare(self._told, looked.error, now)
        if looked.error:
            self._owe(now)

    def close(self) -> None:
        """Let the actor go; the rules stay."""
        self.firewall.close()

    def _adopted(self, answer: Message, now: float) -> None:
        self._syncing = False
        if answer.get("error"):
            self._heard(Outcome(0, answer["error"]), now)
        elif self._adopt:
            self._adopt(held_in(answer))
            self._adopt = None
            self.want_sync()

    def _synced(self, outcome: Outcome, now: float) -> None:
        self._syncing = False
        if not outcome.error:
            self.synced = True
            self.unsettled = 0  # those told since are few, and confirmed in a moment
            self.firewall.settled()
            _log.info("%s holds %d bans", self.firewall.backend, outcome.applied)
        self._heard(outcome, now)

    def _heard(self, outcome: Outcome, now: float) -> None:
        self.outcomes["failed" if outcome.error else "done"] += 1
        if outcome.error:
            self._fare(outcome.error, self._ailing, now)
            self._owe(now)
        elif self._sync_due is None and not self._syncing:  # else what failed before is still to be paid
            self._fare("", self._ailing, now)
            self._patience = _PATIENCE

    def _owe(self, now: float) -> None:
        """Have a sync pay what could not be done, a little later each time, unless one will anyway."""
        if self._sync_due is None and not self._syncing:
            self.want_sync(now + self._patience)
            self._patience = min(2 * self._patience, _LONGEST_PATIENCE)

    def _fare(self, told: str, ailing: str, now: float) -> None:
        """Take note of why the kernel cannot be told, and why not looked after; say what is new of it."""
        before = {self._told, self._ailing, ""}
        for error in {told, ailing} - before:
            _log.error("%s; detecting goes on, bans are enforced as soon as it works again", error)
        if self.trouble and not told and not ailing:
            _log.warning("the firewall works again")
        self._told, self._ailing = told, ailing
        self.owing_since = (self.owing_since or now) if self.trouble else None


def _never(allowlist: Allowlist) -> tuple[Prefix, ...]:
    return tuple(dict.fromkeys(entry.prefix for entry in allowlist.entries))


def _ending(bans: Sequence[Ban], latest: float) -> Sequence[Ban]:
    """Return *bans*, none of them longer than *latest*."""
    return [ban._replace(expires=min(ban.expires, latest)) for ban in bans] if latest < inf else bans

"""tracker - who is close to a ban, who is banned, who was.

The Tracker holds the Windows, the list of bans and the memory of earlier ones,
and judges one offence after another.  It is a pure state
machine: the clock is handed in, and what it decides is returned for the daemon
to commit.  Given the same offences it comes to the same bans.

Bounded: when more than *most* windows are held, stale ones go first, then the
least dangerous: fewest hits for their limit, then longest quiet.

Falls short: offences seen while a ban of the same scope is in force are
recorded but do not count towards another.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import partial
from sys import intern
from types import MappingProxyType
from typing import NamedTuple

from responder.decide.allowlist import Allowlist
from responder.decide.banlist import BanList, longest
from responder.decide.gate import Gate
from responder.decide.policy import Policy
from responder.decide.sightings import Sightings
from responder.decide.window import EMPTY, Window, full, hit
from responder.times import format_duration
from responder.values import Ban, Offence, Prefix

Key = tuple[str, Prefix]
_ROOM = 0.9  # of `most`, after the least dangerous were dropped
_CASES = 16384  # remembered: who attacks comes again


class Effect(StrEnum):
    """What an offence led to."""

    __hash__ = str.__hash__  # Enum's own is ten times as slow

    COUNTED = "counted"
    BAN = "ban"
    ALREADY_BANNED = "already banned"
    KEPT_BACK = "kept back"
    TOLD_BEFORE = "told before"
    ALLOWED = "allowed"
    NO_POLICY = "no policy"


class Judgement(NamedTuple):
    """An offence, what it led to, and the ban where it led to one."""

    offence: Offence
    effect: Effect
    ban: Ban | None = None


_judgement = partial(tuple.__new__, Judgement)  # in a third of the time that calling Judgement takes


class _Case(NamedTuple):
    """What stays the same about an address under a policy: which policy, what is counted, and whether it is allowed."""

    policy: Policy | None
    key: Key
    allowed: bool


class Memory(NamedTuple):
    """The latest ban of a key: when it ended or will end, and the how-manyth it was."""

    expires: float
    nth: int


class Tracker:
    """Judges offences against *policies*."""

    def __init__(self, policies: Mapping[str, Policy], allowlist: Allowlist, most: int = 1_000_000) -> None:
        self._policies = policies
        self._allowlist = allowlist
        self._cases: defaultdict[str, dict[Prefix, _Case]] = defaultdict(dict)  # by the policy's name
        self.gate = Gate()
        self.dropped = 0
        self._most = most
        self._windows: dict[Key, Window] = {}
        self._banned = BanList()
        self._sightings: Sightings | None = None
        self._memory: dict[Key, Memory] = {}

    @property
    def policies(self) -> Mapping[str, Policy]:
        """Return the policies, by name; others may take their place."""
        return self._policies

    @policies.setter
    def policies(self, policies: Mapping[str, Policy]) -> None:
        self._policies = policies
        self._cases.clear()

    @property
    def allowlist(self) -> Allowlist:
        """Return whom nobody may ban; another list may take its place."""
        return self._allowlist

    @allowlist.setter
    def allowlist(self, allowlist: Allowlist) -> None:
        self._allowlist = allowlist
        self._cases.clear()

    @property
    def tracked(self) -> int:
        """Return how many keys have a window."""
        return len(self._windows)

    @property
    def hears_alerts(self) -> bool:
        """Tell whether lines are compared with alerts about them."""
        return self._sightings is not None

    def watch_for_alerts(self) -> None:
        """From now on count once what a log line says and an alert about it says again."""
        self._sightings = Sightings()

    def judge(self, offence: Offence, now: float | None = None) -> Judgement:
        """Return what *offence* leads to.

        A ban starts at *now*; None (a replayed log) means the time of the offence.
        """
        address, _, name, weight, at, _ = offence
        policy, key, allowed = self._cases[name].get(address) or self._case(name, address)
        if allowed:
            return Judgement(offence, Effect.ALLOWED)
        if policy is None:
            return Judgement(offence, Effect.NO_POLICY)
        if self._sightings and self._sightings.repeats(offence):
            return Judgement(offence, Effect.TOLD_BEFORE)
        if self._banned and self._banned.keeps_out(key[1], policy.scope, at):
            return _judgement((offence, Effect.ALREADY_BANNED, None))
        window = hit(self._windows.get(key, EMPTY), at, weight, policy)
        if full(window, policy):
            return self._stop(offence, policy, key, window, now)
        self._keep(key, window)
        return _judgement((offence, Effect.COUNTED, None))

    def _case(self, name: str, address: Prefix) -> _Case:
        """Work out what is the same for all offences of *address* under the policy *name*, and remember it."""
        if sum(map(len, self._cases.values())) >= _CASES:
            self._cases.clear()
        policy = self._policies.get(name)
        key = (name, policy.key(address) if policy else address)
        case = _Case(policy, key, self._allowlist.covering(address) is not None)
        return self._cases[name].setdefault(address, case)

    def respond(self, offence: Offence, now: float, why: str) -> Judgement:
        """Return what an *offence* that somebody else judged leads to; the reason of its ban is *why*.

        It gets a ban of its own beside those of others, so that it can be withdrawn by itself.
        """
        policy, key, allowed = self._case(offence.policy, offence.address)
        if allowed:
            return Judgement(offence, Effect.ALLOWED)
        if policy is None:
            return Judgement(offence, Effect.NO_POLICY)
        others = self._banned.of(key[1])
        if any((ban.policy, ban.rule) == (policy.name, offence.rule) and ban.expires > now for ban in others):
            return Judgement(offence, Effect.ALREADY_BANNED)
        window = hit(self._windows.get(key, EMPTY), offence.time, offence.weight, policy)
        if full(window, policy):
            return self._stop(offence, policy, key, window, now, why=why)
        self._keep(key, window)
        return Judgement(offence, Effect.COUNTED)

    def _stop(
        self, offence: Offence, policy: Policy, key: Key, window: Window, now: float | None, *, why: str = ""
    ) -> Judgement:
        """Ban *key*, whose *window* is full."""
        if now is not None and not self.gate.admits(now):
            self._keep(key, window)
            return Judgement(offence, Effect.KEPT_BACK)
        ban = self._ban(key[1], policy, offence, window, offence.time if now is None else now)
        ban = ban._replace(reason=f"{why}; policy {policy.name}") if why else ban
        self.enter(ban)
        return Judgement(offence, Effect.BAN, ban)

    def _keep(self, key: Key, window: Window) -> None:
        self._windows[key] = window
        if len(self._windows) > self._most:
            self._make_room(window[-1])

    def _ban(self, prefix: Prefix, policy: Policy, offence: Offence, window: Window, start: float) -> Ban:
        last = self._memory.get((policy.name, prefix))
        nth = last.nth + (last.expires <= start) if last and start - last.expires <= policy.memory else 1
        span = format_duration(max(1, window[-1] - window[0]))
        counted = "1 counted" if policy.limit == 1 else f"{len(window)} counted in {span}"
        within = format_duration(policy.within)
        reason = f"{counted}, the last {offence.rule}; policy {policy.name} bans at {policy.limit} within {within}"
        reason = intern(reason)  # thousands who come at once have the same
        return Ban(prefix, policy.scope, policy.name, offence.rule, start, start + policy.duration(nth), nth, reason)

    def enter(self, ban: Ban) -> None:
        """Take note of *ban*: one just made, an administrator's, or one from the store."""
        self._banned.enter(ban)
        self._memory[ban.policy, ban.prefix] = Memory(ban.expires, ban.nth)
        self._windows.pop((ban.policy, ban.prefix), None)

    def lift(self, prefix: Prefix) -> tuple[Ban, ...]:
        """Forgive *prefix*: forget its bans in force, its windows and its earlier bans; return the bans."""
        lifted = self._banned.lift(prefix)
        for name in self.policies:
            self._windows.pop((name, prefix), None)
            self._memory.pop((name, prefix), None)
        return lifted

    def withdraw(self, prefix: Prefix, policy: str, rule: str, now: float) -> tuple[Ban, ...]:
        """End the bans of *prefix* that *rule* made under *policy*, and no others; return them."""
        gone = self._banned.withdraw(prefix, policy, rule)
        if gone:
            self.end_early(prefix, policy, now)
        return gone

    def end_early(self, prefix: Prefix, policy: str, at: float) -> None:
        """Remember that the latest ban of *prefix* under *policy* was over at *at*."""
        last = self._memory.get((policy, prefix))
        if last:
            self._memory[policy, prefix] = Memory(min(last.expires, at), last.nth)

    def bans(self, now: float) -> tuple[Ban, ...]:
        """Return the bans in force at *now*: for each scope and prefix the one that lasts longest."""
        return self._banned.in_force(now)

    def bans_of(self, prefix: Prefix, now: float) -> tuple[Ban, ...]:
        """Return the bans in force at *now* of just *prefix*."""
        return tuple(ban for ban in longest(self._banned.of(prefix)) if ban.expires > now)

    def made_by(self, prefix: Prefix, policy: str, rule: str) -> Ban | None:
        """Return the ban of just *prefix* that *rule* made under *policy*, the last of several."""
        made = [ban for ban in self._banned.of(prefix) if (ban.policy, ban.rule) == (policy, rule)]
        return made[-1] if made else None

    def banned_by(self, policy: str, rule: str) -> list[Prefix]:
        """Return whom *rule* banned under *policy*, those also whose ban ended a moment ago."""
        return self._banned.banned_by(policy, rule)

    def lasting(self, now: float) -> tuple[Ban, ...]:
        """Return all bans that are not over at *now*, those included than which another lasts longer."""
        return self._banned.lasting(now)

    def in_force(self, ban: Ban) -> bool:
        """Tell whether *ban* is the one that keeps its prefix out: not lifted, and none lasts longer."""
        return self._banned.is_in_force(ban)

    def longer(self, ban: Ban) -> Ban | None:
        """Return the ban of the same prefix and scope that lasts longer than *ban* would, if there is one."""
        others = self._banned.of(ban.prefix)
        return next((other for other in others if other.scope == ban.scope and other.expires > ban.expires), None)

    def windows(self, address: Prefix) -> tuple[tuple[Policy, Window], ...]:
        """Return how close *address* is to a ban: each policy with the hits it counts."""
        found = ((policy, self._windows.get((name, policy.key(address)))) for name, policy in self.policies.items())
        return tuple((policy, window) for policy, window in found if window)

    def replay(self, judgements: Iterable[Judgement], forgiven: Mapping[Prefix, float] = MappingProxyType({})) -> None:
        """Rebuild the windows from offences that were judged before a restart, oldest first.

        What a prefix did up to when it was *forgiven* counts no more.
        """
        cases = self._cases
        for offence, effect, _ in judgements:
            address, _, name, weight, at, _ = offence
            policy, key, _ = cases[name].get(address) or self._case(name, address)
            if policy is None or (forgiven and at <= forgiven.get(key[1], 0.0)):
                continue
            if self._sightings and effect not in (Effect.ALLOWED, Effect.NO_POLICY):
                self._sightings.repeats(offence)
            if effect is Effect.BAN:
                self._windows.pop(key, None)
            elif effect in (Effect.COUNTED, Effect.KEPT_BACK):
                self._keep(key, hit(self._windows.get(key, EMPTY), at, weight, policy))

    def forget_windows(self) -> None:
        """Count from nothing again."""
        self._windows.clear()
        if self._sightings:
            self._sightings = Sightings()

    def forget_stale(self, latest: float) -> None:
        """Drop windows that no line as late as *latest* (log time) can fill, and what ended before it."""
        self._windows = {
            key: window
            for key, window in self._windows.items()
            if (policy := self.policies.get(key[0])) and window[-1] >= latest - policy.within
        }

    def forget_ended(self, now: float) -> tuple[Ban, ...]:
        """Drop bans that ended before *now*, and return whose end it was; forget keys that stayed away long enough."""
        ended = self._banned.forget_ended(now)
        self._memory = {
            key: last
            for key, last in self._memory.items()
            if (policy := self.policies.get(key[0])) and now - last.expires <= policy.memory
        }
        return ended

    def _make_room(self, latest: float) -> None:
        """Drop windows that are stale at *latest* (log time), then the least dangerous."""
        self.forget_stale(latest)
        if len(self._windows) <= self._most:
            return
        excess = len(self._windows) - int(self._most * _ROOM)

        def danger(key: Key) -> tuple[float, float]:
            hits = self._windows[key]
            return len(hits) / self.policies[key[0]].limit, hits[-1]

        for key in sorted(self._windows, key=danger)[:excess]:
            del self._windows[key]
        self.dropped += excess

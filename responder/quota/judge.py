"""judge - may this message pass: each request of Postfix into an answer, and notes of what happened.

All quotas that a request meets must have room for it; the most narrow one speaks
first.  Only then is it counted, in all of them.  What is refused is counted
nowhere, and what earlier stages counted of a message that DATA or END-OF-MESSAGE
refuses is taken back.  So a message that is deferred and tried again counts
once, when it passes.  A held message does not count either.

    judge = Judge(quota.ready(settings.quota), Standing(), most=200_000)
    verdict = judge.judge(request, now)

*changed* gathers the accounts that have something to store, *decided* the
suspensions, for whoever stores them to take away.  Pure: the clock is handed in,
and nothing here waits for anything.

Falls short: what is counted at RCPT and refused by somebody else later stays
counted, and counts again when it is tried again.  Ask at END-OF-MESSAGE.
"""

from collections.abc import Sequence
from typing import NamedTuple

from responder.quota import keys
from responder.quota.account import Account, Amounts, Excess
from responder.quota.accounts import Accounts
from responder.quota.notes import Note, What
from responder.quota.quota import Quota
from responder.quota.request import DUNNO, Request, encode
from responder.quota.standing import Standing, Suspension
from responder.quota.transactions import DATA, END, STAGES, Tally, Transactions
from responder.times import format_duration, format_time

_CODES: dict[What, str] = {"defer": "450 4.7.1", "reject": "550 5.7.1", "hold": "HOLD"}
_LONGEST_NAME = 100


class Verdict(NamedTuple):
    """What Postfix is told, and what is to be logged."""

    answer: bytes
    notes: tuple[Note, ...] = ()


PASS = Verdict(DUNNO)


class Charge(NamedTuple):
    """What a request adds to an account."""

    quota: Quota
    account: Account
    tally: Tally
    amounts: Amounts


class Judge:
    """Decides for *quotas*; see above."""

    def __init__(self, quotas: Sequence[Quota], standing: Standing, most: int) -> None:
        self.quotas, self.standing = tuple(quotas), standing
        self.accounts = Accounts(most)
        self.changed: dict[Account, None] = {}
        self.decided: list[Suspension] = []
        self._transactions = Transactions()
        self._version = 0

    def follow(self, quotas: Sequence[Quota], standing: Standing) -> None:
        """Go by other quotas, or another standing; what was counted stays."""
        self.quotas, self.standing = tuple(quotas), standing
        self._version += 1  # each account looks its plan up when it is next met

    def judge(self, request: Request, now: float) -> Verdict:
        """Return the answer to *request*."""
        stage = STAGES.get(request.get(b"protocol_state", b""))
        if stage is None:
            return PASS
        if self.standing.by_hand and (banned := self._by_hand(request, now)):
            return self._suspended(request, None, banned)
        tallies = self._transactions.find(request.get(b"instance"))
        charges = []
        for quota in self.quotas:
            account = self._account(quota, request, now)
            if account is None:
                continue
            if refused := self._barred(quota, account, request, now):
                self._take_back(stage, tallies)
                return refused
            if not account.windows:
                continue
            tally = tallies.get(quota.name)
            if tally is None:
                tally = tallies[quota.name] = Tally()
            charges.append(Charge(quota, account, tally, tally.owed(stage, request)))
        for charge in charges:
            if excess := charge.account.excess(charge.amounts, now):
                self._take_back(stage, tallies)
                return self._refuse(charge, excess, request, stage, now)
        return self._count(charges, stage, request, now)

    def account(self, quota: Quota, key: str, now: float) -> Account:
        """Return the account of *key*, made when there is none."""
        account = self.accounts.get((quota.name, key))
        if account is None:
            account = Account(quota.name, key, quota.plan(key, self.standing.overrides), self._version)
            self.accounts.enter(account, now)
        elif account.version != self._version:
            account.follow(quota.plan(key, self.standing.overrides), self._version)
        return account

    def _account(self, quota: Quota, request: Request, now: float) -> Account | None:
        """Return whom *request* counts against under *quota*, if anybody."""
        if quota.context is not None and quota.context != request.get(b"policy_context", b""):
            return None
        if not (quota.counts_null or request.get(b"sender")):
            return None
        key = quota.key(request)
        return None if key is None else self.account(quota, key, now)

    def _by_hand(self, request: Request, now: float) -> Suspension | None:
        found = (self.standing.by_hand.get(name) for name in keys.identities(request) if name)
        return next((one for one in found if one and one.holds(now)), None)

    def _barred(self, quota: Quota, account: Account, request: Request, now: float) -> Verdict | None:
        """Return the refusal of somebody who may send nothing at all."""
        if self.standing.suspended:
            suspension = self.standing.suspended.get((quota.name, account.key))
            if suspension and suspension.holds(now):
                return self._suspended(request, quota, suspension)
        if account.plan.blocked:
            text = f"550 5.7.1 {_shown(account.key)} may not send mail here"
            return Verdict(encode(text), (Note("reject", quota.name, account.key, "blocked", 0, None, request),))
        return None

    def _suspended(self, request: Request, quota: Quota | None, suspension: Suspension) -> Verdict:
        what: What = quota.action if quota else "defer"
        until = "" if suspension.until is None else f" until {format_time(suspension.until)}"
        text = f"{_CODES[what]} {_shown(suspension.key)} is suspended from sending{until}"
        name = quota.name if quota else ""
        return Verdict(encode(text), (Note(what, name, suspension.key, "suspended", 0, suspension.until, request),))

    def _refuse(self, charge: Charge, excess: Excess, request: Request, stage: int, now: float) -> Verdict:
        quota, account, limit = charge.quota, charge.account, excess.part.limit
        room = "it is more than that by itself"
        if excess.free is not None:
            room = f"try again in {format_duration(max(1, excess.free - now))} ({format_time(excess.free + 1)})"
        text = f"{_CODES[quota.action]} over the limit of {limit} for {_shown(account.key)}; {room}"
        note = Note(quota.action, quota.name, account.key, str(limit), excess.used, excess.free, request)
        return Verdict(encode(text), (note, *self._escalate(charge, note, stage, now)))

    def _escalate(self, charge: Charge, note: Note, stage: int, now: float) -> tuple[Note, ...]:
        rule, account = charge.quota.suspend, charge.account
        if rule is None:
            return ()
        refused = account.refuse(_fingerprint(note.request, stage), now, rule.within, again=charge.tally.refused)
        charge.tally.refused = True
        self.changed[account] = None
        if refused < rule.after:
            return ()
        until = None if rule.lasting is None else now + rule.lasting
        reason = f"refused {refused} times in {format_duration(rule.within)}, the last for {note.limit}"
        suspension = Suspension(account.quota, account.key, now, until, reason, "quota")
        account.forgive()
        self.standing.suspend(suspension)
        self.decided.append(suspension)
        return (note._replace(what="suspend", until=until),)

    def _count(self, charges: list[Charge], stage: int, request: Request, now: float) -> Verdict:
        notes: list[Note] = []
        for quota, account, tally, amounts in charges:
            if amounts == (0, 0, 0):
                continue
            tally.taken += account.add(amounts, now)
            tally.count(amounts, stage, request)
            self.changed[account] = None
            if quota.warn:
                notes += [
                    Note("warning", quota.name, account.key, f"{percent}% of {part.limit}", used, None, request)
                    for part, percent, used in account.warnings(now)
                ]
        return Verdict(DUNNO, tuple(notes)) if notes else PASS

    def _take_back(self, stage: int, tallies: dict[str, Tally]) -> None:
        """Undo what earlier stages counted of a message that is refused whole."""
        if stage in (DATA, END):
            for tally in tallies.values():
                self.changed.update(dict.fromkeys(tally.take_back()))


def _fingerprint(request: Request, stage: int) -> int:
    """Return what recognises a message that is tried again: its real size only the end of it tells."""
    size = request.get(b"size") if stage == END else b""
    return hash((request.get(b"sender"), request.get(b"recipient"), request.get(b"recipient_count"), size))


def _shown(key: str) -> str:
    """Return a key as it may stand in an SMTP answer."""
    text = key if len(key) <= _LONGEST_NAME else key[:_LONGEST_NAME] + "..."
    return "all senders together" if key == "*" else text.encode("ascii", "backslashreplace").decode()

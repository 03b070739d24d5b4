"""account - what one key has used of one quota.

An Account holds a Window for each limit of its plan, whether it was warned, and
what it was refused lately.  What is refused is not used.  Refusals count towards
suspension once a message: who tries again with the same message, as a mail
queue does every few minutes, is recognised by sender, recipient, number of
recipients and size.  Pure: times are handed in.

Falls short: two messages of which these four are the same are taken for one that
is tried again; with several recipients at DATA there is no recipient, so that
distinct messages to as many people look alike.  Which messages were refused is
not stored: after a restart each is counted once more.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from responder.quota.quota import Part, Plan
from responder.quota.window import SLOTS, Window, slot

Amounts = tuple[int, int, int]
"""Messages, recipients, bytes."""

_MOST_KNOWN = 256
_QUEUES_WAIT = 8 * 3600.0  # seconds: longer than any mail queue waits between two tries


class Excess(NamedTuple):
    """The limit that would be passed, how much of it is used, and when there is room again; None: never."""

    part: Part
    used: int
    free: float | None


class Account:
    """One *key* under the quota called *quota*."""

    __slots__ = ("_known", "_warned", "key", "plan", "quota", "refusals", "version", "windows")

    def __init__(self, quota: str, key: str, plan: Plan, version: int) -> None:
        self.quota, self.key, self.plan, self.version = quota, key, plan, version
        self.windows = tuple(Window() for _ in plan.parts)
        self.refusals: Window | None = None
        self._warned: dict[tuple[Part, int], float] | None = None
        self._known: dict[int, float] | None = None

    def follow(self, plan: Plan, version: int) -> None:
        """Go by another plan; what was counted for limits of the same kind and span stays."""
        there = {(part.what, part.within): window for part, window in zip(self.plan.parts, self.windows, strict=True)}
        self.windows = tuple(there.get((part.what, part.within)) or Window() for part in plan.parts)
        self.plan, self.version, self._warned = plan, version, None

    def excess(self, amounts: Amounts, now: float) -> Excess | None:
        """Return the limit that *amounts* more would pass."""
        for part, window in zip(self.plan.parts, self.windows, strict=True):
            amount = amounts[part.what]
            if not amount:
                continue
            at = slot(now, part.within)
            used = window.used(at)
            if used + amount > part.most:
                if amount > part.most:
                    return Excess(part, used, None)
                free = window.frees(at, used + amount - part.most)
                return Excess(part, used, free * part.within / SLOTS)
        return None

    def add(self, amounts: Amounts, now: float) -> Iterator[tuple["Account", Window, int, int]]:
        """Count *amounts*; yield each window with the slot that took it, and how much."""
        for part, window in zip(self.plan.parts, self.windows, strict=True):
            amount = amounts[part.what]
            if amount:
                yield self, window, window.add(slot(now, part.within), amount), amount

    def warnings(self, now: float) -> list[tuple[Part, int, int]]:
        """Return the limits of which a share to warn at is newly used, each with the percent and how much is used.

        Each share is told once, and again when a whole span has passed since.
        """
        found = []
        for part, window in zip(self.plan.parts, self.windows, strict=True):
            if window.total < part.warned_from and not window.foreign:
                continue
            used = window.used(slot(now, part.within))
            passed = [percent for percent, amount in part.warnings if used >= amount]
            fresh = [percent for percent in passed if not self._warned_lately(part, percent, now)]
            for percent in fresh:
                self._warned = {**(self._warned or {}), (part, percent): now}
            found += [(part, fresh[-1], used)] if fresh else []
        return found

    def _warned_lately(self, part: Part, percent: int, now: float) -> bool:
        last = (self._warned or {}).get((part, percent))
        return last is not None and now - last < part.within

    def refuse(self, fingerprint: int, now: float, within: float, *, again: bool) -> int:
        """Take note that the message with this *fingerprint* was refused; return how many were *within* lately.

        *again*: the same transaction was refused before, for another recipient.
        """
        known = self._known if self._known is not None else {}
        self._known = known
        last = known.pop(fingerprint, None)
        known[fingerprint] = now
        if len(known) > _MOST_KNOWN:
            del known[next(iter(known))]
        if self.refusals is None:
            self.refusals = Window()
        at = slot(now, within)
        if not again and (last is None or now - last > max(within, _QUEUES_WAIT)):
            self.refusals.used(at)
            self.refusals.add(at, 1)
        return self.refusals.used(at)

    def forgive(self) -> None:
        """Forget what was refused: it has led to a suspension, or was pardoned."""
        self.refusals = None

    def filled(self, now: float) -> float:
        """Return how dangerous it is to forget this: the greatest share used of a limit, and any refusals."""
        parts = zip(self.plan.parts, self.windows, strict=True)
        shares = [window.used(slot(now, part.within)) / part.most for part, window in parts if window.marks]
        return max(shares, default=0.0) + (1.0 if self.refusals and self.refusals.marks else 0.0)

    def state(self, refusals_within: float) -> list[list[Any]]:
        """Return what there is to store: kind, span and marks of each window."""
        parts = zip(self.plan.parts, self.windows, strict=True)
        rows: list[list[Any]] = [[part.limit.what, part.within, window.marks] for part, window in parts]
        return rows + ([["refusals", refusals_within, self.refusals.marks]] if self.refusals else [])

    def restore(self, rows: list[list[Any]], now: float, host: str = "") -> None:
        """Take what `state` gave, before a restart or on another *host*; limits that are no more are passed over."""
        stored = {(what, within): marks for what, within, marks in rows}
        for part, window in zip(self.plan.parts, self.windows, strict=True):
            window.set(stored.get((part.limit.what, part.within), ()), slot(now, part.within), host)
        refused = [(within, marks) for (what, within), marks in stored.items() if what == "refusals"]
        if refused and not host:
            self.refusals = Window()
            self.refusals.set(refused[0][1], slot(now, refused[0][0]))
        if not host:
            self.warnings(now)

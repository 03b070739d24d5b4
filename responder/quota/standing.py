"""standing - what was decided about single accounts: by administrators, and by quotas that suspended somebody.

*overrides* and *suspended* go by quota and key; the quota is "" where it holds
for all of them.  *by_hand* are the suspensions without a quota: they hold for
SASL user, sender, domain and client alike, whatever is counted.  Pure.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from responder.limits import Allowance

_PAUSE_EVERY = 500

Name = tuple[str, str]
"""Quota and key."""


class Suspension(NamedTuple):
    """Who may send nothing from *since* until *until*, or (None) until somebody resumes it."""

    quota: str
    key: str
    since: float
    until: float | None
    reason: str
    by: str

    def holds(self, now: float) -> bool:
        """Tell whether it is not over."""
        return self.until is None or now < self.until


class Standing:
    """What holds now."""

    def __init__(
        self, overrides: Mapping[Name, Allowance] | None = None, suspended: Mapping[Name, Suspension] | None = None
    ) -> None:
        self.overrides = dict(overrides or {})
        self.suspended = dict(suspended or {})
        self.by_hand = {key: one for (quota, key), one in self.suspended.items() if not quota}

    def suspend(self, suspension: Suspension) -> None:
        """Suspend somebody."""
        self.suspended[suspension.quota, suspension.key] = suspension
        if not suspension.quota:
            self.by_hand[suspension.key] = suspension

    def forget_ended(self, now: float) -> Iterator[None]:
        """Forget suspensions that are over; pauses now and then, when others may suspend somebody."""
        for number, (name, one) in enumerate(list(self.suspended.items()), 1):
            if not one.holds(now) and self.suspended.get(name) is one:
                del self.suspended[name]
                if not name[0]:
                    self.by_hand.pop(name[1], None)
            if number % _PAUSE_EVERY == 0:
                yield

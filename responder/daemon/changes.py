"""changes - what the firewall is to be told after bans of some prefixes changed.

changes = Changes(tracker, now)
changes.look(prefix)             # before it changes
...
bans, lifts = changes.made()
"""

from responder.decide.tracker import Tracker
from responder.values import Ban, Prefix


class Changes:
    """Remembers what was in force."""

    def __init__(self, tracker: Tracker, now: float) -> None:
        self._tracker, self._now = tracker, now
        self._before: dict[Prefix, tuple[Ban, ...]] = {}

    def look(self, prefix: Prefix) -> None:
        """Take note of what is in force of *prefix*, the first time that it is looked at."""
        if prefix not in self._before:
            self._before[prefix] = self._tracker.bans_of(prefix, self._now)

    def made(self) -> tuple[list[Ban], list[Ban]]:
        """Return the bans that are in force and were not, and those whose prefix and scope are free by now."""
        after = {prefix: self._tracker.bans_of(prefix, self._now) for prefix in self._before}
        bans = [ban for prefix, those in after.items() for ban in those if ban not in self._before[prefix]]
        lifts = [
            ban
            for prefix, those in self._before.items()
            for ban in those
            if ban.scope not in {other.scope for other in after[prefix]}
        ]
        return bans, lifts

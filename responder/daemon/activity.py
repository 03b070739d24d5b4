"""activity - how many lines each log has and how often its rules match, day by day; what fell silent.

Counts are handed to the store once a minute, and looked at every hour.

Falls short: a crash costs the counts of the last minute.
"""

from collections import Counter
from collections.abc import Iterable

from responder.daemon.ledger import Ledger
from responder.daemon.logs import Found, Logs
from responder.decide.silence import LOOKED_BACK, Silent, silent
from responder.errors import StoreError
from responder.times import DAY, HOUR, MINUTE


class Activity:
    """Counts what *logs* have, and knows what fell *silent*."""

    def __init__(self, logs: Logs) -> None:
        self.silent: tuple[Silent, ...] = ()
        self._logs = logs
        self._counts: Counter[tuple[int, str, str]] = Counter()
        self._lines: dict[str, int] = {}
        self._hand_over_at = self._look_at = 0.0

    def note(self, found: Iterable[Found], now: float) -> None:
        """Count what was *found*."""
        day = int(now // DAY)
        for one in found:
            for rule, count in Counter(offence.rule for offence in one.offences).items():
                self._counts[day, one.source, rule] += count

    def tend(self, ledger: Ledger, now: float) -> None:
        """Hand the counts over when it is time; look what fell silent when it is time."""
        if now >= self._hand_over_at or self._hand_over_at - now > MINUTE:
            self._hand_over_at = now + MINUTE
            self._count_lines(now)
            ledger.count(self._counts)
            self._counts = Counter()
        if now >= self._look_at or self._look_at - now > HOUR:
            self._look_at = now + HOUR
            self._look(ledger, now)

    def _count_lines(self, now: float) -> None:
        for log in self._logs.each:
            name = log.settings.name
            self._counts[int(now // DAY), name, ""] += log.lines - self._lines.get(name, 0)
            self._lines[name] = log.lines

    def _look(self, ledger: Ledger, now: float) -> None:
        today = int(now // DAY)
        try:
            ledger.store.forget_activity(today - LOOKED_BACK)
            self.silent = tuple(silent(ledger.store.activity(), today))
        except StoreError:
            return  # a store that fails is told of elsewhere

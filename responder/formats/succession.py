"""succession - whether an alert is the one that is due, by its number.

OSSEC numbers its alerts one after the other (4.x), or by the byte of the file
at which each begins (before; Wazuh).  Who writes a whole alert into a log line
cannot know the number that is due, and the genuine alert around his text comes
first and has it.  So an alert whose number is not due waits; the next genuine
one sends it away.  Where none comes, in three chunks, the numbers have begun
anew (a restart, another file), and who waits is let in.

    due     the last one's number and the bytes between them; or and 1; or, before
            one of these has proved true for a while, up to `_MOST_SKIPPED` more

Pure.  Falls short: after a restart of responder the first alert has nobody to
follow and is believed, and the next ones if they are within the next thousand.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from responder.values import Record

_MOST_SKIPPED = 1000
_SURE_OF_BYTES, _SURE_OF_ONES = 3, 20  # alerts in a row
_CHUNKS = 3
_MOST_WAITING = 1000


class Numbered(NamedTuple):
    """An alert, its number, and at which byte of all that was read it begins."""

    number: int
    place: int
    record: Record


class Succession:
    """Follows the numbers of one file."""

    def __init__(self) -> None:
        self.refused = 0
        self._last: Numbered | None = None
        self._bytes = self._ones = 0
        self._waiting: list[Numbered] = []
        self._chunks = 0

    def admit(self, alerts: Iterable[Numbered]) -> Iterator[Record]:
        """Yield those of *alerts*, one chunk of them, that are due, and who waited where the numbers began anew."""
        waited = False
        for alert in alerts:
            if self._last is None or self._due(self._last, alert):
                self.refused += len(self._waiting)
                self._waiting, self._chunks, self._last = [], 0, alert
                yield alert.record
            else:
                self._waiting = [*self._waiting, alert][-_MOST_WAITING:]
                waited = True
        self._chunks += waited
        if self._chunks >= _CHUNKS:
            yield from self._begin_anew()

    def _due(self, last: Numbered, alert: Numbered) -> bool:
        step, distance = alert.number - last.number, alert.place - last.place
        if self._bytes >= _SURE_OF_BYTES:
            due = step == distance
        elif self._ones >= _SURE_OF_ONES:
            due = step == 1
        else:
            due = step == distance or 0 < step <= _MOST_SKIPPED
        if not due:
            return False
        self._bytes = self._bytes + 1 if step == distance else 0
        self._ones = self._ones + 1 if step == 1 else 0
        return True

    def _begin_anew(self) -> Iterator[Record]:
        waiting, self._waiting = self._waiting, []
        self._bytes = self._ones = self._chunks = 0
        self._last = waiting[-1]
        return (alert.record for alert in waiting)

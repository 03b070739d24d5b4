"""reporting - the outbox is handed to the process at the blacklist: in order, a batch at a time, until it has it.

A row leaves the state store after the blacklist has committed it.  What a crash
in between has sent again is known there by its token.
"""

import logging
from collections.abc import Callable, Sequence

from responder.daemon.ledger import Ledger
from responder.errors import StoreError
from responder.framing import Message
from responder.store.outbox import Outgoing

_BATCH = 500
_MOST_WAITING = 1_000_000
_AGAIN = 1.0  # seconds after which a store that failed is asked again
_log = logging.getLogger("responder")


class Reporting:
    """Empties the outbox of *ledger*; *send* reaches the process, if there is one."""

    def __init__(self, ledger: Ledger, send: Callable[[Message], None], most: int = _MOST_WAITING) -> None:
        self.sent = self.dropped = 0
        self._ledger, self._send, self._most = ledger, send, most
        self._asked = 0  # the number of the last row that was sent and not yet taken in
        self._told = -1  # what the ledger's count was when the outbox was found empty
        self._not_before = 0.0

    def begin(self) -> None:
        """Begin with a new process: it knows nothing of what was sent before."""
        self._asked, self._told = 0, -1

    def tend(self, now: float) -> None:
        """Send the next batch, if none is on its way and one waits."""
        if self._asked or self._told == self._ledger.reported or now < self._not_before <= now + _AGAIN:
            return
        count = self._ledger.reported
        try:
            rows = self._ledger.store.outbox.next(_BATCH)
        except StoreError as error:
            self._failed(error, now)
            return
        if not rows:
            self._told = count
            return
        self._asked = rows[-1][0]
        self._send({"report": [_row(*row) for row in rows]})

    def taken_in(self, last: int, new: int, now: float) -> None:
        """Take note that the blacklist has all rows up to *last*, *new* of which it had not before."""
        self.sent += new
        try:
            self._ledger.store.outbox.remove(last)
        except StoreError as error:
            self._failed(error, now)  # they are sent once more, and known there
        self._asked = 0

    def bound(self, now: float) -> None:
        """Drop the oldest where absurdly many wait."""
        try:
            gone = self._ledger.store.outbox.drop(self._most)
        except StoreError as error:
            self._failed(error, now)
            return
        if gone and not self.dropped:
            _log.error("the outbox holds %d reports; the oldest are dropped from now on", self._most)
        self.dropped += gone

    def waiting(self) -> int:
        """Return how many wait; raises StoreError."""
        return self._ledger.store.outbox.waiting()

    def _failed(self, error: StoreError, now: float) -> None:
        self._not_before = now + _AGAIN
        _log.warning("outbox: %s", error)


def _row(number: int, report: Outgoing) -> Sequence[object]:
    return number, *report.prefix, report.time, report.category, report.evidence

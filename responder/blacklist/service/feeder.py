"""feeder - reports of this host go in, and what it cannot do without is allowed.

In the order in which they come, each batch in one transaction; the daemon hears
of it afterwards.  A batch that comes again, because that word was lost, is known
by the tokens of its reports.
"""

import time
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any

import sqlalchemy as sa

from responder import databases
from responder.blacklist import allowing, reporters
from responder.blacklist import subject as subjecting
from responder.blacklist.reports import report_many
from responder.blacklist.scoring import Scoring
from responder.blacklist.service.link import Link
from responder.blacklist.values import Report
from responder.decide.allowlist import Allowed
from responder.values import Prefix

_GROUP = "host"
Rows = Sequence[Sequence[Any]]


class Feeder:
    """Reports in the name of *reporter*; `own` and `report` may be called from another thread."""

    def __init__(self, link: Link, reporter: str, scoring: Scoring) -> None:
        self._link, self._reporter, self._scoring = link, reporter, scoring
        self._waiting: SimpleQueue[Rows | None] = SimpleQueue()
        self._own: Sequence[Allowed] = ()

    def own(self, rows: Rows) -> None:
        """Have allowed what the host needs, and no more what it needed before."""
        self._own = [Allowed(Prefix(network, length), why) for network, length, why in rows]
        self._waiting.put(None)

    def report(self, rows: Rows) -> None:
        """Have *rows* reported."""
        self._waiting.put(rows)

    def run(self) -> None:
        """Work for ever."""
        while True:
            rows = self._waiting.get()
            self._link.insist("reports", lambda rows=rows: self._hand_in(rows or ()))  # type: ignore[misc]

    def _hand_in(self, rows: Rows) -> None:
        now = time.time()
        with databases.transaction(self._link.engine()) as connection:
            allowing.protect(connection, self._own, self._scoring, now, host=self._reporter)
            new = self._report(connection, rows, now) if rows else 0
        self._link.fare("reports", error="", at=now)
        if rows:
            self._link.say({"reported": rows[-1][0], "new": new})

    def _report(self, connection: sa.Connection, rows: Rows, now: float) -> int:
        try:
            reporters.numbers(connection, [self._reporter])
        except ValueError:
            reporters.add(connection, self._reporter, _GROUP, actor=f"host {self._reporter}", now=now)
        return report_many(connection, [self._made(row, now) for row in rows], self._scoring, now)

    def _made(self, row: Sequence[Any], now: float) -> Report:
        number, network, length, at, category, evidence = row
        at = min(at, now)  # a clock that was set back since must not keep the batch out for ever
        token = f"{self._reporter}/{number}/{row[3]!r}"
        return Report(subjecting.of(Prefix(network, length)), self._reporter, at, category, evidence, token)

"""reporting - senders whom their quota suspended, reported to the blacklist.

What is to be reported stands in the database of quotas, so nothing is lost while
the blacklist is away or this process is; each suspension has a token, and counts
once however often it is sent.  E-mail addresses, domains and addresses are
reported, other names (SASL users) mean something on this host alone.  Nor are
the `own` domains of the settings.  The reporter is `blacklist.reporter`.  Raises StoreError.
"""

import sqlalchemy as sa

from responder import databases
from responder.blacklist import database, reporters, reports
from responder.blacklist import subject as subjecting
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Kind, Report, Subject
from responder.config import Settings
from responder.quota import counters, decided
from responder.quota.standing import Suspension

_MADE_BY, _GROUP = "quota", "host"


class Reporting:
    """Reports as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engines: list[sa.Engine] = []
        self._told: set[str] = set()

    def report(self, now: float) -> int:
        """Report what is new, and return how many reports that were."""
        if not self._engines:
            quotas = counters.connect(counters.url(self._settings.policyd.database, self._settings.state))
            self._engines = [quotas, database.connect(self._settings.blacklist.url)]
        quotas, blacklist = self._engines
        with databases.reading(quotas) as connection:
            suspended = decided.standing(connection).suspended.values()
        batch = {_token(one): self._report(one, now) for one in suspended if one.by == _MADE_BY}
        fresh = [report for token, report in batch.items() if report and token not in self._told]
        new = 0
        if fresh:
            scoring = Scoring(**self._settings.blacklist.scoring.model_dump())
            with databases.transaction(blacklist) as connection:
                self._be_known(connection, now)
                new = reports.report_many(connection, fresh, scoring, now)
        self._told = set(batch)
        return new

    def close(self) -> None:
        """Let go of both databases."""
        for engine in self._engines:
            engine.dispose()

    def _be_known(self, connection: sa.Connection, now: float) -> None:
        """Make this host a reporter, where it is none; of which group is the administrator's to change."""
        name = self._settings.blacklist.reporter
        try:
            reporters.numbers(connection, [name])
        except ValueError:
            reporters.add(connection, name, _GROUP, actor=f"host {name}", now=now)

    def _report(self, suspension: Suspension, now: float) -> Report | None:
        try:
            subject = subjecting.parse(suspension.key)
        except ValueError:
            return None
        if self._own(subject):
            return None
        name, token = self._settings.blacklist.reporter, _token(suspension)
        seen = min(suspension.since, now)  # by the steady clock of the service, which may be a little ahead
        return Report(subject, name, seen, "quota", f"suspended: {suspension.reason}", token)

    def _own(self, subject: Subject) -> bool:
        domain = subject.value.rpartition("@")[2] if subject.kind in (Kind.EMAIL, Kind.DOMAIN) else ""
        return any(domain == own or domain.endswith(f".{own}") for own in self._settings.blacklist.own)


def _token(suspension: Suspension) -> str:
    return f"quota {suspension.quota} {suspension.key} {suspension.since:.3f}"

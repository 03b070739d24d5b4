"""values - what the blacklist is about, and what it hands to those who ask it or write it out.

    Subject  an address, network, e-mail address, domain or URL, in its one canonical form
    Report   somebody saw a subject do wrong
    Level    how sure a listing is; the levels are nested: all that is strict is moderate and broad, too
    Listing  what scoring makes of the reports: since when, and until when on each level
    Entry    a listing in force, as lookups and exports have it

Pure.  Times are UTC epoch seconds, a day is their number of whole days.
"""

from enum import IntEnum, StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a subject is."""

    ADDRESS = "address"
    NETWORK = "network"
    EMAIL = "email"
    DOMAIN = "domain"
    URL = "url"


class Level(IntEnum):
    """How sure a listing is; a higher one is in all lower ones."""

    BROAD = 1
    MODERATE = 2
    STRICT = 3


class Subject(NamedTuple):
    """What is reported and listed; *value* is canonical, so equal subjects are equal values."""

    kind: Kind
    value: str


class Report(NamedTuple):
    """*reporter* saw *subject* do wrong at *time*; *evidence* is a log line, *category* what kind of wrong.

    A *token* is the reporter's own name for the report: sent twice, it counts once.
    """

    subject: Subject
    reporter: str
    time: float
    category: str = ""
    evidence: str = ""
    token: str | None = None


class Listing(NamedTuple):
    """A listing: its score at the latest evidence (*scored*), since when, and until when it is on each level.

    A level that was not reached is None; who is on a level is on all lower ones at least as long.
    """

    score: float
    scored: float
    since: float
    broad: float
    moderate: float | None
    strict: float | None
    category: str
    reason: str

    def until(self, level: Level) -> float:
        """Return when the listing leaves *level*; 0 where it was never on it."""
        if level is Level.BROAD:
            return self.broad
        return (self.moderate if level is Level.MODERATE else self.strict) or 0.0

    def level(self, now: float) -> Level | None:
        """Return the level at *now*, None where the listing is over."""
        if self.strict is not None and self.strict > now:
            return Level.STRICT
        if self.moderate is not None and self.moderate > now:
            return Level.MODERATE
        return Level.BROAD if self.broad > now else None


class Entry(NamedTuple):
    """A listing in force: its subject, why, how sure now, since when, and until when on the level asked for."""

    subject: Subject
    level: Level
    score: float
    category: str
    since: float
    until: float
    reason: str

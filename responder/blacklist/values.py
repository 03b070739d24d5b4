"""values - what the blacklist is about, and what it hands to those who write it out.

    Subject  an address, network, e-mail address, domain or URL, in its one canonical form
    Level    how sure a listing is; the levels are nested: all that is strict is moderate and broad, too
    Entry    a listing, as exports have it

Pure.  Times are UTC epoch seconds.
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


class Entry(NamedTuple):
    """A listing in force: its subject, why, how sure, since when and until when."""

    subject: Subject
    level: Level
    score: float
    category: str
    since: float
    until: float
    reason: str

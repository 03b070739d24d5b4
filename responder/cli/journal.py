"""journal - what ``responder scan --journal`` looks through."""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from responder.errors import UsageError
from responder.settings.source import SourceSettings
from responder.sources import Following, read_journal
from responder.times import DAY, parse_duration

EVERYTHING = ("*.service",)
"""What is looked through where nobody says which units."""
_A_WEEK = 7 * DAY


class Asked(NamedTuple):
    """What the command line asks for: *units* of the journal in *directory* since so many seconds."""

    units: tuple[str, ...]
    directory: str
    since: float

    @classmethod
    def parse(cls, units: tuple[str, ...], directory: str, since: str) -> "Asked":
        """Return what the words mean; raises UsageError."""
        try:
            return cls(units, directory, parse_duration(since) if since else _A_WEEK)
        except ValueError as error:
            raise UsageError(f"--since: {error}") from None


class Reading(NamedTuple):
    """Lines of *form*, by *program* where they do not say it."""

    form: str
    program: str
    chunks: Iterator[bytes]


def readings(asked: Asked, sources: Sequence[SourceSettings], form: str, program: str) -> Iterator[Reading]:
    """Yield what is *asked* for; where no unit is, what the settings follow in the journal, else every service."""
    form = "syslog" if form == "auto" else form
    followed = [] if asked.units else [one for one in sources if one.journal]
    since = time.time() - asked.since
    for one in followed:
        following = Following(one.journal, one.user_ids, asked.directory or one.directory, one.format != "syslog")
        yield Reading(one.format, one.program, _data(following, since))
    if not followed:
        following = Following(asked.units or EVERYTHING, (), asked.directory, form != "syslog")
        yield Reading(form, program, _data(following, since))


def _data(following: Following, since: float) -> Iterator[bytes]:
    return (chunk.data for chunk in read_journal(following, since))

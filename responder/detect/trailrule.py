"""trailrule - a rule for failures whose address stands on an earlier line of the same connection.

``from`` matches the line that names the address, ``pattern`` the failure, and
``until``, where there is one, the end of the connection.  ``key`` says what joins
them: ``pid``, the process id in the syslog header, or the name of a piece that
stands in each pattern once.  The place of the key is proven like that of an
address: no text that a peer wrote can move it.

A process id is known to one program of one host.  A piece may join lines of several, as a
queue id does those of Postfix's smtpd and cleanup: of all whose names begin alike
up to the first slash (postfix/submission/smtpd, postfix/cleanup), which are
one mail system with one queue.
"""

from dataclasses import dataclass, field
from typing import Any

from responder.detect.pattern import Joined, Joint, UnprovenError
from responder.detect.reading import Reading
from responder.detect.rule import Rule
from responder.detect.trails import Key
from responder.formats.syslog import Header
from responder.values import Prefix

PID = "pid"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailRule(Rule):
    """What an offence looks like: *source* names the address, *pattern* the failure, *end* the end."""

    key: str
    source: str
    pattern: str
    end: str = ""
    literals: frozenset[str] = field(init=False)
    _source: Joint = field(init=False, repr=False)
    _pattern: Joint = field(init=False, repr=False)
    _end: Joint | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Raise RuleError unless every pattern is proven."""
        piece = "" if self.key == PID else self.key
        try:
            source = Joint(self.source, piece, blames=True)
            pattern = Joint(self.pattern, piece)
            end = Joint(self.end, piece) if self.end else None
        except UnprovenError as error:
            raise self.error(str(error), error.remedy) from None
        object.__setattr__(self, "_source", source)
        object.__setattr__(self, "_pattern", pattern)
        object.__setattr__(self, "_end", end)
        object.__setattr__(
            self, "literals", source.literals | pattern.literals | (end.literals if end else frozenset())
        )

    def follow(self, head: Header, program: bytes, message: str, reading: Reading) -> Prefix | None:
        """Take note of what *message* says of a connection; return the address to blame where it is the failure."""
        trails = reading.trails
        if (found := self._source.find(message)) is not None:
            if found.address:
                trails.begin(self._key(head, program, found), found.address, reading.stamps.read(head.stamp))
        elif (found := self._pattern.find(message)) is not None:
            return trails.find(self._key(head, program, found), reading.stamps.read(head.stamp))
        elif self._end and (found := self._end.find(message)) is not None:
            trails.end(self._key(head, program, found))
        return None

    def _key(self, head: Header, program: bytes, found: Joined) -> Key:
        if found.key:
            return Key(head.host + b" " + program.partition(b"/")[0], self.source, found.key)
        return Key(head.host + b" " + program, self.source, head.pid.decode("utf-8", "replace"))

    def texts(self) -> tuple[str, ...]:
        """Return the patterns that are matched against messages."""
        return (self.source, self.pattern, *filter(None, [self.end]))

    def looks_for(self) -> dict[str, Any]:
        """Return what the rule asks of lines."""
        asked = {"program": list(self.programs), "key": self.key, "from": self.source, "pattern": self.pattern}
        return asked | ({"until": self.end} if self.end else {})

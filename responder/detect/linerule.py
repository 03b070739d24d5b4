"""linerule - a rule for what programs write in words: a pattern of the message, proven when it is made.

A LineRule cannot exist with a pattern that proof.py refuses; whether it does what
its author meant is for its examples to say (examples.py).
"""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import regex

from responder.detect import literals, proof, syntax
from responder.detect.pieces import expand
from responder.detect.rule import Rule
from responder.values import Prefix, parse_address

LONGEST_PINNED_RIGHT = 900
"""Messages longer than this, in bytes, may have been cut by syslog (1,024 bytes in RFC 3164, 4.1), so
that they end in what the peer wrote; a rule that finds its address from the right does not look at them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRule(Rule):
    """What an offence looks like in the messages of *programs*: syslog tags, shell-style."""

    programs: tuple[str, ...]
    pattern: str
    literals: frozenset[str] = field(init=False)
    _pinned_left: bool = field(init=False)
    _compiled: "regex.Pattern[str]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raise RuleError unless the pattern is proven."""
        try:
            nodes = syntax.parse(self.pattern)
            compiled = regex.compile(expand(self.pattern), regex.ASCII | regex.VERSION0)
        except (ValueError, regex.error) as error:
            raise self.error(str(error), "write the syntax that Python's re and regex share, with pieces") from None
        faults = proof.faults(nodes)
        if faults:
            raise self.error("; ".join(fault.what for fault in faults), "; ".join(fault.remedy for fault in faults))
        object.__setattr__(self, "literals", literals.needed(nodes))
        object.__setattr__(self, "_pinned_left", proof.pinned_left(nodes))
        object.__setattr__(self, "_compiled", compiled)

    def judges(self, program: str) -> bool:
        """Tell whether the rule looks at what *program* (a syslog tag) says."""
        return any(fnmatchcase(program, glob) for glob in self.programs)

    def find(self, message: str) -> Prefix | None:
        """Return the address that *message* blames, or None where the rule does not match."""
        found = self._compiled.match(message)
        if found is None:
            return None
        if not self._pinned_left and len(message.encode()) > LONGEST_PINNED_RIGHT:
            return None
        return parse_address(found["address"])

    def looks_for(self) -> dict[str, Any]:
        """Return what the rule asks of a line."""
        return {"program": list(self.programs), "pattern": self.pattern}

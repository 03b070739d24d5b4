"""rule - one rule, proven when it is made.

A Rule cannot exist with a pattern that proof.py refuses; whether it does what
its author meant is for its examples to say (examples.py).
"""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import regex

from responder.detect import literals, proof, syntax
from responder.detect.pieces import expand
from responder.errors import RuleError
from responder.values import Prefix, parse_address

LONGEST_PINNED_RIGHT = 900
"""Messages longer than this, in bytes, may have been cut by syslog (1,024 bytes in RFC 3164, 4.1), so
that they end in what the peer wrote; a rule that finds its address from the right does not look at them."""


class Example(NamedTuple):
    """A line and the address that its rule must find in it; no address: it must find nothing."""

    line: str
    address: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What an offence looks like, and against which policy it counts."""

    id: str
    title: str
    service: str
    programs: tuple[str, ...]
    policy: str
    pattern: str
    weight: int = 1
    examples: tuple[Example, ...] = ()
    path: Path = Path()
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

    def error(self, problem: str, remedy: str) -> RuleError:
        """Return the error that names this rule."""
        return RuleError(self.path, self.id, problem, remedy)

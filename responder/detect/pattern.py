"""pattern - one pattern of a rule, proven when it is made.

A Pattern cannot exist that proof.py refuses.  A Shape is a pattern that blames
nobody (``ignore``): it needs no address, and must match in linear time all the same.
A Joint is one of several lines that an id joins.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import regex

from responder.detect import literals, probe, proof, syntax
from responder.detect.pieces import expand
from responder.detect.proof import Fault
from responder.values import Prefix, parse_address

LONGEST_PINNED_RIGHT = 900
"""Messages longer than this, in bytes, may have been cut by syslog (1,024 bytes in RFC 3164, 4.1), so
that they end in what the peer wrote; a pattern that finds its address from the right does not look at them."""


class UnprovenError(ValueError):
    """A pattern does not hold what must hold of it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.what for fault in faults))
        self.remedy = "; ".join(fault.remedy for fault in faults)


class Facts(NamedTuple):
    """What is proven of a pattern: texts of which every match holds one; whether the address is found from the left."""

    literals: frozenset[str]
    pinned_left: bool


known: dict[tuple[str, str], Facts] = {}
"""What is proven of patterns, by their text and what they are for: it takes milliseconds each, and stays true."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that names the address to blame; *literals* are texts of which every match holds one."""

    text: str
    literals: frozenset[str] = field(init=False)
    pinned_left: bool = field(init=False)

    def __post_init__(self) -> None:
        """Raise UnprovenError unless the pattern is proven."""
        facts = known.get((self.text, "pattern"))
        if facts is None:
            nodes = _parsed(self.text)
            if faults := proof.faults(nodes):
                raise UnprovenError(faults)
            facts = known[self.text, "pattern"] = Facts(literals.needed(nodes), proof.pinned_left(nodes))
        object.__setattr__(self, "literals", facts.literals)
        object.__setattr__(self, "pinned_left", facts.pinned_left)

    def find(self, message: str) -> Prefix | None:
        """Return the address that *message* blames, or None where the pattern does not match."""
        found = _compiled(self.text).match(message)
        if found is None:
            return None
        if not self.pinned_left and len(message.encode()) > LONGEST_PINNED_RIGHT:
            return None
        return parse_address(found["address"])


@dataclass(frozen=True, slots=True)
class Shape:
    """A pattern that names nobody."""

    text: str

    def __post_init__(self) -> None:
        """Raise UnprovenError where matching may take more than linear time."""
        if (self.text, "shape") in known:
            return
        if faults := proof.runaways(_parsed(self.text)):
            raise UnprovenError(faults)
        known[self.text, "shape"] = Facts(frozenset(), pinned_left=True)

    def fits(self, message: str) -> bool:
        """Tell whether *message* begins so."""
        return _compiled(self.text).match(message) is not None


class Joined(NamedTuple):
    """What a Joint found: the id, and the address where it blames."""

    key: str
    address: Prefix | None


@dataclass(frozen=True, slots=True)
class Joint:
    """A pattern of a line that the id in its piece *key* joins to others; one that *blames* names the address."""

    text: str
    key: str
    blames: bool = False
    literals: frozenset[str] = field(init=False)
    _pinned_left: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Raise UnprovenError unless address and id are proven to stand where nobody can move them."""
        use = f"joint that blames by {self.key}" if self.blames else f"joint by {self.key}"
        facts = known.get((self.text, use))
        if facts is None:
            nodes = _parsed(self.text, self.key)
            found = proof.faults(nodes) if self.blames else [*proof.runaways(nodes), *proof.literal_faults(nodes)]
            if self.key:
                found += proof.key_faults(nodes, self.key)
            if found:
                raise UnprovenError(found)
            pinned_left = not self.blames or proof.pinned_left(nodes)
            facts = known[self.text, use] = Facts(literals.needed(nodes), pinned_left)
        object.__setattr__(self, "literals", facts.literals)
        object.__setattr__(self, "_pinned_left", facts.pinned_left)

    def find(self, message: str) -> Joined | None:
        """Return what *message* tells, or None where the pattern does not match."""
        found = _compiled(self.text, self.key).match(message)
        if found is None or (not self._pinned_left and len(message.encode()) > LONGEST_PINNED_RIGHT):
            return None
        return Joined(found["key"] if self.key else "", parse_address(found["address"]) if self.blames else None)


def slow_text(text: str, key: str = "") -> str | None:
    """Return a message on which the pattern *text* takes too long, or None where there is none."""
    return probe.slow_text(_compiled(text, key), _parsed(text, key))


@cache
def _compiled(text: str, key: str = "") -> "regex.Pattern[str]":
    return regex.compile(expand(text, key), regex.ASCII | regex.VERSION0)


def _parsed(text: str, key: str = "") -> syntax.Nodes:
    """Return the tree of *text*, which `regex` can compile; raises UnprovenError."""
    try:
        nodes = syntax.parse(text)
        _compiled(text, key)
    except (ValueError, regex.error) as error:
        raise UnprovenError(
            [Fault(str(error), "write the syntax that Python's re and regex share, with pieces")]
        ) from None
    return nodes

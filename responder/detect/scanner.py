"""scanner - one pass over a chunk for the literals of all rules.

Two ways to the same result: hyperscan, whose cost does not grow with the
number of rules, and plain `bytes.find` where hyperscan has no build for the
machine.  A hit only makes a line a candidate; rules judge it.
"""

from collections.abc import Sequence
from typing import Protocol

try:
    import hyperscan
except ImportError:  # no build for this processor
    hyperscan = None  # type: ignore[assignment]


class Scanner(Protocol):
    """Finds literals in a chunk; made once for a set of rules."""

    def scan(self, data: bytes) -> list[tuple[int, int]]:
        """Return every hit (end, literal number), in the order of their ends."""


class HyperscanScanner:
    """The literals as one automaton (Intel's hyperscan, or vectorscan on ARM).

    It promises no order of its hits ("Semantics" in its manual), so they are put in order.
    """

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        if literals:
            self._database.compile(
                expressions=[_quote(literal) for literal in literals],
                ids=list(range(len(literals))),
                elements=len(literals),
                flags=[0] * len(literals),
            )
        self._empty = not literals

    def scan(self, data: bytes) -> list[tuple[int, int]]:
        """Return every hit (end, literal number), in the order of their ends."""
        hits: list[tuple[int, int]] = []
        found = hits.append

        def on_match(literal: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found((end, literal))

        if data and not self._empty:
            self._database.scan(data, match_event_handler=on_match)
        hits.sort()
        return hits


class PlainScanner:
    """The literals one after another."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._literals = tuple(literals)

    def scan(self, data: bytes) -> list[tuple[int, int]]:
        """Return every hit (end, literal number), in the order of their ends."""
        hits = []
        for number, literal in enumerate(self._literals):
            at = data.find(literal)
            while at >= 0:
                hits.append((at + len(literal), number))
                at = data.find(literal, at + 1)
        hits.sort()
        return hits


def fastest(literals: Sequence[bytes]) -> Scanner:
    """Return the fastest scanner that this machine has for *literals*."""
    return HyperscanScanner(literals) if hyperscan else PlainScanner(literals)


def _quote(literal: bytes) -> bytes:
    """Return *literal* as an expression that matches just it."""
    return b"".join(b"\\x%02x" % byte for byte in literal)

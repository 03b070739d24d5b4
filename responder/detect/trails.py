"""trails - which address a key belongs to, where address and failure stand on different lines.

A key is what joins lines of one connection: the process id that syslog put
before the message, or an id that the program gives (a queue id).  Each is
remembered for as long as a connection may last, and no more of them than there
may be connections: the oldest go first.

Falls short: what was remembered is lost with the process, so a failure whose
address was told before a restart blames nobody.
"""

from typing import NamedTuple

from responder.times import HOUR
from responder.values import Prefix

_MOST = 20_000
_SPAN = HOUR


class Key(NamedTuple):
    """What joins lines: who gave the id (a host's program, or system of programs); how the address is told; the id."""

    giver: bytes
    source: str
    id: str


class Trails:
    """The addresses of the connections of one log."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: dict[Key, tuple[Prefix, float]] = {}

    def begin(self, key: Key, address: Prefix, at: float) -> None:
        """Remember that *key* belongs to *address* since *at* (log time)."""
        self._known.pop(key, None)  # so that it counts as the youngest
        if len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[key] = address, at

    def find(self, key: Key, at: float) -> Prefix | None:
        """Return whose *key* is at *at*, or None where nobody told."""
        known = self._known.get(key)
        return known[0] if known and abs(at - known[1]) <= _SPAN else None

    def end(self, key: Key) -> None:
        """Forget *key*: the connection is over."""
        self._known.pop(key, None)

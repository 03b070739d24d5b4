"""memory - the generations that are over, so that none is taken for news again.

A copy that an administrator or a rotation made of a finished generation begins
with the same head.  A file that begins otherwise, and was not last written
before the floor, came while nobody looked.

Bounded: the last KNOWN generations are known.  The KEPT youngest survive a
restart, and the floor is the time of the oldest of these.  Pure.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from responder.sources.position import is_finished, same_head
from responder.values import Position

KNOWN = 64
KEPT = 4


class Past(NamedTuple):
    """A generation that is over, last written at *mtime* (nanoseconds)."""

    mtime: int
    position: Position


class Memory:
    """The generations of one log that are over, as far as *saved* tells of them, and those to come."""

    def __init__(self, path: str, saved: Iterable[Position] = ()) -> None:
        self._path = path
        self._past: deque[Past] = deque(maxlen=KNOWN)
        self.floor = 0
        for position in saved:
            if position.inode == 0:
                self.floor = max(self.floor, position.offset)
            elif is_finished(position):
                self._past.append(Past(position.inode, position))

    def add(self, position: Position, mtime: int) -> None:
        """Remember a generation that was read up to *position* and is over."""
        if position.offset:
            self._past.append(Past(mtime, position))
            youngest = self._youngest()
            if len(youngest) == KEPT:
                self.floor = max(self.floor, youngest[0].mtime)

    def find(self, head: bytes) -> Past | None:
        """Return the generation that begins with *head*, if it is known."""
        return next((past for past in reversed(self._past) if same_head(past.position.head, head)), None)

    def forget(self, past: Past) -> None:
        """Drop a generation that turned out not to be over."""
        self._past.remove(past)

    def positions(self) -> list[Position]:
        """Return what is to be saved, in the form that `Position` explains."""
        saved = {0: Position(self._path, 0, 0, self.floor, b"", b"")}
        for past in self._youngest():
            inode = max(past.mtime, max(saved) + 1)
            saved[inode] = past.position._replace(device=0, inode=inode, mark=b"")
        return list(saved.values())

    def _youngest(self) -> list[Past]:
        return sorted(self._past)[-KEPT:]

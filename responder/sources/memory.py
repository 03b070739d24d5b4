"""memory - the generations that are over, so that none is taken for news again.

A copy that an administrator or a rotation made of a finished generation begins
with the same head.  A file that begins otherwise, and is not older than the
oldest of the last few generations, came while nobody looked.

Bounded: the last KNOWN generations are known, of which KEPT survive a restart.
Pure.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from responder.sources.position import Position, same_head

KNOWN = 64
KEPT = 4


@dataclass(slots=True)
class Past:
    """A generation that is over; *mtime* is None as long as it has not been met since the restart."""

    position: Position
    mtime: int | None


class Memory:
    """The generations of one log that are over, oldest first."""

    def __init__(self, positions: Iterable[Position] = ()) -> None:
        self._past = deque((Past(position, None) for position in positions), maxlen=KNOWN)

    def add(self, position: Position, mtime: int) -> None:
        """Remember a generation that was read up to *position* and is over."""
        if position.offset:
            self._past.append(Past(position, mtime))

    def find(self, head: bytes) -> Past | None:
        """Return the generation that begins with *head*, if it is known."""
        return next((past for past in reversed(self._past) if same_head(past.position.head, head)), None)

    def meet(self, position: Position, mtime: int) -> None:
        """Take note that the generation at *position* was met on disk, last written at *mtime*."""
        for past in self._past:
            if past.mtime is None and past.position == position:
                past.mtime = mtime

    def forget(self, past: Past) -> None:
        """Drop a generation that turned out not to be over."""
        self._past.remove(past)

    def recent(self) -> tuple[Past, ...]:
        """Return the generations that ended last."""
        return tuple(self._past)[-KEPT:]

    def unmet(self) -> tuple[Position, ...]:
        """Return the generations that have not been met since the restart."""
        return tuple(past.position for past in self._past if past.mtime is None)

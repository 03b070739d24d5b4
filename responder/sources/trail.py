"""trail - one path, read through all the generations of its log.

What was written to a file before rotation moved it away is read first.  A
rotated file stays open for a while, because a writer may go on in it until it
is told to reopen; only then its last line is taken for complete.

Nothing is kept but offsets, so a Trail made anew from its positions goes on
where they say.  Time comes in as an argument.
"""

from collections.abc import Callable, Iterable

from responder.sources.chunk import Chunk, Cut, last_line_end
from responder.sources.generation import Generation
from responder.sources.lineage import Lineage
from responder.sources.rotation import Rotation
from responder.sources.status import Status
from responder.values import Position

LINGER = 60.0  # seconds for which nothing more came to a rotated file before it is closed
MANY = 16  # rotated files kept open without need


class Trail:
    """The log at *path*, whose entries *cut* tells apart; *start* as in Rotation."""

    def __init__(
        self,
        path: str,
        saved: Iterable[Position],
        start: Callable[[int], int] | None,
        cut: Cut = last_line_end,
    ) -> None:
        self.path = path
        self._cut = cut
        saved = [position for position in saved if position.path == path]
        self._lineage = Lineage(path, saved)
        self._rotation = Rotation(self._lineage, start, met=bool(saved))
        self._live = self._looked = False
        self._read = self._overlong = 0

    def poll(self, budget: int, now: float) -> list[Chunk]:
        """Return what there is to hand out, the oldest first and about *budget* bytes at most."""
        self._rotation.look(now)
        self._looked = True
        chunks: list[Chunk] = []
        ended = True
        for generation in self._lineage.generations():
            while budget > 0 and not generation.at_end and (data := generation.read(budget, self._cut)):
                chunks.append(self._chunk(data))
                budget -= len(data)
            if not generation.at_end:
                ended = False
                break
        chunks += [self._chunk(data) for one in self._over(now) if (data := self._finish(one))]
        if ended and self._rotation.state != "unreadable" and not self._lineage.missing:
            self._live = True
        return chunks

    def positions(self) -> tuple[Position, ...]:
        """Return where everything handed out so far ended."""
        return self._lineage.positions()

    def status(self) -> Status:
        """Return how this log fares."""
        lineage, generations = self._lineage, self._lineage.generations()
        return Status(
            self.path,
            self._rotation.state,
            self._rotation.reason,
            sum(one.behind() for one in generations),
            self._read,
            self._overlong + sum(one.overlong for one in generations),
            lineage.rotations,
            lineage.lost,
            lineage.losses,
        )

    def knows(self, head: bytes, device: int, inode: int) -> bool:
        """Tell whether what begins with *head*, in that file, is a generation of this log."""
        return self._lineage.knows(head, device, inode)

    def is_over(self) -> bool:
        """Tell whether the log is gone and nothing of it is left to read; not before it was looked at."""
        gone = self._looked and self._rotation.state == "absent"
        return gone and not self._lineage.generations() and not self._lineage.missing

    def close(self) -> None:
        """Close every file."""
        self._lineage.close()

    def _chunk(self, data: bytes) -> Chunk:
        self._read += len(data)
        return Chunk(self.path, data, self._live)

    def _over(self, now: float) -> list[Generation]:
        """Return the generations to which nothing more will come."""
        lineage = self._lineage
        idle = [one for one in lineage.draining if one.at_end and lineage.current is not None]
        spare = len(idle) - MANY
        if lineage.current is not None and self._rotation.state == "absent" and lineage.current.at_end:
            idle += [lineage.current] if not lineage.current.body.stat().st_nlink else []
        over = []
        for number, one in enumerate(idle):
            if one.quiet_since is None:
                one.quiet_since = now
            if one.body.fixed or number < spare or now - one.quiet_since >= LINGER:
                over.append(one)
        return over

    def _finish(self, generation: Generation) -> bytes:
        """Return the last line of *generation*, which is over."""
        data = generation.rest()
        self._overlong += generation.overlong
        self._lineage.finish(generation)
        return data

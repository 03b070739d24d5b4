"""lineage - the generations of one log: which there are, and in which order.

    memory    over, and remembered lest a copy be taken for news
    missing   begun, and not where they were; searched for beside the log
    draining  moved away by a rotation, and still read to their end
    current   the one at the path

What is missing for too long is lost, and told.  The file system is asked in
rotation.py; here nothing is opened.  Time comes in as an argument.
"""

from collections.abc import Iterable
from typing import NamedTuple

from responder.sources.generation import Generation
from responder.sources.memory import Memory
from responder.sources.position import is_finished, same_head, telling
from responder.values import Position

_PATIENCE = 10.0  # seconds for which a missing generation is searched for
_TOLD = 8  # losses kept for the status


class Missing(NamedTuple):
    """A generation that is not where it was: how far it was read, its size and time when last seen, missing since."""

    position: Position
    seen: int = 0
    mtime: int | None = None
    since: float | None = None


class Lineage:
    """The generations of the log at *path*, as far as *saved* tells of them, and those to come."""

    def __init__(self, path: str, saved: Iterable[Position]) -> None:
        self.path = path
        saved = tuple(saved)
        self.current: Generation | None = None
        self.draining: list[Generation] = []
        self.missing = [Missing(position) for position in saved if position.inode and not is_finished(position)]
        self.memory = Memory(path, saved)
        self.rotations = self.lost = 0
        self.losses: tuple[str, ...] = ()

    def generations(self) -> list[Generation]:
        """Return the open generations in the order they were written."""
        return [*self.draining, self.current] if self.current else [*self.draining]

    def finish(self, generation: Generation) -> None:
        """Take *generation*, which was read to its end, for over."""
        self.memory.add(generation.position(self.path), generation.mtime)
        generation.body.close()
        if generation is self.current:
            self.current = None
        else:
            self.draining.remove(generation)

    def miss(self, generation: Generation, now: float) -> None:
        """Take *generation* for missing, because its file holds something else."""
        position = generation.position(self.path)
        self.missing.append(Missing(position, generation.seen, generation.mtime, now))
        if generation in self.draining:
            self.draining.remove(generation)
            generation.body.close()

    def give_up(self, now: float) -> None:
        """Take for lost what has been missing for too long."""
        for number, one in enumerate(self.missing):
            if one.since is None:
                self.missing[number] = one._replace(since=now)
            elif now - one.since >= _PATIENCE:
                del self.missing[number]
                self._lose(one)
                return

    def knows(self, head: bytes, device: int, inode: int) -> bool:
        """Tell whether what begins with *head*, in that file, is a generation of this log that was met before."""
        open_now = self.generations()
        if any((one.body.device, one.body.inode) == (device, inode) and head.startswith(one.head) for one in open_now):
            return True
        heads = [one.head for one in open_now] + [one.position.head for one in self.missing]
        if telling(head):
            return any(same_head(head, known) for known in heads) or self.memory.find(head) is not None
        return any(known.startswith(head) for known in heads) or not (self.current and telling(self.current.head))

    def positions(self) -> tuple[Position, ...]:
        """Return where each generation goes on, and those that are over."""
        found = {(one.body.device, one.body.inode): one.position(self.path) for one in self.generations()}
        for number, one in enumerate(self.missing, 1):
            if one.position[1:3] in found or one.position.inode < 0:
                found[0, -number] = one.position._replace(device=0, inode=-number)
            else:
                found[one.position[1:3]] = one.position
        return (*found.values(), *self.memory.positions())

    def tell(self, why: str, lost: int = 0) -> None:
        """Keep for the status that *lost* bytes, or an unknown number, were lost, and why."""
        self.lost += lost
        self.losses = (*self.losses, why)[-_TOLD:]

    def close(self) -> None:
        """Close every file."""
        for generation in self.generations():
            generation.body.close()
        self.draining, self.current = [], None

    def _lose(self, one: Missing) -> None:
        offset = one.position.offset
        self.memory.add(one.position, one.mtime or 0)
        if one.mtime is None and (offset or one.position.head):
            self.tell(f"rotated away and gone while not running; what came after byte {offset}, if anything")
        elif one.seen > offset:
            lost = one.seen - offset
            self.tell(f"truncated or deleted with {lost} bytes unread at byte {offset}", lost)

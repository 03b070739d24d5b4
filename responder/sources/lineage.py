"""lineage - the generations of one log: which there are, in which files, in which order.

    memory    over, and remembered lest a copy be taken for news
    missing   begun, and not where they were; searched for beside the log
    draining  moved away by a rotation, and still read to their end
    current   the one at the path

`look` asks the file system what rotation did since the last look; it reads
heads, never lines.  Time comes in as an argument.

Falls short: what a rotation deletes before anybody looked is lost, and cannot
even be counted.  Generations that came and went unseen are put in order by
their modification times.
"""

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from responder.sources.body import Plain, open_fd
from responder.sources.generation import Fate, Generation
from responder.sources.memory import Memory
from responder.sources.position import is_finished, same_head, telling
from responder.sources.search import find_rest, find_unseen, holds
from responder.sources.siblings import Sibling, changed_at, siblings
from responder.sources.status import State
from responder.values import Position

_PATIENCE = 10.0  # seconds for which a missing generation is searched for
_LISTINGS = 4  # of a folder that changes while it is listed
_TOLD = 8  # losses kept for the status


class Missing(NamedTuple):
    """A generation that is not where it was: how far it was read, its size and time when last seen, missing since."""

    position: Position
    seen: int = 0
    mtime: int | None = None
    since: float | None = None


class Lineage:
    """The generations of the log at *path*.

    *start* gives the offset where to begin in a log that is there already and
    was never read; it is None where a log has just appeared and is read whole.
    """

    def __init__(self, path: str, saved: Iterable[Position], start: Callable[[int], int] | None) -> None:
        self.path = path
        saved = [position for position in saved if position.path == path]
        self.current: Generation | None = None
        self.draining: list[Generation] = []
        self.missing = [Missing(position) for position in saved if position.inode and not is_finished(position)]
        self.memory = Memory(path, saved)
        self.state: State = "absent"
        self.reason = ""
        self.rotations = self.lost = 0
        self.losses: list[str] = []
        self._start = None if saved else start
        self._first, self._resumed = not saved, bool(saved)
        self._owed, self._scanned = 0, 0.0

    def generations(self) -> list[Generation]:
        """Return the open generations in the order they were written."""
        return [*self.draining, self.current] if self.current else [*self.draining]

    def look(self, now: float) -> None:
        """Find out what became of the files since the last look."""
        self._give_up(now)
        for generation in tuple(self.draining):
            self._look_after(generation, now)
        body = self._open()
        if self._first:
            self._first = False
            self.memory = _bystanders(self.path, body)
        if body is not None:
            self._succeed(body, now)
        elif self.current is not None and self.current.changed():
            self._check(self.current, now)
        if self._owed > 1 or self._resumed or ((self._owed or self.missing) and now - self._scanned >= 1.0):
            self._owed = max(0, self._owed - 1)
            self._scan(now)

    def finish(self, generation: Generation) -> None:
        """Take *generation*, which was read to its end, for over."""
        self.memory.add(generation.position(self.path), generation.mtime)
        generation.body.close()
        if generation is self.current:
            self.current = None
        else:
            self.draining.remove(generation)

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

    def close(self) -> None:
        """Close every file."""
        for generation in self.generations():
            generation.body.close()
        self.draining, self.current = [], None

    def _open(self) -> Plain | None:
        """Return the file at the path if it is not the current one."""
        try:
            info = os.stat(self.path)  # noqa: PTH116 - every poll of every log comes by here
            self.state, self.reason = "present", ""
            current = self.current and self.current.body
            if current and (info.st_dev, info.st_ino) == (current.device, current.inode):
                return None
            return Plain(open_fd(self.path))
        except (FileNotFoundError, NotADirectoryError):
            self.state, self.reason, self._start = "absent", "", None
        except OSError as error:
            self.state, self.reason = "unreadable", error.strerror or str(error)
        return None

    def _succeed(self, body: Plain, now: float) -> None:
        """Let the file at the path, which is another than before, be the current one."""
        file = (body.device, body.inode)
        back = next((one for one in self.draining if (one.body.device, one.body.inode) == file), None)
        begun = next((one for one in self.missing if one.position[1:3] == file), None)
        if back is not None:
            body.close()
            self.draining.remove(back)
        elif begun is not None:
            self.missing.remove(begun)
            _, _, _, offset, head, mark = begun.position
            back = Generation(body, offset, head, mark)
        else:
            back = Generation(body, self._start(body.fileno()) if self._start else 0)
        self._start = None
        former, self.current, self._owed = self.current, back, 2
        if former is not None:
            self.draining.append(former)
            self._look_after(former, now)
            self.rotations += 1
        self._check(back, now)

    def _check(self, current: Generation, now: float) -> None:
        """Find out whether the current file, in which something changed, was truncated."""
        info = current.body.stat()
        if not current.intact():
            fate = current.fate()
            position = current.position(self.path)
            if fate is Fate.UNCLEAR:
                return
            if fate is Fate.CUT and (copy := find_rest(position, siblings(self.path))) is None:
                self._tell(
                    0, f"the end of the file is gone; what came between byte {position.offset} and now is unsure"
                )
                current.resume()
                return
            if fate is Fate.CUT and copy:
                copy.body.close()
            self.missing.append(Missing(position, current.seen, current.mtime, now))
            self.rotations += 1
            self.current = current = Generation(current.body)
            self._owed = 2
        if current.offset == 0:
            current.see()
            if telling(current.head):
                self._recognise(current)
            self._scan(now)
        if self.current is current:
            current.note(info)

    def _recognise(self, current: Generation) -> None:
        """Go on where reading ended if the file at the path is a generation that was met under another name."""
        position: Position | None = None
        if one := next((one for one in self.missing if holds(current.body, one.position)), None):
            position = one.position
            self.missing.remove(one)
        elif drained := next((one for one in self.draining if holds(current.body, one.position(self.path))), None):
            position = drained.position(self.path)
            drained.body.close()
            self.draining.remove(drained)
        elif (past := self.memory.find(current.head)) and holds(current.body, past.position):
            position = past.position
            self.memory.forget(past)
        if position is not None:
            self.current = Generation(current.body, position.offset, position.head, position.mark)

    def _look_after(self, generation: Generation, now: float) -> None:
        """See whether more came to a file that was rotated away, or whether it holds something else now."""
        if not generation.changed():
            return
        info = generation.body.stat()
        if generation.intact():
            generation.note(info)
            if generation.offset == 0:
                generation.see()
        elif generation.at_end and generation.seen <= generation.offset:
            self.finish(generation)
        else:
            position = generation.position(self.path)
            self.missing.append(Missing(position, generation.seen, generation.mtime, now))
            generation.body.close()
            self.draining.remove(generation)

    def _scan(self, now: float) -> None:
        """Look beside the log for what is missing and for what was never seen."""
        self._scanned = now
        for _ in range(_LISTINGS):
            before = changed_at(self.path)
            self._place(siblings(self.path))
            if changed_at(self.path) == before:
                break

    def _place(self, found: list[Sibling]) -> None:
        self._resumed = False
        placed: list[Generation] = []
        for missing in tuple(self.missing):
            generation = find_rest(missing.position, found)
            if generation is None:
                continue
            self.missing.remove(missing)
            generation.see()
            if generation.offset or not self.memory.find(generation.head):
                placed.append(generation)
            else:  # nothing was read of it, and its inode was used again
                generation.body.close()
        self.draining += sorted(placed, key=lambda one: one.mtime)
        unseen = find_unseen(found, self.memory.floor, self.knows)
        self.draining += unseen
        self.rotations += len(unseen)

    def _give_up(self, now: float) -> None:
        for number, one in enumerate(self.missing):
            if one.since is None:
                self.missing[number] = one._replace(since=now)
            elif now - one.since >= _PATIENCE:
                del self.missing[number]
                self._tell_lost(one)
                return

    def _tell_lost(self, one: Missing) -> None:
        offset = one.position.offset
        self.memory.add(one.position, one.mtime or 0)
        if one.mtime is None and (offset or one.position.head):
            self._tell(0, f"rotated away and gone while not running; what came after byte {offset}, if anything")
        elif one.seen > offset:
            self._tell(
                one.seen - offset, f"truncated or deleted with {one.seen - offset} bytes unread at byte {offset}"
            )

    def _tell(self, lost: int, why: str) -> None:
        self.lost += lost
        self.losses = [*self.losses, why][-_TOLD:]


def _bystanders(path: str, body: Plain | None) -> Memory:
    """Return a memory of what lies beside a log that is met for the first time: older than anything to follow."""
    memory = Memory(path)
    own = Generation(body).peek() if body else b""
    for one in siblings(path):
        head = one.head()
        if telling(head) and not same_head(head, own):
            memory.add(Position(path, one.device, one.inode, max(1, one.size), head, b""), one.mtime)
    return memory

"""rotation - finds out what rotation did to the files of a log since the last look.

Four things can have happened to the file at the path: another is there
(renamed, or a link was turned), the same was truncated (perhaps after it was
copied), it is gone, or it only grew.  Whatever is not where it was, and
whatever came and went unseen, is then searched for beside the log.

Heads are read here, never lines.  Time comes in as an argument.

Falls short: what a rotation deletes before anybody looked is lost, and cannot
even be counted.  Generations that came and went unseen are put in order by
their modification times, and each is kept open until it has been read.
"""

import os
from collections.abc import Callable

from responder.sources.body import Plain, open_fd
from responder.sources.generation import Fate, Generation
from responder.sources.lineage import Lineage
from responder.sources.memory import KNOWN, Memory
from responder.sources.position import same_head, telling
from responder.sources.search import find_rest, find_unseen, holds
from responder.sources.siblings import Sibling, changed_at, siblings
from responder.sources.status import State
from responder.values import Position

_LISTINGS = 4  # of a folder that changes while it is listed


class Rotation:
    """Keeps *lineage* true to the files; *met* tells that the log was followed before.

    *start* gives the offset where to begin in a log that is there already and
    was never read; it is None where a log has just appeared and is read whole.
    """

    def __init__(self, lineage: Lineage, start: Callable[[int], int] | None, *, met: bool) -> None:
        self.state: State = "absent"
        self.reason = ""
        self._lineage = lineage
        self._path = lineage.path
        self._start = None if met else start
        self._first, self._resumed = not met, met
        self._owed, self._scanned = 0, 0.0

    def look(self, now: float) -> None:
        """Find out what became of the files since the last look."""
        lineage = self._lineage
        lineage.give_up(now)
        for generation in tuple(lineage.draining):
            self._look_after(generation, now)
        body = self._open()
        if self._first:
            self._first = False
            lineage.memory = _bystanders(self._path, body)
        if body is not None:
            self._succeed(body, now)
        elif lineage.current is not None and lineage.current.changed():
            self._check(lineage.current, now)
        if self._owed > 1 or self._resumed or ((self._owed or lineage.missing) and now - self._scanned >= 1.0):
            self._owed = max(0, self._owed - 1)
            self._scan(now)

    def _open(self) -> Plain | None:
        """Return the file at the path if it is not the current one."""
        try:
            info = os.stat(self._path)  # noqa: PTH116 - every poll of every log comes by here
            self.state, self.reason = "present", ""
            current = self._lineage.current and self._lineage.current.body
            if current and (info.st_dev, info.st_ino) == (current.device, current.inode):
                return None
            return Plain(open_fd(self._path))
        except (FileNotFoundError, NotADirectoryError):
            self.state, self.reason, self._start = "absent", "", None
        except OSError as error:
            self.state, self.reason = "unreadable", error.strerror or str(error)
        return None

    def _succeed(self, body: Plain, now: float) -> None:
        """Let the file at the path, which is another than before, be the current one."""
        file = (body.device, body.inode)
        back = next((one for one in self._lineage.draining if (one.body.device, one.body.inode) == file), None)
        begun = next((one for one in self._lineage.missing if one.position[1:3] == file), None)
        if back is not None:
            body.close()
            self._lineage.draining.remove(back)
        elif begun is not None:
            self._lineage.missing.remove(begun)
            _, _, _, offset, head, mark = begun.position
            back = Generation(body, offset, head, mark)
        else:
            back = Generation(body, self._start(body.fileno()) if self._start else 0)
        self._start = None
        former, self._lineage.current, self._owed = self._lineage.current, back, 2
        if former is not None:
            self._lineage.draining.append(former)
            self._look_after(former, now)
            self._lineage.rotations += 1
        self._check(back, now)

    def _check(self, current: Generation, now: float) -> None:
        """Find out whether the current file, in which something changed, was truncated."""
        info = current.body.stat()
        if not current.intact():
            fate = current.fate()
            position = current.position(self._path)
            if fate is Fate.UNCLEAR:
                return
            if fate is Fate.CUT and (copy := find_rest(position, siblings(self._path))) is None:
                self._lineage.tell(f"the end of the file is gone; what came after byte {position.offset} is unsure")
                current.resume()
                return
            if fate is Fate.CUT and copy:
                copy.body.close()
            self._lineage.miss(current, now)
            self._lineage.rotations += 1
            self._lineage.current = current = Generation(current.body)
            self._owed = 2
        if current.offset == 0:
            current.see()
            if telling(current.head):
                self._recognise(current)
            self._scan(now)
        if self._lineage.current is current:
            current.note(info)

    def _recognise(self, current: Generation) -> None:
        """Go on where reading ended if the file at the path is a generation that was met under another name."""
        position: Position | None = None
        if one := next((one for one in self._lineage.missing if holds(current.body, one.position)), None):
            position = one.position
            self._lineage.missing.remove(one)
        elif drained := next(
            (one for one in self._lineage.draining if holds(current.body, one.position(self._path))), None
        ):
            position = drained.position(self._path)
            drained.body.close()
            self._lineage.draining.remove(drained)
        elif (past := self._lineage.memory.find(current.head)) and holds(current.body, past.position):
            position = past.position
            self._lineage.memory.forget(past)
        if position is not None:
            self._lineage.current = Generation(current.body, position.offset, position.head, position.mark)

    def _look_after(self, generation: Generation, now: float) -> None:
        """See whether more came to a file that was rotated away, or whether it holds something else now."""
        if not generation.changed():
            return
        info = generation.body.stat()
        if generation.intact():
            generation.note(info)
            if generation.offset == 0:
                generation.see()
        else:
            self._lineage.miss(generation, now)

    def _scan(self, now: float) -> None:
        """Look beside the log for what is missing and for what was never seen."""
        self._scanned = now
        for _ in range(_LISTINGS):
            before = changed_at(self._path)
            self._place(siblings(self._path))
            if changed_at(self._path) == before:
                break

    def _place(self, found: list[Sibling]) -> None:
        self._resumed = False
        placed: list[Generation] = []
        for missing in tuple(self._lineage.missing):
            generation = find_rest(missing.position, found)
            if generation is None:
                continue
            self._lineage.missing.remove(missing)
            generation.see()
            if generation.offset or not telling(generation.head) or not self._lineage.knows(generation.head, 0, 0):
                placed.append(generation)
            else:  # nothing was read of it, and its inode was used again
                generation.body.close()
        self._lineage.draining += sorted(placed, key=lambda one: one.mtime)
        unseen = find_unseen(found, self._lineage.memory.floor, self._lineage.knows)
        self._lineage.draining += unseen
        self._lineage.rotations += len(unseen)


def _bystanders(path: str, body: Plain | None) -> Memory:
    """Return a memory of what lies beside a log that is met for the first time: older than anything to follow."""
    memory = Memory(path)
    own = Generation(body).peek() if body else b""
    for one in siblings(path)[-KNOWN:]:
        head = one.head()
        if telling(head) and not same_head(head, own):
            memory.add(Position(path, one.device, one.inode, max(1, one.size), head, b""), one.mtime)
    return memory

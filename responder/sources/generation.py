"""generation - one generation of a log, read from the file that holds it.

Only the offset, a line start, is kept between two reads; the rest of an
unfinished line is read again when there is more.  What was read is handed out
only if the file, looked at afterwards, still begins as it did and still has the
same bytes before the offset: so bytes of two generations are never mixed.
"""

import enum
import os

from responder.sources.body import Body
from responder.sources.chunk import MAX_LINE, Cut, last_line_end, whole_lines
from responder.sources.position import HEAD, MARK, telling
from responder.values import Position


class Fate(enum.Enum):
    """What became of a generation whose file is not as it was."""

    UNCLEAR = "the first line is not complete yet"
    REPLACED = "another generation is in the file now"
    CUT = "the end is gone, as after a power failure"


class Generation:
    """One generation: its file, and how far it has been handed out.

    *mtime* is when it was last written, as far as was seen; *seen* the size it had then.
    """

    def __init__(self, body: Body, offset: int = 0, head: bytes = b"", mark: bytes = b"") -> None:
        self.body, self.offset, self.head, self.mark = body, offset, head, mark
        self.at_end = False
        self.overlong = 0
        self.quiet_since: float | None = None
        self._doubted = False
        info = body.stat()
        self.mtime, self.seen = info.st_mtime_ns, info.st_size
        self._base = 0
        self._skipped: int | None = None  # while inside an overlong line: how far it reaches at least
        if head or offset:
            self._base = body.data_after(0) or 0
        if offset and not mark:
            self.see()
            self._remark()
            self.offset = offset if self.mark else 0

    def position(self, path: str) -> Position:
        """Return where this generation of the log at *path* goes on."""
        return Position(path, self.body.device, self.body.inode, self.offset, self.head, self.mark)

    def changed(self) -> bool:
        """Tell whether the file is not as it was last noted."""
        info = self.body.stat()
        return self._doubted or (info.st_mtime_ns, info.st_size) != (self.mtime, self.seen)

    def note(self, info: os.stat_result) -> None:
        """Take *info*, from before this generation was found intact, for the state of its file."""
        self.mtime, self.seen = info.st_mtime_ns, info.st_size
        self.at_end, self.quiet_since, self._doubted = False, None, False

    def peek(self) -> bytes:
        """Return the head as it is now."""
        self.see()
        return self.head

    def see(self) -> None:
        """Take in more of the head, as long as it is not complete."""
        if not self.head:
            self._base = self.body.data_after(0) or 0
        if len(self.head) < HEAD:
            head = self.body.read(HEAD, self._base)
            if head.startswith(self.head) and head.strip(b"\0"):
                self.head = head

    def intact(self) -> bool:
        """Tell whether the file still holds this generation, up to the offset at least."""
        if self.body.fixed:
            return True
        before = self.offset - len(self.mark)
        return (not self.head or self.body.read(len(self.head), self._base) == self.head) and (
            not self.mark or self.body.read(len(self.mark), before) == self.mark
        )

    def fate(self) -> Fate:
        """Return what became of a generation that is not intact."""
        start = self.body.data_after(0)
        if start is None:
            return Fate.UNCLEAR if self.body.size() else Fate.REPLACED
        fresh = self.body.read(HEAD, start)
        common = min(len(fresh), len(self.head))
        if fresh[:common] != self.head[:common]:
            return Fate.REPLACED
        return Fate.CUT if telling(fresh[:common]) else Fate.UNCLEAR

    def resume(self) -> None:
        """Go on, after the end was cut off, with the first line that was surely written since."""
        self.offset = min(self.offset, self.body.size())
        self._base = self.body.data_after(0) or 0
        self.head = self.body.read(HEAD, self._base)
        self._remark()
        if self.offset < self.body.size() and self.mark[-1:] not in (b"\n", b"\0", b""):
            data = self.body.read(MAX_LINE, self.offset)
            self.offset += data.find(b"\n") + 1
            self._remark()

    def read(self, budget: int, cut: Cut = last_line_end) -> bytes:
        """Return the next whole entries, about *budget* bytes; nothing if there are none or trust is gone.

        Nothing is read before `see` has met a whole first line to know the generation by.
        """
        if not telling(self.head):
            self.at_end = True
            return b""
        while self._skipped is None or self._skip():
            data = self.body.read(budget, self.offset)
            self.at_end = len(data) < budget
            used = cut(data)
            if not used and not self.at_end and budget <= MAX_LINE:
                data = self.body.read(MAX_LINE + 1, self.offset)
                self.at_end = len(data) <= MAX_LINE
                used = data.find(b"\n") + 1
                self.at_end = self.at_end and used == 0
            if not self._trusted():
                return b""
            if used:
                lines, overlong = whole_lines(data[:used])
                self.overlong += overlong
                self.offset += used
                self.mark = (self.mark + data[max(0, used - MARK) : used])[-MARK:]
                if lines:
                    return lines
            elif not self._leap(data):
                return b""
        return b""

    def rest(self) -> bytes:
        """Return the last line, which nobody will complete, with a newline; the generation is over."""
        data = self.body.read(MAX_LINE + 1, self.offset)
        if not self._trusted():
            return b""
        self.offset = max(self.offset + len(data), self._skipped or 0)
        if self._skipped is not None or len(data) > MAX_LINE:
            self.overlong += 1
            return b""
        self.mark = (self.mark + data)[-MARK:]
        data = data.lstrip(b"\0")
        return data and data + b"\n"

    def behind(self) -> int:
        """Return how many bytes wait to be handed out."""
        return max(0, self.body.size() - self.offset)

    def _trusted(self) -> bool:
        if not self.intact():
            self.at_end, self._doubted = False, True
            return False
        self.see()
        return True

    def _leap(self, data: bytes) -> bool:
        """Get past a hole or into an overlong line; tell whether there was one."""
        if data.startswith(b"\0"):
            after = self.body.data_after(self.offset)
            self.at_end = after is None
            if after is None or not self._trusted():
                return False
            self.mark = (self.mark + bytes(min(MARK, after - self.offset)))[-MARK:]
            self.offset = after
            return True
        if len(data) > MAX_LINE:
            self._skipped = self.offset + len(data)
            return True
        return False

    def _skip(self) -> bool:
        """Go on through an overlong line; tell whether its end was met."""
        assert self._skipped is not None
        while data := self.body.read(1 << 20, self._skipped):
            end = data.find(b"\n") + 1
            if end and self._trusted():
                self.offset, self._skipped = self._skipped + end, None
                self.mark = data[max(0, end - MARK) : end]
                self.overlong += 1
                return True
            if end:
                break
            self._skipped += len(data)
        if not self._trusted():
            self._skipped = None
            return False
        self.at_end = True
        return False

    def _remark(self) -> None:
        before = max(0, self.offset - MARK)
        self.mark = self.body.read(self.offset - before, before)

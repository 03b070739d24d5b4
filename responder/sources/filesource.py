"""filesource - the logs that one configured path or glob names.

Each is followed by a Trail of its own.  A file that rotation put beside a
followed log is part of that log, even where the glob names it too.

Never writes, and keeps no thread: `poll` is called when something may have
happened, and once a second in any case.

Falls short: every log that a glob names is kept open.
"""

import fnmatch
import glob
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from responder.sources.body import open_body
from responder.sources.chunk import Chunk, Cut, last_line_end
from responder.sources.names import Names
from responder.sources.position import HEAD, telling
from responder.sources.siblings import changed_at, is_turn
from responder.sources.status import Status
from responder.sources.trail import Trail
from responder.values import Position

_AGAIN = 1.0  # seconds after which a glob is looked up again
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z")


class FileSource:
    """The logs that *pattern* names.

    *saved* are positions from `positions`, of this source or of any; *start* is
    asked for the offset where to begin in a log that is there at program start
    and of which nothing is saved.  A log that appears later is read from 0.  *cut*
    tells its entries apart where they are not lines.
    """

    def __init__(
        self,
        pattern: str,
        saved: Iterable[Position],
        *,
        start: Callable[[int], int],
        cut: Cut = last_line_end,
    ) -> None:
        self._pattern = pattern
        self._is_glob = glob.has_magic(pattern)
        self._expanded, self._stamp = -_AGAIN, -1
        self._turn = 0
        self._cut = cut
        saved = [position for position in saved if self._names(position.path)]
        self._trails = {path: Trail(path, saved, None, cut) for path in sorted({position.path for position in saved})}
        for path in self._matches():
            self._trails[path] = Trail(path, (), start, cut)

    def poll(self, budget: int = 1 << 20, now: float | None = None) -> list[Chunk]:
        """Return what was written since, about *budget* bytes at most; nothing when there is nothing.

        *now* is any clock that never goes back; left out, it is the system's.
        """
        now = time.monotonic() if now is None else now
        if self._is_glob:
            self._expand(now)
        chunks: list[Chunk] = []
        trails = list(self._trails.values())
        self._turn = (self._turn + 1) % max(1, len(trails))
        for trail in trails[self._turn :] + trails[: self._turn]:
            if budget <= 0:
                break
            got = trail.poll(budget, now)
            budget -= sum(len(chunk.data) for chunk in got)
            chunks += got
        return chunks

    def positions(self) -> tuple[Position, ...]:
        """Return where everything that `poll` returned so far ended: the whole truth about this source."""
        return tuple(position for trail in self._trails.values() for position in trail.positions())

    def status(self) -> tuple[Status, ...]:
        """Return how each log fares."""
        return tuple(trail.status() for trail in self._trails.values())

    def close(self) -> None:
        """Close every file."""
        for trail in self._trails.values():
            trail.close()

    def _names(self, path: str) -> bool:
        """Tell whether the pattern names *path*."""
        if not self._is_glob:
            return path == self._pattern
        deep = "**" in self._pattern or path.count("/") == self._pattern.count("/")
        return deep and fnmatch.fnmatchcase(path, self._pattern)

    def _expand(self, now: float) -> None:
        """Follow the logs that appeared, and leave those that are gone."""
        stamp = changed_at(self._pattern)
        if stamp == self._stamp and now - self._expanded < _AGAIN:
            return
        self._expanded, self._stamp = now, stamp
        for path in [path for path, trail in self._trails.items() if trail.is_over()]:
            del self._trails[path]
        for path in self._matches():
            self._trails[path] = Trail(path, (), None, self._cut)

    def _matches(self) -> list[str]:
        """Return the paths that are named, not followed, and no part of a log that is."""
        if not self._is_glob:
            return [] if self._trails else [self._pattern]
        found = sorted(glob.iglob(self._pattern, recursive=True))  # noqa: PTH207 - the pattern is absolute
        logs = set(self._trails)
        names = Names({*logs, *found}) if any(path not in logs for path in found) else Names()
        for path in found:
            if path not in logs and self._is_log(path, names):
                logs.add(path)
        return sorted(logs - set(self._trails))

    def _is_log(self, path: str, names: Names) -> bool:
        file = Path(path)
        if path.endswith(_PACKED) or file.is_dir() or (file.is_symlink() and self._names(str(file.resolve()))):
            return False
        kin = names.begun_like(path)
        if any(is_turn(file.name, Path(other).name) for other in kin):
            return False
        try:
            body = open_body(path)
        except OSError:
            return True  # that it cannot be read belongs into the status
        head = body.read(HEAD, body.data_after(0) or 0)
        file_id = body.device, body.inode
        body.close()
        if not head:
            return not any(file.name.startswith(Path(other).name) for other in kin if other in self._trails)
        return not telling(head) or not any(trail.knows(head, *file_id) for trail in self._trails.values())

"""logs - a log that is written and rotated as real ones are, for the tests of this room."""

import os
import shutil
from pathlib import Path

from responder.sources import FileSource, Position


class Log:
    """A log at *path* whose modification times move on with every step, whatever the clock does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.turns = 0
        self._tick = 1_700_000_000

    def touch(self, path: Path) -> None:
        self._tick += 1
        os.utime(path, (self._tick, self._tick))

    def write(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)
        self.touch(self.path)

    def next_name(self) -> Path:
        self.turns += 1
        return self.path.with_name(f"{self.path.name}-{20240000 + self.turns}")

    def rename(self) -> Path:
        old = self.next_name()
        self.path.rename(old)
        self.path.touch()
        self.touch(self.path)
        return old

    def shift(self) -> Path:
        """Rotate as logrotate does: every number goes up by one, the log becomes number 1."""
        numbers = sorted(
            (int(one.suffix[1:]) for one in self.path.parent.glob(f"{self.path.name}.[0-9]*")), reverse=True
        )
        for number in numbers:
            self.path.with_name(f"{self.path.name}.{number}").rename(f"{self.path}.{number + 1}")
        self.path.rename(f"{self.path}.1")
        self.path.touch()
        self.touch(self.path)
        return Path(f"{self.path}.1")

    def copytruncate(self) -> Path:
        copy = self.next_name()
        shutil.copyfile(self.path, copy)
        self.touch(copy)
        self.truncate()
        return copy

    def truncate(self) -> None:
        os.truncate(self.path, 0)
        self.touch(self.path)


def source(path: Path | str, saved: tuple[Position, ...] = (), *, start: int = 0) -> FileSource:
    return FileSource(str(path), saved, start=lambda _: start)


def drain(one: FileSource, now: float = 0.0, budget: int = 1 << 20) -> bytes:
    """Return what the source hands out until it has nothing more."""
    data = b""
    while chunks := one.poll(budget, now):
        data += b"".join(chunk.data for chunk in chunks)
    return data

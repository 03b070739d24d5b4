"""clock - the time of day of one process, set forward and back while it runs; time since boot goes on for it.

Debian's libfaketime stands between the process and the C library, and reads the
offset from a file at each look at the clock.  What it leaves in shared memory is
removed at the end.
"""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab import unpacked

_NAME = "usr/lib/*/faketime/libfaketimeMT.so.1"
_SHARED = Path("/dev/shm")


def _library() -> Path | None:
    return next(unpacked.FOLDER.glob(_NAME), None)


def missing() -> str:
    """Return what keeps the clock of a process from being set, or nothing."""
    return "" if _library() else f"libfaketime was not unpacked into {unpacked.FOLDER}; see contrib/setup"


class Clock:
    """The clock of all that is called by `command`, kept in *folder*; use it in a ``with`` around those processes."""

    def __init__(self, folder: Path) -> None:
        self._file, self._processes = folder / "clock", folder / "clock.pids"
        self._processes.touch()
        self.set(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in self._processes.read_text().split():
            for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
                (_SHARED / name).unlink(missing_ok=True)

    def set(self, offset: float) -> None:
        """Set the clock so many seconds ahead of the real one."""
        self.offset = offset
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset:+.0f}")
        new.replace(self._file)

    def now(self) -> float:
        """Return what the clock shows."""
        return time.time() + self.offset

    @property
    def command(self) -> list[str]:
        """Return what to write before the words of a command, so that it goes by this clock."""
        variables = {
            "LD_PRELOAD": _library(),
            "FAKETIME_TIMESTAMP_FILE": self._file,
            "FAKETIME_NO_CACHE": 1,
            "FAKETIME_DONT_FAKE_MONOTONIC": 1,
            "NO_FAKE_STAT": 1,
        }
        named = [f"{name}={value}" for name, value in variables.items()]
        return ["sh", "-c", f'echo $$ >>"{self._processes}"; exec env "$@"', "sh", *named]

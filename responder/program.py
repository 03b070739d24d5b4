"""program - run what an administrator named: by argument list, never through a shell, and not for ever.

What it prints goes into a file, not a pipe: a daemon that it leaves behind would
hold that open.  When its time is over, its children end with it.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_MOST_SAID = 65_536  # bytes, the last


class Ended(NamedTuple):
    """How a program ended: its status, None where it took too long and was ended; what it printed last."""

    status: int | None
    said: str


def run(
    words: Sequence[str],
    patience: float,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    *,
    with_errors: bool = True,
) -> Ended:
    """Run *words* for *patience* seconds at most, with *given* on standard input; raises OSError where it cannot start.

    *with_errors*: what it prints to standard error is said, too.
    """
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write(given)
        asked.seek(0)
        errors = said if with_errors else subprocess.DEVNULL
        process = subprocess.Popen(
            words, stdin=asked, stdout=said, stderr=errors, env=environment, cwd="/", start_new_session=True
        )
        try:
            status: int | None = process.wait(patience)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = None
        said.seek(max(0, said.seek(0, os.SEEK_END) - _MOST_SAID))
        return Ended(status, said.read().decode(errors="replace"))

"""reload - run what an administrator named, by argument list, never through a shell; and wait for it, but not for ever.

What it prints goes into a file, not a pipe: a daemon that it leaves behind would
hold that open.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence

PATIENCE = 60.0
_MOST_TOLD = 300


def run(words: Sequence[str], patience: float = PATIENCE) -> str:
    """Run *words* and return what went wrong, or nothing."""
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True, cwd="/"
            )
        except OSError as error:
            return f"{words[0]} cannot be run: {error.strerror}"
        try:
            status = process.wait(patience)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"{words[0]} took longer than {patience:g} s, and was ended"
        said.seek(0)
        told = " ".join(said.read().decode(errors="replace").split())[-_MOST_TOLD:]
    return f"{words[0]} ended with status {status}" + (f": {told}" if told else "") if status else ""

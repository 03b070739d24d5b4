"""journalctl - a child that reads the journal for us, and is started again when it ends.

It is asked for a few fields in the export format, for every boot (``--merge`` and
``--boot=all``: the versions of systemd differ in which of them ends the rule that
to follow means this boot alone), beginning with the entry whose cursor we have:
*with* it, because the next one is passed over by ``--after-cursor`` where the
entry itself is gone.

One that ends is started again after a second, then two, up to a minute.  One that
was silent for ten minutes is replaced: some versions lose track of a journal that
rotates, and say nothing.

It ends by itself when we do: what it writes to is closed then.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from responder.formats.export import FIELDS
from responder.sources.arrivals import Arrivals
from responder.sources.believed import matches
from responder.sources.nudge import Nudge

_BLOCK = 1 << 18
_PIPE = 1 << 20
_AGAIN = 1.0  # seconds
_SELDOM = 60.0
_SILENT = 600.0
_PATIENCE = 5.0
_WHY = 500  # characters
_MACHINE = Path("/etc/machine-id")


def command(wanted: Sequence[str], directory: str, begin: Sequence[str], *, follow: bool = True) -> list[str]:
    """Return how to read *wanted* units and names of the journal in *directory* (none: this host's) from *begin* on."""
    words = ["journalctl", "--quiet", "--no-pager", "--all", "--output=export", f"--output-fields={','.join(FIELDS)}"]
    words += ["--merge", *(["--follow", "--no-tail"] if follow else []), "--boot=all"]
    words += [f"--directory={directory}"] if directory else []
    only = [] if directory else [f"_MACHINE_ID={machine}" for machine in [_machine()] if machine]
    asked = [["+", match, *only] for match in matches(wanted)] or [["+", *only]]
    return [*words, *begin, *[word for group in asked for word in group if len(group) > 1][1:]]


def journal_problem(directory: str) -> str:
    """Return why the journal cannot be read, and what to do; nothing where all is well."""
    if shutil.which("journalctl") is None:
        return "there is no journalctl; this host has no journal, or systemd is not whole"
    for folder in [directory] if directory else ["/var/log/journal", "/run/log/journal"]:
        with contextlib.suppress(OSError):
            for path in Path(folder).glob("**/system.journal"):
                if not os.access(path, os.R_OK):
                    return f"{path} may not be read; add the daemon's user to the group systemd-journal"
    return ""


def _machine() -> str:
    try:
        return _MACHINE.read_text().strip()
    except OSError:
        return ""


class Journalctl:
    """The child, or the wait until there is one again."""

    def __init__(self, arrivals: Arrivals) -> None:
        self.failures = 0
        self.why = ""
        self._arrivals = arrivals
        self._process: subprocess.Popen[bytes] | None = None
        self._nudge: Nudge | None = None
        self._said = b""
        self._wait, self._not_before, self._heard = _AGAIN, 0.0, 0.0

    @property
    def running(self) -> bool:
        """Tell whether there is one."""
        return self._process is not None

    def due(self, now: float) -> bool:
        """Tell whether it is time to start one; *now* is a clock that never goes back."""
        return self._process is None and now >= self._not_before

    def start(self, words: Sequence[str], now: float) -> None:
        """Start it; where that fails, `why` says why."""
        environment = {**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
        self._heard, self._said = now, b""
        try:
            pipe = subprocess.PIPE
            process = subprocess.Popen(words, stdin=-3, stdout=pipe, stderr=pipe, bufsize=0, env=environment)
        except OSError as error:
            self._failed(f"journalctl cannot be started: {error.strerror}", now)
            return
        assert process.stdout
        assert process.stderr
        self._process = process
        with contextlib.suppress(OSError):  # a kernel without pidfds
            self._nudge = Nudge(process.pid)
        with contextlib.suppress(OSError):  # a user may have so much of pipes, and no more
            fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
        for stream in (process.stdout, process.stderr):
            os.set_blocking(stream.fileno(), False)
            self._arrivals.add(stream.fileno())

    def read(self, budget: int, now: float) -> bytes:
        """Return what it has written, about *budget* bytes at most; nothing when there is nothing now."""
        process = self._process
        if process is None:
            return b""
        assert process.stdout
        data, ended = _read(process.stdout.fileno(), budget)
        if data:
            self._heard, self._wait = now, _AGAIN
            self.why = ""
        if len(data) >= budget:
            self._arrivals.again(process.stdout.fileno())
        assert process.stderr
        self._said = (self._said + _read(process.stderr.fileno(), _BLOCK)[0])[-_WHY:]
        if ended and not data:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)  # its output is closed, so it is all but gone
            self.close()
            said = self._said.decode("utf-8", "replace").strip().rpartition("\n")[2]
            self._failed(f"journalctl ended with status {process.returncode}" + (f": {said}" if said else ""), now)
        elif now - self._heard > _SILENT:
            self.close()
        return data

    def _failed(self, why: str, now: float) -> None:
        self.failures += 1
        self.why = why
        self._not_before, self._wait = now + self._wait, min(2 * self._wait, _SELDOM)

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None:
            return
        if self._nudge:
            self._nudge.close()
            self._nudge = None
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _read(descriptor: int, budget: int) -> tuple[bytes, bool]:
    """Return what there is to read, and whether that was all there will ever be."""
    pieces: list[bytes] = []
    while budget > 0:
        try:
            piece = os.read(descriptor, min(budget, _BLOCK))
        except BlockingIOError:
            return b"".join(pieces), False
        if not piece:
            return b"".join(pieces), True
        pieces.append(piece)
        budget -= len(piece)
    return b"".join(pieces), False

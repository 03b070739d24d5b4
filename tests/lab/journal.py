"""journal - entries of systemd's journal, made by its own programs.

`write` has systemd-journal-remote put entries into a folder, with whatever the journal
would vouch for.  A `Journald` is the real daemon in a mount namespace of its own: /run
there is its own, its files are in a folder of the test's, and nothing of the machine's
journal is touched.  What programs write to it bears the unit whose cgroup they are in,
and their user, as on a host that systemd runs.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.wait import until

REMOTE = "/lib/systemd/systemd-journal-remote"
DAEMON = "/lib/systemd/systemd-journald"
BOOT = "0f0e0d0c0b0a09080706050403020100"
_CGROUPS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
_SHELL = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 lab /run
mkdir -p /run/log/journal /run/systemd/journald.conf.d
mount --bind "$1" /run/log/journal
echo "$3" >/run/systemd/journald.conf.d/lab.conf
exec "$2"
"""
_SETTINGS = """
[Journal]
Storage=volatile
ReadKMsg=no
Audit=
ForwardToWall=no
RateLimitIntervalSec=0
RateLimitBurst=0
"""
_WRITER = """
import socket, sys
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.connect("/run/systemd/journal/dev-log")
for line in sys.stdin.buffer:
    journal.send(b"<38>" + sys.argv[1].encode() + b": " + line.rstrip(b"\\n"))
"""


def missing() -> str:
    """Return what keeps this machine from having a journal of its own, or nothing."""
    if os.geteuid() != 0:
        return "a journal of one's own needs root"
    if not shutil.which("journalctl") or not Path(DAEMON).exists():
        return "there is no systemd-journald"
    if not Path(REMOTE).exists():
        return "systemd-journal-remote is not installed"
    return "" if _cgroups() else "there are no cgroups of version 2 that we may write to"


def _cgroups() -> Path | None:
    """Return the folder of the root of the cgroups."""
    return next((one for one in _CGROUPS if os.access(one / "cgroup.procs", os.W_OK)), None)


def entry(at: float, message: bytes, **fields: str) -> bytes:
    """Return an entry of *at* (epoch seconds) in the export format: of sshd, unless *fields* say otherwise."""
    known = {"_SYSTEMD_UNIT": "ssh.service", "_UID": "0", "_PID": "311", "SYSLOG_IDENTIFIER": "sshd", "_HOSTNAME": "mx"}
    known |= {"_BOOT_ID": BOOT, "_MACHINE_ID": BOOT, "_TRANSPORT": "syslog"} | fields
    micro = round(at * 1e6)
    lines = [b"__REALTIME_TIMESTAMP=%d" % micro, b"__MONOTONIC_TIMESTAMP=%d" % (micro % 10**15)]
    lines += [f"{name}={value}".encode() for name, value in known.items() if value]
    return b"\n".join(lines) + b"\nMESSAGE\n" + len(message).to_bytes(8, "little") + message + b"\n\n"


def write(folder: Path, entries: Sequence[bytes], name: str = "x") -> None:
    """Have the journal in *folder*, file *name*, go on with *entries*."""
    folder.mkdir(exist_ok=True)
    command = [REMOTE, f"--output={folder / name}.journal", "-"]
    subprocess.run(command, input=b"".join(entries), check=True, capture_output=True)


class Journald:
    """The real one, with its files below *folder*; use it in a ``with``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[Any] | None = None
        self._writers: dict[tuple[str, str, int], subprocess.Popen[bytes]] = {}
        root = _cgroups()
        self._slice = root / f"rsp{os.getpid()}.slice" if root else None

    def __enter__(self) -> Self:
        self.folder.mkdir()
        words = ["journald", str(self.folder), DAEMON, _SETTINGS]
        self.process = subprocess.Popen(["unshare", "-m", "sh", "-c", _SHELL, *words])
        until(lambda: list(self.folder.glob("*/system.journal")), what="a journal")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            assert writer.stdin
            writer.stdin.close()
            writer.wait(10)
        assert self.process
        self.process.terminate()
        self.process.wait(10)
        if self._slice:
            for place in [*self._slice.glob("*"), self._slice]:
                with contextlib.suppress(OSError):
                    place.rmdir()

    @property
    def directory(self) -> Path:
        """Return where the files are."""
        return next(path for path in self.folder.iterdir() if path.is_dir())

    def command(self, argv: Sequence[str], uid: int = 0) -> list[str]:
        """Return how to call *argv*, as *uid*, so that it logs here."""
        assert self.process
        user = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        return ["nsenter", "-t", str(self.process.pid), "-m", *user, *argv]

    def say(self, lines: Sequence[str], tag: str = "sshd", unit: str = "", uid: int = 0) -> None:
        """Have a process in the cgroup of *unit*, which lives until the end, log *lines*."""
        key = tag, unit, uid
        writer = self._writers.get(key)
        if writer is None:
            argv = self.command([sys.executable, "-ISc", _WRITER, tag], uid)
            if unit:
                argv = ["sh", "-c", f'echo 0 >"{self._cgroup(unit)}/cgroup.procs"; exec "$@"', "sh", *argv]
            writer = self._writers[key] = subprocess.Popen(argv, stdin=subprocess.PIPE)
        assert writer.stdin
        writer.stdin.write("".join(f"{line}\n" for line in lines).encode())
        writer.stdin.flush()

    def rotate(self) -> None:
        """Have it begin new files."""
        assert self.process
        before = set(self.directory.glob("system@*"))
        os.kill(self.process.pid, signal.SIGUSR2)
        until(lambda: set(self.directory.glob("system@*")) - before, what="a rotated journal")

    def vacuum(self) -> None:
        """Have all files but the newest deleted."""
        subprocess.run(
            ["journalctl", f"--directory={self.directory}", "--vacuum-files=1"], check=True, capture_output=True
        )

    def _cgroup(self, unit: str) -> Path:
        assert self._slice, "no cgroups of version 2"
        place = self._slice / unit
        place.mkdir(parents=True, exist_ok=True)
        return place

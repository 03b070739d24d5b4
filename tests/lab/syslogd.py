"""syslogd - a /dev/log of its own for a program on a host of the lab, and the file that a syslog daemon would write.

A program that calls syslog(3) finds /dev/log wherever it runs.  `command` gives it
a mount namespace in which that name leads to this listener, and in which /run and /root are
its own as well: nothing of the machine's is touched, nor does root's shell read settings.  Lines are written the
way rsyslog's traditional format does: time, host, tag, message, control
characters as #012.
"""

import contextlib
import re
import shlex
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_SHELL = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 lab {dev}
for node in null zero full random urandom tty; do touch {dev}/$node; mount --bind /dev/$node {dev}/$node; done
mkdir {dev}/pts {dev}/shm
mount --bind /dev/pts {dev}/pts
ln -s pts/ptmx {dev}/ptmx
ln -s /proc/self/fd {dev}/fd
ln -s {socket} {dev}/log
mount --rbind {dev} /dev
mount -t tmpfs -o mode=755 lab /run
mkdir -m 755 /run/sshd
mount -t tmpfs -o mode=700 lab /root
exec {command}
"""
_LINE = re.compile(rb"<\d{1,3}>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (.*)", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


class Syslogd:
    """Listens in *folder*; use it in a ``with``.  The log is at `log`."""

    def __init__(self, folder: Path, host: str = "mx") -> None:
        self.folder, self.log = folder, folder / "syslog"
        self._host, self._path = host.encode(), folder / "log.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        (self.folder / "dev").mkdir()
        self._socket.bind(str(self._path))
        self._path.chmod(0o666)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last, contextlib.suppress(OSError):
            last.sendto(b"", str(self._path))
        self._thread.join(5)
        self._socket.close()

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return how to call *argv* so that it logs here."""
        parts = {"dev": self.folder / "dev", "socket": self._path, "command": shlex.join(argv)}
        return ["unshare", "-m", "sh", "-c", _SHELL.format(**parts)]

    def lines(self) -> list[str]:
        """Return the log as it is now."""
        return self.log.read_text(errors="replace").split("\n")[:-1] if self.log.exists() else []

    def _listen(self) -> None:
        with self.log.open("ab", buffering=0) as log:
            while data := self._socket.recv(65536):
                found = _LINE.fullmatch(data.rstrip(b"\n\0"))
                if found:
                    message = _CONTROL.sub(lambda one: b"#%03o" % one[0][0], found[2])
                    log.write(b"%b %b %b\n" % (found[1], self._host, message))

"""listeners - where Postfix reaches us: ``inet:HOST:PORT``, ``unix:PATH``, and sockets that systemd hands over.

Where systemd hands over sockets (LISTEN_FDS), these are all there are.  A Unix
socket may be used by everybody who may enter its folder: Postfix's smtpd
runs as a user of its own.  One that a dead process left is replaced.
"""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Iterable
from pathlib import Path

from responder.errors import UsageError
from responder.quota.server import AT_ONCE, Connections

_FIRST = 3  # sd_listen_fds(3)
_BACKLOG = 4096


class Listeners:
    """The sockets that are listened on, by the text that names them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._open: dict[str, asyncio.Server] = {}
        self._handed = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return where we listen."""
        return tuple(self._open)

    async def follow(self, wanted: Iterable[str]) -> None:
        """Listen on just those *wanted*; raises UsageError where that cannot be, and keeps the rest."""
        if self._handed:
            return
        wanted = list(wanted)
        problems = []
        for name in wanted:
            if name not in self._open:
                try:
                    self._open[name] = await self._serve(_bound(name))
                except OSError as error:
                    problems.append(f"{name}: {error.strerror or error}")
        for name in self._open.keys() - set(wanted):
            self._close(name)
        if problems:
            raise UsageError(f"cannot listen on {'; '.join(problems)}")

    async def take(self, handed: Iterable[socket.socket]) -> None:
        """Listen on sockets that systemd made."""
        for number, sock in enumerate(handed):
            sock.setblocking(False)
            self._open[f"systemd:{number}"] = await self._serve(sock)
            self._handed = True

    def close(self) -> None:
        """Listen no more."""
        for name in list(self._open):
            self._close(name)

    async def _serve(self, sock: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        serve = loop.create_unix_server if sock.family == socket.AF_UNIX else loop.create_server
        server = await serve(self._connections, sock=sock, backlog=AT_ONCE)
        sock.listen(_BACKLOG)  # asyncio takes as many at a time as it was told that may wait
        return server

    def _close(self, name: str) -> None:
        server = self._open.pop(name)
        server.close()
        if name.startswith("unix:"):
            with contextlib.suppress(OSError):
                Path(name.removeprefix("unix:")).unlink()


def handed_over() -> list[socket.socket]:
    """Return the listening sockets that systemd gave us, and none a second time."""
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "0")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    return [socket.socket(fileno=number) for number in range(_FIRST, _FIRST + int(count))]


def _bound(name: str) -> socket.socket:
    kind, _, rest = name.partition(":")
    if kind == "unix":
        return _unix(Path(rest))
    host, _, port = rest.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((host, int(port)))
    except BaseException:
        sock.close()
        raise
    return sock


def _unix(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_dead(path)
        sock.bind(str(path))
        path.chmod(0o666)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _remove_dead(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise OSError(0, "there is a file that is no socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
                return
        raise OSError(0, "another service answers there")

"""inlet - the sockets that a Receiver listens on, and what comes in there.

Nothing is taken that is not asked for: what waits is in the kernel's buffers,
which are bounded.  A full one has UDP and Unix datagrams dropped, which the kernel
counts, and a TCP peer wait.
"""

import contextlib
import os
import socket
import stat
import struct
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from responder.formats.frames import Frames
from responder.settings.endpoint import Endpoint
from responder.sources.arrivals import Arrivals

_BUFFER = 8 << 20  # bytes that are asked for; the system gives what it allows
_DATAGRAM = 1 << 16
_BLOCK = 1 << 16
_CONNECTIONS = 256
_SO_MEMINFO = 55  # socket(7) does not say it: struct of nine numbers, the last how much was dropped
_MEMINFO = struct.Struct("9I")
_CREDENTIALS = struct.Struct("3i")


class Received(NamedTuple):
    """A message of *peer*: an address, or the id of a user."""

    peer: str
    data: bytes


class Datagrams:
    """A UDP or Unix socket at *endpoint*; raises OSError."""

    def __init__(self, endpoint: Endpoint, arrivals: Arrivals, mode: int = 0o600) -> None:
        self._endpoint, self._arrivals = endpoint, arrivals
        self.broken = self.connections = 0
        if endpoint.kind == "unix":
            self._socket = _unix(endpoint.host, mode)
        else:
            self._socket = socket.socket(_family(endpoint), socket.SOCK_DGRAM)
        try:
            if endpoint.kind == "udp":
                self._socket.bind((endpoint.host, endpoint.port))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.setblocking(False)
            arrivals.add(self._socket.fileno())
        except OSError:
            self._socket.close()
            raise

    @property
    def dropped(self) -> int:
        """Return how many datagrams found the buffer full."""
        got = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        return int(_MEMINFO.unpack(got)[-1]) if len(got) == _MEMINFO.size else 0

    def take(self, budget: int) -> Iterator[Received]:
        """Yield what has come, about *budget* bytes at most."""
        while budget > 0:
            try:
                if self._endpoint.kind == "unix":
                    data, peer = self._from_user()
                else:
                    data, address = self._socket.recvfrom(_DATAGRAM)
                    peer = address[0]
            except (BlockingIOError, ConnectionError):  # the answer to something we never sent
                return
            budget -= len(data) + 64
            yield Received(peer, data)
        self._arrivals.again(self._socket.fileno())

    def _from_user(self) -> tuple[bytes, str]:
        room = socket.CMSG_SPACE(_CREDENTIALS.size)
        data, told, _, _ = self._socket.recvmsg(_DATAGRAM, room)
        for level, kind, raw in told:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS and len(raw) >= _CREDENTIALS.size:
                return data, str(_CREDENTIALS.unpack_from(raw)[1])
        return data, ""

    def close(self) -> None:
        """Close the socket, and take its name away."""
        self._socket.close()
        if self._endpoint.kind == "unix":
            with contextlib.suppress(OSError):
                Path(self._endpoint.host).unlink()


class Streams:
    """A TCP socket at *endpoint*, and the connections of peers whom *allows* lets in; raises OSError."""

    dropped = 0

    def __init__(self, endpoint: Endpoint, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self.broken = 0
        self._open: deque[_Connection] = deque()
        self._listener = socket.socket(_family(endpoint), socket.SOCK_STREAM)
        try:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind((endpoint.host, endpoint.port))
            self._listener.listen(_CONNECTIONS)
            self._listener.setblocking(False)
            arrivals.add(self._listener.fileno())
        except OSError:
            self._listener.close()
            raise

    @property
    def connections(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def greet(self) -> Iterator[tuple[str, socket.socket]]:
        """Yield who has come, with a connection to be admitted or closed."""
        while True:
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError:  # no descriptor left: later
                return
            yield address[0], connection

    def admit(self, peer: str, connection: socket.socket) -> bool:
        """Take *connection*; tell whether there was room."""
        if len(self._open) >= _CONNECTIONS:
            connection.close()
            return False
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._arrivals.add(connection.fileno())
        self._open.append(_Connection(peer, connection, Frames()))
        return True

    def take(self, budget: int) -> Iterator[Received]:
        """Yield what has come, about *budget* bytes at most; each connection has its turn."""
        self._open.rotate(-1)
        waiting = deque(self._open)
        while waiting and budget > 0:
            one = waiting.popleft()
            try:
                data = one.socket.recv(_BLOCK)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self.broken += one.frames.unfinished
                one.socket.close()
                self._open.remove(one)
                continue
            budget -= len(data)
            for message in one.frames.feed(data):
                yield Received(one.peer, message)
            waiting.append(one)
        for one in waiting:
            self._arrivals.again(one.socket.fileno())

    def close(self) -> None:
        """Close everything."""
        for one in (self._listener, *(one.socket for one in self._open)):
            one.close()
        self._open.clear()


class _Connection(NamedTuple):
    peer: str
    socket: socket.socket
    frames: Frames


def _family(endpoint: Endpoint) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET


def _unix(path: str, mode: int) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116 - of an earlier process
            Path(path).unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        made.bind(path)
        Path(path).chmod(mode)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    except OSError:
        made.close()
        raise
    return made

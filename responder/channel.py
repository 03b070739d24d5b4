"""channel - the way to another process: had over a socket in our own loop, and had again when that process is gone.

The process is one that we start, at the other end of a socket pair, or a service
that listens somewhere.  Nothing here waits but `push`: messages go out as the
socket takes them, what comes in is handed on one message after the other.  Who is
gone is had again, a little later each time until one has proved itself (`settled`).
When we end, however we end, a process that we started finds its socket closed.

Falls short: what was sent to a process that died is gone; who sent it hears that
it is lost, and says it again to the next one.
"""

import contextlib
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from responder.errors import ProtocolError
from responder.framing import Frames, Message, encode

_PIECE = 1 << 20
_PATIENCE = 1.0  # seconds between attempts, doubled up to:
_LONGEST_PATIENCE = 30.0
_LONGEST_PUSH = 60.0
_LAST_WORDS = 0.1
_GOODBYE = 5.0


class Opened(NamedTuple):
    """Our end of the socket, and the process at the other end if it is ours."""

    socket: socket.socket
    process: subprocess.Popen[bytes] | None = None


Way = Callable[[], Opened]
"""Opens a socket; raises OSError."""


def started(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Way:
    """Return the way to a process of our own, ``responder WORDS --fd N``, in our or another *environment*."""

    def start() -> Opened:
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            number = theirs.fileno()
            command = [sys.executable, "-m", "responder", *words, "--fd", str(number)]
            null = subprocess.DEVNULL
            process = subprocess.Popen(
                command, pass_fds=(number,), stdin=null, stdout=null, cwd="/", env=environment and dict(environment)
            )
            undo.pop_all()
        return Opened(ours, process)

    return start


def reached(path: Path) -> Way:
    """Return the way to a service that listens on the Unix socket *path*."""

    def reach() -> Opened:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
        except OSError:
            connection.close()
            raise
        return Opened(connection)

    return reach


class Channel:
    """Has *name* at the other end of *way*; *hear* is handed what it says, *lost* why it is gone."""

    def __init__(
        self,
        name: str,
        way: Way,
        selector: selectors.BaseSelector,
        hear: Callable[[Message], None],
        lost: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.starts = 0
        self.error = f"{name} was not reached yet"
        self._name, self._way, self._selector, self._hear, self._lost = name, way, selector, hear, lost
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._frames, self._out, self._events = Frames(), bytearray(), 0
        self._patience, self._not_before = _PATIENCE, 0.0
        self._explained = ""

    @property
    def connected(self) -> bool:
        """Tell whether there is somebody at the other end."""
        return self._socket is not None

    @property
    def unsent(self) -> int:
        """Return how many bytes wait to be sent."""
        return len(self._out)

    @property
    def pid(self) -> int | None:
        """Return the id of the process that we started, None where there is none."""
        return self._process.pid if self._process and self._socket else None

    def connect(self, now: float) -> bool:
        """Open it unless it is open or too early to try again; tell whether there is somebody new at the other end."""
        if self._socket or (now < self._not_before and self._not_before - now <= _LONGEST_PATIENCE):
            return False
        self._not_before, self._patience = now + self._patience, min(2 * self._patience, _LONGEST_PATIENCE)
        try:
            self._socket, self._process = self._way()
        except OSError as error:
            self.error = f"{self._name} cannot be reached: {error}"
            return False
        self._socket.setblocking(False)
        self._frames, self._out, self._explained = Frames(), bytearray(), ""
        self._events = selectors.EVENT_READ
        self._selector.register(self._socket, self._events, self._serve)
        self.error = self.error if self.starts else ""
        self.starts += 1
        return True

    def settled(self) -> None:
        """Take note that it does its work, so that the next failure is mended at once."""
        self.error = ""
        self._patience, self._not_before = _PATIENCE, 0.0

    def explain(self, why: str) -> None:
        """Take note of what it says is wrong, if anything; that counts for more than that it is gone."""
        self.error = self._explained = why

    def send(self, message: Message) -> None:
        """Have *message* sent, if there is somebody to hear it."""
        if self._socket:
            self._out += encode(message)
            self._write()

    def push(self) -> None:
        """Wait until everything is sent; who does not read for a minute is given up."""
        if self._socket is None:
            return
        self._socket.settimeout(_LONGEST_PUSH)
        try:
            with contextlib.suppress(ConnectionError):  # its last words, which say why, are still to be read
                self._socket.sendall(self._out)
        except OSError as error:
            self._give_up(f"{self._name} does not listen: {error}")
        else:
            self._socket.setblocking(False)
            self._out.clear()
            self._watch()

    def give_up(self, reason: str) -> None:
        """Take it for gone because of *reason*; a process that we started is ended, so that another can be."""
        if self._process and self._socket:
            self._process.kill()
        self._give_up(f"{self._name} {reason}")

    def close(self, *, end: bool = False) -> None:
        """Let it go: it ends when it finds its socket closed, or *end* it where that takes long."""
        self._forget()
        self._not_before = 0.0
        process, self._process = self._process, None
        if process:
            try:
                process.wait(_GOODBYE)
            except subprocess.TimeoutExpired:
                if end:
                    process.kill()
                    process.wait()

    def _serve(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._write()
        if events & selectors.EVENT_READ:
            self._read()

    def _write(self) -> None:
        while self._out and self._socket:
            try:
                sent = self._socket.send(memoryview(self._out)[:_PIECE])
            except BlockingIOError:
                break
            except OSError:
                self._out.clear()  # it is gone; its last words, which say why, are still to be read
                break
            del self._out[:sent]
        self._watch()

    def _read(self) -> None:
        if self._socket is None:
            return
        try:
            data = self._socket.recv(_PIECE)
            messages = self._frames.feed(data)
        except BlockingIOError:
            return
        except (OSError, ProtocolError) as error:
            self._give_up(f"{self._name} is gone: {error}")
            return
        for message in messages:
            self._hear(message)
        if not data:
            self._give_up(f"{self._name} is gone")

    def _watch(self) -> None:
        """Have the selector tell when there is something to read, and when there is room for what is to be sent."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
        if self._socket and wanted != self._events:
            self._selector.modify(self._socket, wanted, self._serve)
            self._events = wanted

    def _give_up(self, reason: str) -> None:
        self._forget()
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._process.wait(_LAST_WORDS)  # it closed its socket by ending
                reason = f"{reason}: it ended with status {status}"
        self.error = self._explained or reason
        self._lost(self.error)

    def _forget(self) -> None:
        if self._socket:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

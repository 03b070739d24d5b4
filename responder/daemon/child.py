"""child - a process that the daemon starts, speaks with and starts again, over a socket pair in the daemon's own loop.

Nothing here waits: messages go out as the socket takes them, what comes in is
handed on one message after the other.  A child that ended is started again, a
little later each time until one has proved itself (`settled`).  When the daemon
ends, however it ends, the child finds its socket closed.

Falls short: what was sent to a child that died is gone; who sent it hears of the
next one.
"""

import contextlib
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence

from responder.errors import ProtocolError
from responder.framing import Frames, Message, encode

_PIECE = 1 << 20
_PATIENCE = 1.0  # seconds between attempts, doubled up to:
_LONGEST_PATIENCE = 30.0
_GOODBYE = 5.0


class Child:
    """``responder WORDS --fd N``; *hear* is handed what it says."""

    def __init__(self, words: Sequence[str], selector: selectors.BaseSelector, hear: Callable[[Message], None]) -> None:
        self.starts = 0
        self.error = ""
        self._words, self._selector, self._hear = words, selector, hear
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._frames, self._out = Frames(), bytearray()
        self._patience, self._not_before = _PATIENCE, 0.0

    @property
    def running(self) -> bool:
        """Tell whether there is one."""
        return self._socket is not None

    @property
    def pid(self) -> int | None:
        """Return its process id, None where there is none."""
        return self._process.pid if self._process and self._socket else None

    def start(self, now: float) -> bool:
        """Start one unless it runs or it is too early to try again; tell whether there is a new one."""
        if self._socket or (now < self._not_before and self._not_before - now <= _LONGEST_PATIENCE):
            return False
        self._not_before, self._patience = now + self._patience, min(2 * self._patience, _LONGEST_PATIENCE)
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "responder", *self._words, "--fd", str(theirs.fileno())]
            try:
                self._process = subprocess.Popen(
                    command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/"
                )
            except OSError as error:
                ours.close()
                self.error = f"the process cannot be started: {error.strerror}"
                return False
        ours.setblocking(False)
        self._socket, self._frames, self._out = ours, Frames(), bytearray()
        self._selector.register(ours, selectors.EVENT_READ, self._serve)
        self.starts += 1
        return True

    def settled(self) -> None:
        """Take note that it does its work, so that the next failure is mended at once."""
        self.error = ""
        self._patience, self._not_before = _PATIENCE, 0.0

    def send(self, message: Message) -> None:
        """Have *message* sent, if there is a child to hear it."""
        if self._socket:
            self._out += encode(message)
            self._write()

    def stop(self) -> None:
        """Let it go: it ends when it finds its socket closed, or is ended."""
        self._forget()
        if self._process:
            try:
                self._process.wait(_GOODBYE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._not_before = 0.0

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
                self._out.clear()  # it is gone; its last words are still to be read
                break
            del self._out[:sent]
        if self._socket:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
            self._selector.modify(self._socket, wanted, self._serve)

    def _read(self) -> None:
        if self._socket is None:
            return
        try:
            data = self._socket.recv(_PIECE)
            messages = self._frames.feed(data)
        except BlockingIOError:
            return
        except (OSError, ProtocolError) as error:
            self._lost(f"the process is gone: {error}")
            return
        for message in messages:
            self._hear(message)
        if not data:
            self._lost("the process is gone")

    def _lost(self, reason: str) -> None:
        self.error = reason
        self._forget()
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._process.wait(0.1)  # it closed its socket by ending
                self.error = f"{reason}: it ended with status {status}"

    def _forget(self) -> None:
        if self._socket:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

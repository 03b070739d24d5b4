"""actors - the firewall actor as a process of its own, and the daemon's end of its socket."""

import os
import socket
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import Any, Self

from responder.framing import Frames, Message, encode
from tests.enforce.users import as_user


class Actor:
    """``responder firewall --fd`` in the network of whoever makes it, as *user*; use it in a ``with``."""

    def __init__(self, backend: str, user: int = 0) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(30)
        self._frames = Frames()
        self._waiting: list[Message] = []
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        command = [sys.executable, "-m", "responder", "firewall", "--fd", str(theirs.fileno()), "--backend", backend]
        command = as_user(user, command) if user else command
        with theirs:
            self.process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), stderr=self._errors)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self._errors.close()

    def hang_up(self) -> int:
        """Close our end, and return the status with which the actor ends."""
        self._socket.close()
        return self.process.wait(30)

    def send(self, data: bytes) -> None:
        """Send *data* as it is."""
        self._socket.sendall(data)

    def ask(self, **request: Any) -> Message:
        """Send a request and return the next answer."""
        self.send(encode({"id": 1, **request}))
        return self.answer()

    def answer(self) -> Message:
        """Return the next message; an empty one where the actor has hung up."""
        while not self._waiting:
            try:
                data = self._socket.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                return {}
            self._waiting += self._frames.feed(data)
        return self._waiting.pop(0)

    def complained(self) -> str:
        """Return what it wrote to its standard error."""
        return os.pread(self._errors.fileno(), 1 << 20, 0).decode()

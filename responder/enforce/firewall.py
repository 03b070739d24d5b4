"""firewall - the daemon's end of the actor's socket.

Requests go out without waiting; each answer comes back to the function that was
handed in with its request.  When the actor dies, every open request is answered
with an error and a new actor is started or reached; the first thing it is then
sent is the whole wanted set, so nothing that was open is lost.

Owned by the daemon's loop: no thread, no lock.
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from responder.enforce.backend import Target
from responder.errors import ProtocolError
from responder.framing import Frames, Message, encode
from responder.values import Ban, Outcome, Prefix, Scope

_PIECE = 1 << 20
_PATIENCE = 1.0  # seconds between attempts to reach an actor, doubled up to:
_LONGEST_PATIENCE = 30.0
_LONGEST_PUSH = 60.0  # seconds
_ENVIRONMENT = ("PATH", "LANG", "PYTHONPATH", "XTABLES_LOCKFILE")

Answer = Callable[[Message], None]


class Enforced(NamedTuple):
    """What the kernel has of a ban: when it ends, what it stopped, and when last (0: not seen)."""

    expires: float
    packets: int
    octets: int
    last: float


class Looked(NamedTuple):
    """What came of the actor's looking after its rules: what it put back, why it cannot look, or nothing wrong."""

    mended: str
    error: str


class Firewall:
    """Speaks to one actor; *backend* is what to ask of an actor that we start, *path* where another one listens."""

    def __init__(self, backend: str, path: str = "") -> None:
        self.backend = self.why = ""
        self.looked: list[Looked] = []
        self.error = "the firewall actor was not reached yet"
        self.starts = 0
        self._wanted_backend, self._path = backend, path
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._frames = Frames()
        self._out = bytearray()
        self._open: dict[int, Answer] = {}
        self._number = 0
        self._patience, self._not_before = _PATIENCE, 0.0

    @property
    def connected(self) -> bool:
        """Tell whether there is an actor at the other end."""
        return self._socket is not None

    @property
    def wants_to_write(self) -> bool:
        """Tell whether something waits to be sent."""
        return bool(self._out)

    @property
    def unanswered(self) -> int:
        """Return how many requests have no answer yet."""
        return len(self._open)

    def fileno(self) -> int:
        """Return the descriptor to select on; only while connected."""
        assert self._socket
        return self._socket.fileno()

    def connect(self, now: float) -> bool:
        """Reach or start an actor unless it is too early to try again; tell whether there is a new one."""
        if self._socket or now < self._not_before:
            return False
        self._not_before = now + self._patience
        self._patience = min(2 * self._patience, _LONGEST_PATIENCE)
        try:
            self._socket = self._reach() if self._path else self._start()
        except OSError as error:
            self.error = f"the firewall actor cannot be reached: {error}"
            return False
        self._socket.setblocking(False)
        self._frames, self._out, self.error = Frames(), bytearray(), ""
        self.starts += 1
        return True

    def settled(self) -> None:
        """Take note that the actor does its work, so that the next failure is mended at once."""
        self._patience, self._not_before = _PATIENCE, 0.0

    def _reach(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(self._path)
        except OSError:
            connection.close()
            raise
        return connection

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "responder", "firewall", "--fd", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                [*command, "--backend", self._wanted_backend],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                env={key: value for key, value in os.environ.items() if key in _ENVIRONMENT},
            )
        return ours

    def apply(self, bans: Iterable[Ban], lifts: Iterable[Ban], then: Callable[[Outcome], None]) -> None:
        """Ask for *bans* to be enforced and *lifts* to be ended, in one transaction."""
        ban = [[*ban.prefix, str(ban.scope), ban.expires] for ban in bans]
        lift = [[*ban.prefix, str(ban.scope)] for ban in lifts]
        self._ask({"do": "apply", "ban": ban, "lift": lift}, lambda answer: then(_outcome(answer)))

    def sync(self, bans: Iterable[Ban], never: Iterable[Prefix], then: Callable[[Outcome], None]) -> None:
        """Ask that the kernel hold exactly *bans* and never stop *never*."""
        wanted = [[*ban.prefix, str(ban.scope), ban.expires] for ban in bans]
        request = {"do": "sync", "wanted": wanted, "never": [[*prefix] for prefix in never]}
        self._ask(request, lambda answer: then(_outcome(answer)))

    def holds(self, prefix: Prefix, then: Answer) -> None:
        """Ask what the kernel holds that stops *prefix*."""
        self._ask({"do": "holds", "prefix": [*prefix]}, then)

    def find(self, targets: Iterable[Target], then: Answer) -> None:
        """Ask what the kernel holds of *targets*, and what it has counted."""
        self._ask({"do": "find", "targets": [[*target.prefix, str(target.scope)] for target in targets]}, then)

    def held(self, then: Answer) -> None:
        """Ask for everything that the kernel holds."""
        self._ask({"do": "held"}, then)

    def flush(self, then: Callable[[Outcome], None]) -> None:
        """Ask for everything of ours to be removed."""
        self._ask({"do": "flush"}, lambda answer: then(_outcome(answer)))

    def _ask(self, request: Message, then: Answer) -> None:
        if self._socket is None:
            then({"applied": 0, "error": self.error})
            return
        self._number += 1
        self._open[self._number] = then
        self._out += encode({"id": self._number, **request})
        self.write()

    def write(self) -> None:
        """Send what the socket takes."""
        while self._out and self._socket:
            try:
                sent = self._socket.send(memoryview(self._out)[:_PIECE])
            except BlockingIOError:
                return
            except OSError:
                self._out.clear()  # it is gone; its last words, which say why, are still to be read
                return
            del self._out[:sent]

    def push(self) -> None:
        """Wait until everything is sent; an actor that does not read for a minute is given up."""
        if self._socket is None:
            return
        self._socket.settimeout(_LONGEST_PUSH)
        try:
            with contextlib.suppress(ConnectionError):  # its last words, which say why, are still to be read
                self._socket.sendall(self._out)
        except OSError as error:
            self._lost(f"the firewall actor does not listen: {error}")
        else:
            self._socket.setblocking(False)
            self._out.clear()

    def read(self) -> None:
        """Take the answers that have come, and hand each to whom it is for."""
        if self._socket is None:
            return
        try:
            data = self._socket.recv(_PIECE)
            answers = self._frames.feed(data)
        except BlockingIOError:
            return
        except (OSError, ProtocolError) as error:
            self._lost(self.error or f"the firewall actor is gone: {error}")
            return
        for answer in answers:
            if answer.get("id") == 0:
                self._hear(answer)
            elif then := self._open.pop(answer.get("id", -1), None):
                then(answer)
        if not data:
            self._lost(self.error or "the firewall actor is gone")

    def _hear(self, news: Message) -> None:
        """Take note of what the actor says by itself."""
        error = str(news.get("error", ""))
        if "mended" in news:
            self.looked.append(Looked(str(news["mended"]), error))
        else:
            self.backend, self.why, self.error = str(news.get("backend", "")), str(news.get("why", "")), error

    def close(self) -> None:
        """Let the actor go; the rules stay."""
        if self._socket:
            self._socket.close()
            self._socket = None
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)

    def _lost(self, reason: str) -> None:
        self.error, self.backend, self.why = reason, "", ""
        if self._socket:
            self._socket.close()
            self._socket = None
        if self._process:
            self._process.poll()
        unanswered, self._open = self._open, {}
        for then in unanswered.values():
            then({"applied": 0, "error": reason})


def _outcome(answer: dict[str, Any]) -> Outcome:
    return Outcome(int(answer.get("applied", 0)), error=str(answer.get("error", "")))


def held_in(answer: Message) -> dict[Target, Enforced]:
    """Return what the kernel holds, from the answer to `Firewall.held`, `find` or `holds`."""
    return {Target(Prefix(row[0], row[1]), Scope.parse(row[2])): Enforced(*row[3:]) for row in answer.get("held", ())}

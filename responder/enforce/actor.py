"""actor - the firewall actor: one socket, one backend, one thing after the other.

It drains whatever requests wait, folds consecutive changes into one (the last
word on a prefix wins), applies them as one transaction, and answers each.  In
between it mends what others did to its rules.  It takes prefixes and times,
never text, and starts no program.  When its socket closes it ends and leaves
the rules where they are: the kernel ends each on time.

Requests and answers are JSON objects, one a line; prefixes travel as the two
numbers of a Prefix.

    {"id": 1, "do": "apply", "ban": [[network, length, "drop", expires]], "lift": [[network, length, "drop"]]}
    {"id": 2, "do": "sync", "wanted": [[network, length, "drop", expires]], "never": [[network, length]]}
    {"id": 0, "do": "want", "wanted": [[network, length, "drop", expires]]}
    {"id": 3, "do": "held"}   {"id": 4, "do": "find", "targets": [[network, length, "drop"]]}
    {"id": 5, "do": "holds", "prefix": [network, length]}   {"id": 6, "do": "flush"}

    {"id": 1, "applied": 1, "error": ""}
    {"id": 3, "part": [[network, length, "drop", expires, packets, octets, last]]}
    {"id": 3, "applied": 1, "error": "", "held": [[network, length, "drop", expires, packets, octets, last]]}

Where they are many, bans come in pieces: a `want` has no answer and is some of what
the next sync wants, a `part` is some of what the answer after it holds.
*last* is when a packet was last seen to be stopped, or 0.  A message with the id
0 is news: first which backend works and why it was chosen, or why none does;
later what somebody else had taken away and was put back, or why the rules cannot
be looked after, once, and once when they can again.

    {"id": 0, "backend": "nftables", "why": "...", "error": ""}
    {"id": 0, "mended": "the table inet responder was gone", "error": ""}
    {"id": 0, "mended": "", "error": "nftables refused: ..."}   {"id": 0, "mended": "", "error": ""}
"""

import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from math import inf, isfinite
from typing import Any, TypeVar

from responder.enforce.backend import Backend, Held, Target
from responder.enforce.knocks import Knocks
from responder.errors import FirewallError, ProtocolError
from responder.framing import Frames, Message, encode
from responder.notify import Pulse
from responder.values import Prefix, Scope

_PIECE = 1 << 20
_ROWS = 5000  # of bans in one message
_LONGEST_WAIT = 3600.0  # seconds; select(2) takes no infinity
_PATIENCE = 5.0  # seconds after a failure before the rules are looked after again
Made = TypeVar("Made")


class Actor:
    """Drives *backend*, which was chosen because of *why*; *pulse* tells the service manager that it does not hang."""

    def __init__(self, backend: Backend, why: str, pulse: Pulse) -> None:
        self._backend = backend
        self._why = why
        self._pulse = pulse
        self._knocks = Knocks(time.time())
        self._not_before = 0.0
        self._ailing = ""
        self._synced = False
        """Whether all was made anew since we last looked: what ails us still wants that once more."""
        self._wanted: dict[Target, float] = {}

    def serve(self, connection: socket.socket, news: Iterable[Message] = ()) -> None:
        """Do what *connection* asks until it closes, having told it *news* from before it came."""
        self._ailing = ""  # what ails us still is told to each daemon
        self._wanted = {}
        greeting = {"id": 0, "backend": self._backend.name, "why": self._why, "error": ""}
        connection.sendall(b"".join(map(encode, (greeting, *news))))
        frames = Frames()
        while True:
            for message in self.tend_until(connection):
                connection.sendall(encode(message))
            data = connection.recv(_PIECE)
            if not data:
                return
            requests = frames.feed(data)
            while more := _waiting(connection):
                requests += frames.feed(more)
            for answer in self._answers(requests):
                connection.sendall(encode(answer))

    def tend_until(self, source: socket.socket) -> Iterator[Message]:
        """Look after the rules until *source* has something to read; yield what that brought to light."""
        watched = self._backend.fileno()
        while True:
            now = time.time()
            self._not_before = min(self._not_before, now + _PATIENCE)  # the clock may have been set back
            again = self._not_before if self._ailing else inf
            due = max(min(self._backend.due, self._knocks.due, again), self._not_before)
            descriptors = [source.fileno(), *([] if watched is None or now < self._not_before else [watched])]
            self._pulse.beat()
            longest = min(due - now, _LONGEST_WAIT, self._pulse.pause)
            readable, _, _ = select.select(descriptors, [], [], max(0.0, longest))
            now, asked = time.time(), source.fileno() in readable
            if not asked or now >= due or watched in readable:  # who asks without a pause must not keep us from it
                yield from self._tend(now)
            if asked:
                return

    def _tend(self, now: float) -> Iterator[Message]:
        mended = ailing = ""
        try:
            mended = self._backend.tend(now)
            if now >= self._knocks.due:
                self._knocks.look(self._backend, now)
        except FirewallError as error:
            self._not_before = now + _PATIENCE
            ailing = str(error)
        if mended or ailing != self._ailing or (ailing and self._synced):
            self._ailing, self._synced = ailing, False
            yield {"id": 0, "mended": mended, "error": ailing}

    def _answers(self, requests: Iterable[Message]) -> Iterator[Message]:
        changes: dict[Target, float | None] = {}
        asked: list[tuple[int, int]] = []
        for request in requests:
            number = _number(request)
            if request.get("do") == "apply":
                bans, lifts = _sound(_wanted, request.get("ban", ())), _sound(_targets, request.get("lift", ()))
                changes.update(dict.fromkeys(lifts))
                changes.update(bans)
                asked.append((number, len(bans) + len(lifts)))
                continue
            if request.get("do") == "want":
                self._wanted.update(_sound(_wanted, request.get("wanted")))
                continue
            yield from self._apply(changes, asked)
            changes, asked = {}, []
            yield from _pieces({"id": number, **self._answer(request)})
        yield from self._apply(changes, asked)

    def _apply(self, changes: Mapping[Target, float | None], asked: list[tuple[int, int]]) -> Iterator[Message]:
        if not asked:
            return
        now = time.time()
        done = _guarded(lambda: {"applied": self._backend.apply(changes, now)})
        if not done["error"]:
            self._knocks.begin(changes, now)
        for number, count in asked:
            yield {"id": number, **done, "applied": 0 if done["error"] else count}

    def _answer(self, request: Message) -> Message:
        now, backend = time.time(), self._backend
        match request.get("do"):
            case "sync":
                wanted, never = _sound(_wanted, request.get("wanted")), _sound(_prefixes, request.get("never"))
                wanted, self._wanted = self._wanted | wanted if self._wanted else wanted, {}
                done = _guarded(lambda: {"applied": backend.sync(wanted, never, now)})
                if not done["error"]:
                    self._synced = True
                    self._knocks.settle(wanted)
                return done
            case "held":
                return _guarded(lambda: {"held": self._rows(self._knocks.look(backend, now), now)})
            case "find":
                targets = _sound(_targets, request.get("targets"))
                return _guarded(lambda: {"held": self._rows(backend.find(targets, now), now)})
            case "holds":
                (prefix,) = _sound(_prefixes, [request.get("prefix")])
                return _guarded(lambda: {"held": self._rows(backend.holds(prefix, now), now)})
            case "flush":
                return _guarded(lambda: {"applied": backend.flush()})
        raise ProtocolError(f"an unknown request, {request.get('do')!r}")

    def _rows(self, held: Mapping[Target, Held], now: float) -> Iterator[list[Any]]:
        self._knocks.observe(held, now)
        stopped = self._knocks.stopped
        return ([*target[0], _text(target[1]), one[0], *stopped(target)] for target, one in held.items())


def _pieces(answer: Message) -> Iterator[Message]:
    """Yield *answer*, and before it what is too much of its rows for one message."""
    if "held" not in answer:
        yield answer
        return
    rows = answer["held"]
    while len(some := list(islice(rows, _ROWS))) == _ROWS:
        yield {"id": answer["id"], "part": some}
    yield {**answer, "held": some}


def _waiting(connection: socket.socket) -> bytes:
    """Return what has arrived meanwhile, without waiting for it."""
    try:
        return connection.recv(_PIECE, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


def _guarded(work: Callable[[], Message]) -> Message:
    try:
        return {"applied": 0, "error": "", **work()}
    except FirewallError as error:
        return {"applied": 0, "error": str(error)}


def _number(request: Message) -> int:
    number = request.get("id")
    if not isinstance(number, int):
        raise ProtocolError("a request without a number")
    return number


def _sound(make: Callable[[Any], Made], value: Any) -> Made:
    """Return what *make* makes of *value*; raises ProtocolError where it is not of the right shape."""
    try:
        return make(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ProtocolError(f"a malformed request: {error}") from None


def _wanted(rows: Iterable[Any]) -> dict[Target, float]:
    return {Target(_prefix(network, length), _scope(scope)): _time(expires) for network, length, scope, expires in rows}


def _targets(rows: Iterable[Any]) -> list[Target]:
    return [Target(_prefix(network, length), _scope(scope)) for network, length, scope in rows]


def _prefixes(rows: Iterable[Any]) -> list[Prefix]:
    return [_prefix(network, length) for network, length in rows]


def _time(value: Any) -> float:
    if not isinstance(value, (int, float)) or not isfinite(value):
        raise ProtocolError(f"no time: {value!r}")
    return float(value)


def _prefix(network: Any, length: Any) -> Prefix:
    """Return the prefix of two numbers; raises ProtocolError unless they are one in canonical form."""
    sound = isinstance(network, int) and isinstance(length, int) and 0 <= length <= 128 and 0 <= network < 1 << 128
    if not sound or network & ((1 << 128 - length) - 1):
        raise ProtocolError(f"no prefix: {network!r}, {length!r}")
    return Prefix(network, length)


@lru_cache(maxsize=256)
def _text(scope: Scope) -> str:
    return str(scope)


@lru_cache(maxsize=256)
def _scope(text: Any) -> Scope:
    try:
        return Scope.parse(text)
    except (ValueError, AttributeError):
        raise ProtocolError(f"no scope: {text!r}") from None

"""actor - the firewall actor: one socket, one backend, one thing after the other.

It drains whatever requests wait, folds consecutive changes into one (the last
word on a prefix wins), applies them as one transaction, and answers each.  It
takes prefixes and times, never text, and starts no program.  When its socket
closes it ends and leaves the rules where they are: the kernel ends each on
time.

Requests and answers are JSON objects, one a line; prefixes travel as the two
numbers of a Prefix.

    {"id": 1, "do": "apply", "ban": [[network, length, "drop", expires]], "lift": [[network, length, "drop"]]}
    {"id": 2, "do": "sync", "wanted": [[network, length, "drop", expires]], "never": [[network, length]]}
    {"id": 3, "do": "held"}   {"id": 4, "do": "holds", "prefix": [network, length]}   {"id": 5, "do": "flush"}

    {"id": 1, "applied": 1, "error": ""}
    {"id": 3, "applied": 1, "error": "", "held": [[network, length, "drop", expires]]}

The first line it sends is a greeting: {"id": 0, "backend": "nftables", "error": ""}.
"""

import socket
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, TypeVar

from responder.enforce.backend import Backend, DryRun, Target
from responder.errors import FirewallError, ProtocolError
from responder.framing import Frames, Message, encode
from responder.values import Prefix, Scope

_PIECE = 1 << 20
Made = TypeVar("Made")
BACKENDS = ("auto", "nftables", "dry-run")


def open_backend(name: str) -> Backend:
    """Return the backend called *name*; raises FirewallError where it cannot work here."""
    if name == "dry-run":
        return DryRun()
    from responder.enforce.nftables import Nftables  # noqa: PLC0415 - a dry run needs no libnftables

    return Nftables()


def serve(connection: socket.socket, backend: Backend) -> None:
    """Do what *connection* asks until it closes."""
    connection.sendall(encode({"id": 0, "backend": backend.name, "error": ""}))
    frames = Frames()
    while data := connection.recv(_PIECE):
        requests = frames.feed(data)
        while more := _waiting(connection):
            requests += frames.feed(more)
        for answer in _answers(requests, backend):
            connection.sendall(encode(answer))


def _waiting(connection: socket.socket) -> bytes:
    """Return what has arrived meanwhile, without waiting for it."""
    try:
        return connection.recv(_PIECE, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


def _answers(requests: Iterable[Message], backend: Backend) -> Iterable[Message]:
    changes: dict[Target, float | None] = {}
    asked: list[tuple[int, int]] = []
    for request in requests:
        number = _number(request)
        if request.get("do") == "apply":
            bans, lifts = _sound(_held, request.get("ban", ())), _sound(_targets, request.get("lift", ()))
            changes.update(dict.fromkeys(lifts))
            changes.update(bans)
            asked.append((number, len(bans) + len(lifts)))
            continue
        yield from _apply(changes, asked, backend)
        changes, asked = {}, []
        yield {"id": number, **_answer(request, backend)}
    yield from _apply(changes, asked, backend)


def _apply(changes: Mapping[Target, float | None], asked: list[tuple[int, int]], backend: Backend) -> Iterable[Message]:
    if not asked:
        return
    done = _guarded(lambda: {"applied": backend.apply(changes, time.time())})
    for number, count in asked:
        yield {"id": number, **done, "applied": 0 if done["error"] else count}


def _answer(request: Message, backend: Backend) -> Message:
    now = time.time()
    match request.get("do"):
        case "sync":
            wanted, never = _sound(_held, request.get("wanted")), _sound(_prefixes, request.get("never"))
            return _guarded(lambda: {"applied": backend.sync(wanted, never, now)})
        case "held":
            return _guarded(lambda: {"held": _rows(backend.held(now))})
        case "holds":
            (prefix,) = _sound(_prefixes, [request.get("prefix")])
            return _guarded(lambda: {"held": _rows(backend.holds(prefix, now))})
        case "flush":
            return _guarded(lambda: {"applied": backend.flush()})
    raise ProtocolError(f"an unknown request, {request.get('do')!r}")


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


def _held(rows: Iterable[Any]) -> dict[Target, float]:
    return {Target(_prefix(network, length), _scope(scope)): _time(expires) for network, length, scope, expires in rows}


def _targets(rows: Iterable[Any]) -> list[Target]:
    return [Target(_prefix(network, length), _scope(scope)) for network, length, scope in rows]


def _prefixes(rows: Iterable[Any]) -> list[Prefix]:
    return [_prefix(network, length) for network, length in rows]


def _time(value: Any) -> float:
    if not isinstance(value, (int, float)) or not isfinite(value):
        raise ProtocolError(f"no time: {value!r}")
    return float(value)


def _rows(held: Mapping[Target, float]) -> list[list[Any]]:
    return [[*target.prefix, str(target.scope), expires] for target, expires in held.items()]


def _prefix(network: Any, length: Any) -> Prefix:
    """Return the prefix of two numbers; raises ProtocolError unless they are one in canonical form."""
    sound = isinstance(network, int) and isinstance(length, int) and 0 <= length <= 128 and 0 <= network < 1 << 128
    if not sound or network & ((1 << 128 - length) - 1):
        raise ProtocolError(f"no prefix: {network!r}, {length!r}")
    return Prefix(network, length)


@lru_cache(maxsize=256)
def _scope(text: Any) -> Scope:
    try:
        return Scope.parse(text)
    except (ValueError, AttributeError):
        raise ProtocolError(f"no scope: {text!r}") from None

"""process - how the actor gets its socket, and gives up its privileges before it listens to it.

Two ways: the daemon hands one end of a socket pair to a child of its own (quick
start, tests), or the actor is a service that listens on a Unix socket and takes
one daemon at a time, whose user the kernel vouches for (SO_PEERCRED).  It makes
that socket itself, or is handed it by systemd, which keeps it while no actor runs.

Source: sd_listen_fds(3) of systemd 252.
"""

import contextlib
import os
import select
import signal
import socket
from collections.abc import Sequence
from math import inf
from pathlib import Path

from responder import peer
from responder.enforce import privileges
from responder.enforce.actor import Actor
from responder.enforce.choice import open_backend
from responder.errors import FirewallError, ProtocolError
from responder.framing import Message, encode
from responder.notify import Notify, Pulse

_MOST_NEWS = 100
_FIRST_HANDED = 3


def serve_inherited(descriptor: int, backend_name: str) -> None:
    """Serve the daemon that started us over the socket it left open as *descriptor*."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's interrupt is the daemon's to act on
    try:
        given = socket.socket(fileno=descriptor)
    except OSError as error:
        raise FirewallError(f"descriptor {descriptor} is no socket: {error.strerror}") from None
    with given as connection:
        actor = _open(connection, backend_name, _pulse())
        if actor:
            _serve(connection, actor)


def serve_socket(path: Path, backend_name: str, users: frozenset[int]) -> None:
    """Listen on *path* and serve, one at a time, daemons that run as one of *users* (numeric ids)."""
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            if path.is_socket():
                path.unlink()
            listener.bind(str(path))
            path.chmod(0o666)  # who may come in is decided by who they are, below
        except OSError as error:
            raise FirewallError(f"{path}: the socket cannot be made: {error.strerror or error}") from None
        listener.listen()
        _serve_each(listener, backend_name, users)


def serve_handed(backend_name: str, users: frozenset[int]) -> None:
    """Serve as `serve_socket` does, on the socket that systemd listens on for us; raises FirewallError without one."""
    meant, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    if meant != str(os.getpid()) or count != "1":
        raise FirewallError("no socket to listen on: name a --socket, or have systemd hand over one")
    try:
        handed = socket.socket(fileno=_FIRST_HANDED)
    except OSError as error:
        raise FirewallError(f"what systemd handed over is no socket: {error.strerror}") from None
    with handed as listener:
        if listener.family != socket.AF_UNIX or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise FirewallError("what systemd handed over is no Unix socket to listen on; see ListenStream=")
        listener.setblocking(True)
        _serve_each(listener, backend_name, users)


def _serve_each(listener: socket.socket, backend_name: str, users: frozenset[int]) -> None:
    actor: Actor | None = None
    news: list[Message] = []
    pulse = _pulse()
    while True:
        if actor:  # the rules are looked after while no daemon is there
            news = [*news, *actor.tend_until(listener)][-_MOST_NEWS:]
        else:
            _wait(listener, pulse)
        connection, _ = listener.accept()
        with connection:
            if peer.user(connection) not in users:
                continue
            actor = actor or _open(connection, backend_name, pulse)
            if actor:
                _serve(connection, actor, news)
                news = []


def _pulse() -> Pulse:
    """Return what tells the service manager, if one asked for it, that we do not hang."""
    return Pulse(Notify(os.environ))


def _wait(listener: socket.socket, pulse: Pulse) -> None:
    """Wait until somebody comes."""
    came: list[int] = []
    while not came:
        pulse.beat()
        longest = pulse.pause
        came, _, _ = select.select([listener.fileno()], [], [], None if longest == inf else longest)


def _open(connection: socket.socket, name: str, pulse: Pulse) -> Actor | None:
    """Open the backend and drop privileges; tell the daemon why where that fails."""
    try:
        choice = open_backend(name)
        legacy = choice.backend.name.startswith("iptables")
        privileges.keep(privileges.CAP_NET_ADMIN, *((privileges.CAP_NET_RAW,) if legacy else ()))
        actor = Actor(*choice, pulse)
    except (FirewallError, OSError) as error:
        connection.sendall(encode({"id": 0, "backend": "", "error": str(error)}))
        return None
    return actor


def _serve(connection: socket.socket, actor: Actor, news: Sequence[Message] = ()) -> None:
    try:
        actor.serve(connection, news)
    except (ConnectionError, ProtocolError) as error:
        with contextlib.suppress(OSError):
            connection.sendall(encode({"id": 0, "backend": "", "error": str(error)}))


def own_users() -> frozenset[int]:
    """Return the users that may speak to an actor which was told of no other: root and its own."""
    return frozenset((0, os.getuid()))

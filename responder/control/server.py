"""server - the daemon's control socket: requests in, answers out, never waiting.

One JSON object a line each way.  The kernel says who is at the other end
(SO_PEERCRED): root and the daemon's own user may ask, everybody else is hung up
on.  Requests become messages of the daemon's loop; a slow or hostile peer holds
up nobody.
"""

import contextlib
import os
import selectors
import socket
from collections.abc import Callable
from pathlib import Path

from responder.errors import ProtocolError, StoreError
from responder.framing import Frames, Message, encode
from responder.peer import user

_PIECE = 1 << 16
_LONGEST_REQUEST = 1 << 20
_MOST_PEERS = 2048
_MOST_WAITING = 64 << 20  # bytes of answers for one peer who does not read them

Reply = Callable[[Message], None]
Handle = Callable[[Message, Reply], None]


class _Peer:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.frames = Frames(_LONGEST_REQUEST)
        self.out = bytearray()


class ControlServer:
    """Listens on *path*; hands each request to *handle* with the function that answers it."""

    def __init__(self, path: Path, selector: selectors.BaseSelector, handle: Handle) -> None:
        """Raise StoreError where the socket cannot be made."""
        self._path, self._selector, self._handle = path, selector, handle
        self._peers: dict[int, _Peer] = {}
        self._users = frozenset((0, os.getuid()))
        self._listener = socket.socket(socket.AF_UNIX)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_socket():
                path.unlink()
            self._listener.bind(str(path))
            path.chmod(0o660)
        except OSError as error:
            self._listener.close()
            raise StoreError(f"{path}: the control socket cannot be made: {error.strerror or error}") from None
        self._listener.listen(512)
        self._listener.setblocking(False)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def close(self) -> None:
        """Hang up on everybody and remove the socket."""
        for peer in tuple(self._peers.values()):
            self._hang_up(peer)
        self._selector.unregister(self._listener)
        self._listener.close()
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _accept(self, _events: int) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if user(connection) not in self._users or len(self._peers) >= _MOST_PEERS:
                connection.close()
                continue
            connection.setblocking(False)
            peer = _Peer(connection)
            self._peers[connection.fileno()] = peer
            self._selector.register(
                connection, selectors.EVENT_READ, lambda events, peer=peer: self._serve(peer, events)
            )

    def _serve(self, peer: _Peer, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush(peer)
        if not events & selectors.EVENT_READ:
            return
        try:
            data = peer.connection.recv(_PIECE)
            requests = peer.frames.feed(data)
        except BlockingIOError:
            return
        except (OSError, ProtocolError):
            self._hang_up(peer)
            return
        for request in requests:
            self._handle(request, lambda answer: self._reply(peer, answer))
        if not data:
            self._hang_up(peer)

    def _reply(self, peer: _Peer, answer: Message) -> None:
        if peer.connection.fileno() < 0:
            return  # hung up meanwhile
        peer.out += encode(answer)
        if len(peer.out) > _MOST_WAITING:
            self._hang_up(peer)
        else:
            self._flush(peer)

    def _flush(self, peer: _Peer) -> None:
        try:
            while peer.out:
                sent = peer.connection.send(memoryview(peer.out)[:_PIECE])
                del peer.out[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._hang_up(peer)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.out else 0)
        key = self._selector.get_key(peer.connection)
        if key.events != wanted:
            self._selector.modify(peer.connection, wanted, key.data)

    def _hang_up(self, peer: _Peer) -> None:
        if self._peers.pop(peer.connection.fileno(), None):
            self._selector.unregister(peer.connection)
            peer.connection.close()

"""receiver - syslog messages of other hosts or programs, as they come in at a socket.

    udp:192.0.2.1:514   one message a datagram; anybody can forge where one comes from
    tcp:192.0.2.1:514   a stream, in either framing of RFC 6587
    unix:/run/log       one message a datagram; the kernel says which user wrote it

Who is not among the peers is counted and not heard.  Each message becomes a line
that names the host it says it is from and, where that is another's word, the
peer who told it: mx@192.0.2.7.  One without a time bears that of its arrival.

What was received and not committed when the process is killed is gone: nobody can
be asked for it again.  The daemon commits what led to something in the turn in
which it was read, so that is what one turn holds, and what waits in the kernel.

Memory is bounded: there is no queue.  While the daemon cannot read, a TCP peer
waits, and datagrams that no longer fit are dropped by the kernel and counted.
"""

import os
import time
from collections.abc import Collection, Iterator
from typing import NamedTuple

from responder.formats import message, uniform
from responder.settings.endpoint import Endpoint
from responder.sources.arrivals import Arrivals
from responder.sources.chunk import Chunk
from responder.sources.inlet import Datagrams, Received, Streams
from responder.values import Position, Prefix, parse_address

_AGAIN = 5.0  # seconds between attempts to get the socket
_FREE = 1024
"""The first port that anybody may listen on, unless net.ipv4.ip_unprivileged_port_start says otherwise."""
_KNOWN = 4096
_MICRO = 1_000_000
_LOOPBACK = (Prefix.parse("127.0.0.0/8"), Prefix.parse("::1"))


class Listening(NamedTuple):
    """Where to listen, and to whom: to *peers*, or at a Unix socket to *users*; *bare* messages or whole lines."""

    name: str
    endpoint: Endpoint
    peers: tuple[Prefix, ...]
    users: Collection[int]
    bare: bool = False


class ReceiverStatus(NamedTuple):
    """How a socket fares since the program started.

    *refused* were messages and connections of strangers, *dropped* found no room, *broken* ended before their end.
    """

    open: bool
    reason: str
    messages: int
    refused: int
    dropped: int
    broken: int
    connections: int
    last: float


class _Peer(NamedTuple):
    """Whether somebody is heard, and what to call him; *told* is put behind a name that he tells."""

    heard: bool
    name: bytes
    told: bytes


class Receiver:
    """Hears what *listening* says."""

    def __init__(self, listening: Listening, arrivals: Arrivals) -> None:
        self._listening, self._arrivals = listening, arrivals
        self._inlet: Datagrams | Streams | None = None
        self._reason = ""
        self._not_before = 0.0
        self._known: dict[str, _Peer] = {}
        self._messages = self._refused = self._full = 0
        self._last = 0.0
        self._open()

    def poll(self, budget: int = 1 << 20, now: float | None = None) -> list[Chunk]:
        """Return what has come, about *budget* bytes at most; nothing when there is nothing.

        *now* is any clock that never goes back; left out, it is the system's.
        """
        now = time.monotonic() if now is None else now
        if self._inlet is None:
            if now < self._not_before:
                return []
            self._not_before = now + _AGAIN
            self._open()
            if self._inlet is None:
                return []
        at = time.time()
        arrived = uniform.stamp(int(at * _MICRO))
        lines = [self._line(one, arrived) for one in self._take(self._inlet, budget)]
        if not lines:
            return []
        self._messages += len(lines)
        self._last = at
        return [Chunk(self._listening.name, b"".join(lines), live=True)]

    def positions(self) -> tuple[Position, ...]:
        """Return nothing: what was received cannot be read again."""
        return ()

    def status(self) -> ReceiverStatus:
        """Return how the socket fares."""
        inlet = self._inlet
        return ReceiverStatus(
            inlet is not None,
            self._reason,
            self._messages,
            self._refused,
            self._full + (inlet.dropped if inlet else 0),
            inlet.broken if inlet else 0,
            inlet.connections if inlet else 0,
            self._last,
        )

    def close(self) -> None:
        """Stop listening."""
        if self._inlet:
            self._inlet.close()
            self._inlet = None

    def _open(self) -> None:
        endpoint, users = self._listening.endpoint, self._listening.users
        try:
            if endpoint.kind == "tcp":
                self._inlet = Streams(endpoint, self._arrivals)
            else:
                self._inlet = Datagrams(endpoint, self._arrivals, 0o666 if users else 0o600)
            self._reason = ""
        except OSError as error:
            self._reason = f"cannot listen: {error.strerror or error}"
            if isinstance(error, PermissionError) and 0 < endpoint.port < _FREE:
                self._reason += (
                    f"; a port below {_FREE} takes CAP_NET_BIND_SERVICE: give the unit that, or take another"
                )

    def _take(self, inlet: Datagrams | Streams, budget: int) -> Iterator[Received]:
        """Yield what those say who are heard."""
        if isinstance(inlet, Streams):
            for peer, connection in inlet.greet():
                if not self._hears(peer):
                    self._refused += 1
                    connection.close()
                elif not inlet.admit(peer, connection):
                    self._full += 1
        for one in inlet.take(budget):
            if self._hears(one.peer):
                yield one
            else:
                self._refused += 1

    def _hears(self, peer: str) -> bool:
        return self._peer(peer).heard

    def _peer(self, name: str) -> "_Peer":
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            known = self._known[name] = self._judge(name)
        return known

    def _judge(self, name: str) -> "_Peer":
        if self._listening.endpoint.kind == "unix":
            heard = name.isdigit() and int(name) in {0, os.getuid(), *self._listening.users}
            return _Peer(heard, b"localhost", b"")
        address = parse_address(name.partition("%")[0])
        if address is None:
            return _Peer(heard=False, name=b"", told=b"")
        text = str(address).encode()
        here = any(network.covers(address) for network in _LOOPBACK)
        return _Peer(
            any(network.covers(address) for network in self._listening.peers), text, b"" if here else b"@" + text
        )

    def _line(self, one: Received, arrived: bytes) -> bytes:
        said = message.read(one.data)
        if self._listening.bare:
            return uniform.visible(said.text) + b"\n"
        peer = self._peer(one.peer)
        host = said.host + peer.told if said.host not in (b"", peer.name) else peer.name
        return uniform.line(said.stamp or arrived, host, said.program, said.pid, said.text)

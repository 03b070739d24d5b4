"""server - Postfix's connections: requests in, answers out, in the order they came.

Nobody waits for anybody: each piece of data is answered as it arrives, some twenty
requests of one connection at most before it is another's turn.  Bounded:
so many connections at once, 16 kB of an unfinished request each, and no more is
read from who does not take his answers.  A connection on which no request was
completed for the idle time is closed, and so is one that breaks the protocol,
without an answer: Postfix then does what its default_action says.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from responder.quota.request import Parser, Request

Answer = Callable[[list[Request]], bytes]
"""What is said to requests that came together, one after the other."""

AT_ONCE = 50
"""Connections that are taken or closed before it is another's turn."""

_SWEEP_EVERY = 5.0
_PIECE = 16 << 10
log = logging.getLogger("responder.policyd")


class Connections:
    """All connections there are; makes a new one for each that asyncio accepts."""

    def __init__(self, answer: Answer, most: int, idle: float) -> None:
        self.answer, self.most, self.idle = answer, most, idle
        self.held: set[Connection] = set()
        self.asked = 0
        self.full = False
        self.gone = asyncio.Event()
        self.time = time.monotonic
        self.piece = bytearray(_PIECE)  # one for all: each is read as soon as it is filled

    def __call__(self) -> "Connection":
        """Return the protocol of a new connection."""
        return Connection(self)

    def room(self) -> bool:
        """Tell whether one more may be held; that none may is said once."""
        full = len(self.held) >= self.most
        if full and not self.full:
            log.warning("%d connections are open, and no more are taken; see policyd.connections", self.most)
        self.full = full
        return not full

    async def sweep(self) -> None:
        """Close those that are idle for too long, again and again until cancelled."""
        while True:
            await asyncio.sleep(min(_SWEEP_EVERY, self.idle / 4))
            self.full = len(self.held) >= self.most
            horizon = self.time() - self.idle
            for number, connection in enumerate([one for one in self.held if one.since < horizon], 1):
                connection.end()
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def drain(self, grace: float) -> None:
        """Answer what was asked before now, and close all; who does not take his answers is cut off after *grace*."""
        deadline = self.time() + grace
        asked = -1
        while asked != self.asked and self.time() < deadline:
            asked = self.asked
            await asyncio.sleep(0.05)
        for connection in list(self.held):
            connection.end()
        if self.held:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.gone.wait(), max(0, deadline - self.time()))
        for connection in list(self.held):
            connection.abort()
        await asyncio.sleep(0)


class Connection(asyncio.BufferedProtocol):
    """One smtpd's connection; *since* is when it last completed a request."""

    __slots__ = ("_all", "_parser", "_transport", "since")

    def __init__(self, connections: Connections) -> None:
        self._all = connections
        self._parser = Parser()
        self._transport: asyncio.Transport | None = None
        self.since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or close it where there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.since = self._all.time()
        if self._all.room():
            self._all.held.add(self)
            self._all.gone.clear()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Forget the connection."""
        self._all.held.discard(self)
        if not self._all.held:
            self._all.gone.set()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002
        """Return where the next piece goes."""
        return self._all.piece

    def buffer_updated(self, nbytes: int) -> None:
        """Answer what the piece completes."""
        assert self._transport
        requests = self._parser.feed(bytes(self._all.piece[:nbytes]))
        if requests:
            self.since = self._all.time()
            self._all.asked += len(requests)
            self._transport.write(self._all.answer(requests))
        if self._parser.broken:
            log.warning("a connection is closed that sent %s", self._parser.broken)
            self._transport.close()

    def pause_writing(self) -> None:
        """Read no more from who does not take his answers."""
        assert self._transport
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        assert self._transport
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def end(self) -> None:
        """Close it, once what was answered is taken."""
        assert self._transport
        self._transport.close()

    def abort(self) -> None:
        """Cut it off."""
        assert self._transport
        self._transport.abort()

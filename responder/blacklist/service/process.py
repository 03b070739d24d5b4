"""process - the process itself: hears the daemon, and ends with it.

    main thread   reads what the daemon says, and hands it on
    feeder        reports go in
    taker         listings come out, where ``take`` names a level
    keeper        files are kept, where there is an ``[[export]]``

A mistake of ours in any of them ends the process, and the daemon starts another.
"""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

from responder.blacklist.scoring import Scoring
from responder.blacklist.service.feeder import Feeder
from responder.blacklist.service.keeper import Keeper
from responder.blacklist.service.link import Link
from responder.blacklist.service.taker import Taker
from responder.blacklist.values import Level
from responder.config import Settings
from responder.errors import ProtocolError
from responder.framing import Frames, Message

_PIECE = 1 << 20
_BUG = 70  # EX_SOFTWARE of sysexits.h
_log = logging.getLogger("responder")


def serve_inherited(descriptor: int, settings: Settings, *, dry_run: bool) -> None:
    """Serve the daemon at the socket that it left open as *descriptor*, until it closes that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's interrupt is the daemon's to act on
    threading.excepthook = _bug
    with socket.socket(fileno=descriptor) as connection:
        _serve(connection, settings, dry_run=dry_run)
    os._exit(0)  # a thread may be waiting for the database; what it began is undone there


def _serve(connection: socket.socket, settings: Settings, *, dry_run: bool) -> None:
    blacklist = settings.blacklist
    link = Link(connection, blacklist.url)
    feeder = Feeder(link, blacklist.reporter, Scoring(**blacklist.scoring.model_dump()))
    taker = Taker(link, Level[blacklist.take.upper()]) if blacklist.take else None
    parts: list[Feeder | Taker | Keeper] = [] if dry_run else [feeder]
    if taker:
        parts.append(taker)
    if settings.export and not dry_run:
        parts.append(Keeper(link, settings.export))
    for part in parts:
        threading.Thread(target=part.run, daemon=True).start()
    for message in _heard(connection):
        if "report" in message:
            feeder.report(message["report"])
        elif "own" in message:
            feeder.own(message["own"])
        elif taker and "taken" in message:
            taker.answered()
        elif taker and "again" in message:
            taker.again()


def _heard(connection: socket.socket) -> Iterator[Message]:
    frames = Frames()
    with suppress(ConnectionError, ProtocolError):
        while data := connection.recv(_PIECE):
            yield from frames.feed(data)


def _bug(about: threading.ExceptHookArgs) -> None:
    if isinstance(about.exc_value, ConnectionError):  # the daemon is gone
        os._exit(0)
    value = about.exc_value
    assert value is not None
    _log.critical("a mistake in the process at the blacklist", exc_info=value)
    os._exit(_BUG)

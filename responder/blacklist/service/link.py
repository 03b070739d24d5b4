"""link - what the parts of the process share: the way to the daemon, the database, and patience with both.

The parts are threads that share nothing else; each tells how it fares.
"""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from responder.blacklist import database
from responder.errors import StoreError
from responder.framing import Message, encode

_PATIENCE = 0.5  # seconds between attempts, doubled up to:
_LONGEST_PATIENCE = 2.0


class Link:
    """One socket to the daemon, one engine for the database at *url*."""

    def __init__(self, connection: socket.socket, url: str) -> None:
        self._connection, self._url = connection, url
        self._speaking, self._opening = threading.Lock(), threading.Lock()
        self._engine: sa.Engine | None = None

    def say(self, message: Message) -> None:
        """Send *message*, and wait until the daemon's end has taken it."""
        data = encode(message)
        with self._speaking:
            self._connection.sendall(data)

    def engine(self) -> sa.Engine:
        """Return the engine, opened the first time that the database can be reached; raises StoreError."""
        with self._opening:
            if self._engine is None:
                self._engine = database.connect(self._url)
            return self._engine

    def insist(self, part: str, work: Callable[[], None]) -> None:
        """Do *work*, again and again until the database lets us; tell why where it does not."""
        patience = _PATIENCE
        while True:
            try:
                work()
            except StoreError as error:
                self.fare(part, error=str(error))
                time.sleep(patience)
                patience = min(2 * patience, _LONGEST_PATIENCE)
            else:
                if patience > _PATIENCE:
                    self.fare(part, error="")
                return

    def fare(self, part: str, **state: Any) -> None:
        """Tell the daemon how *part* fares."""
        self.say({"state": part, **state})

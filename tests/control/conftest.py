"""A control server in a loop of its own thread, that answers with what it was asked."""

import os
import selectors
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from responder.control.server import ControlServer
from responder.framing import Message

Reply = Callable[[Message], None]


class Served:
    """The server at *path*; `asked` are the requests it took, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[Message] = []
        self.kept: list[Reply] = []
        self._selector = selectors.DefaultSelector()
        self._stop = os.eventfd(0)
        self._selector.register(self._stop, selectors.EVENT_READ)
        self.server = ControlServer(path, self._selector, self._handle)
        self._thread = threading.Thread(target=self._loop)
        self._thread.start()

    def _handle(self, request: Message, reply: Reply) -> None:
        self.asked.append(request)
        if request.get("do") == "later":
            self.kept.append(reply)
        elif request.get("do") == "much":
            reply({"much": "x" * int(request["size"])})
        elif request.get("do") == "refuse":
            reply({"error": "no, because"})
        else:
            for one in (*self.kept, reply):
                one({"echo": request})
            self.kept.clear()

    def _loop(self) -> None:
        while True:
            for key, events in self._selector.select():
                if key.fd == self._stop:
                    return
                key.data(events)

    @property
    def peers(self) -> int:
        return len(self.server._peers)

    def close(self) -> None:
        """Stop serving and take the socket away."""
        if self._thread.is_alive():
            os.eventfd_write(self._stop, 1)
            self._thread.join()
            self.server.close()
            self._selector.close()
            os.close(self._stop)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path / "run" / "control.sock")
    yield made
    made.close()

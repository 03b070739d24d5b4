"""peer - what listens where the daemon should, and answers what the daemon would hardly answer."""

import json
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

BANNED = {"did": "banned", "said": "banned for 1h", "stored": True, "enforced": True, "firewall_error": ""}


class Peer:
    """Listens at *path*; answers each request with *pieces*, bytes one after the other, then hangs up.

    With None instead it never answers.  `asked` are the requests, in order.
    """

    def __init__(self, path: Path, pieces: Iterable[bytes] | None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._pieces = None if pieces is None else list(pieces)
        self._silent: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(512)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for one in (self._listener, *self._silent):
            one.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.asked.append(json.loads(connection.makefile("rb").readline()))
            if self._pieces is None:
                self._silent.append(connection)
                continue
            with connection, suppress(ConnectionError):
                for piece in self._pieces:
                    connection.sendall(piece)


def answering(path: Path, **changed: Any) -> Peer:
    """Return one that answers like the daemon, with some values *changed*."""
    return Peer(path, [json.dumps(BANNED | changed).encode() + b"\n"])

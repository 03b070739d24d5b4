"""client - ask the daemon something and wait for its answer."""

import socket
from pathlib import Path
from typing import Any

from responder import peer
from responder.errors import ResponderError
from responder.framing import Frames, Message, encode

PATIENCE = 30.0  # seconds


class UnreachableError(ResponderError):
    """No daemon answers at the control socket."""


class HangsError(UnreachableError):
    """There is a daemon, the process *pid*, and it does not answer."""

    def __init__(self, path: Path, pid: int) -> None:
        super().__init__(f"{path}: the daemon, process {pid}, has not answered for {PATIENCE:.0f} seconds")
        self.pid = pid


def ask(path: Path, do: str, **request: Any) -> Message:
    """Send one request to the daemon at *path* and return its answer.

    Raises UnreachableError where no daemon answers, ResponderError with the
    daemon's own words where it refuses.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(path))
            connection.sendall(encode({"do": do, **request}))
            answer = _receive(connection)
        except PermissionError:
            raise UnreachableError(f"{path}: you may not speak to the daemon; become root or its user") from None
        except (FileNotFoundError, ConnectionRefusedError):
            raise UnreachableError(f"{path}: no daemon answers; start it with `responder run`") from None
        except ConnectionError:
            raise UnreachableError(f"{path}: the daemon hung up; only root and its own user may ask") from None
        except TimeoutError:
            raise HangsError(path, peer.process(connection)) from None
        except OSError as error:
            raise UnreachableError(f"{path}: the daemon does not answer: {error}") from None
    if answer.get("error"):
        raise ResponderError(str(answer["error"]))
    return answer


def _receive(connection: socket.socket) -> Message:
    frames = Frames()
    while data := connection.recv(1 << 20):
        if answers := frames.feed(data):
            return answers[0]
    raise ConnectionError

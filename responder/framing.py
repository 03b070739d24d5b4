"""framing - one JSON object a line, the only framing on our sockets.

Pure: bytes in, objects out.  A line is bounded, because the peer may be hostile.
"""

import json
from typing import Any

from responder.errors import ProtocolError

Message = dict[str, Any]
LONGEST = 64 * 1024 * 1024  # all that the kernel holds of 500,000 bans fits


def encode(message: Message) -> bytes:
    """Return *message* as one line of JSON."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class Frames:
    """Collects bytes until they are whole lines."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._rest: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that *data* completes.

        Raises ProtocolError for a line that is too long or is no JSON object.
        """
        head, newline, tail = data.rpartition(b"\n")
        if not newline:
            self._keep(data)
            return []
        lines = (b"".join(self._rest) + head).split(b"\n")
        if max(map(len, lines)) > self._longest:
            raise self._too_long()
        self._rest, self._size = [], 0
        self._keep(tail)
        return [_decode(line) for line in lines if line.strip()]

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._longest:
            raise self._too_long()
        if data:
            self._rest.append(data)

    def _too_long(self) -> ProtocolError:
        return ProtocolError(f"a line of more than {self._longest} bytes")


def _decode(line: bytes) -> Message:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"no JSON: {error}") from None
    if not isinstance(message, dict):
        raise ProtocolError("a JSON value that is no object")
    return message

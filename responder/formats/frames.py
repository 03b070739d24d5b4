r"""frames - where one syslog message ends and the next begins, in a stream (RFC 6587).

    <13>Nov 25 10:00:00 mx sshd[1]: one\n<13>...     3.4.2: up to a line end, or a NUL
    44 <13>Nov 25 10:00:00 mx sshd[1]: one44 <13>... 3.4.1: the number of bytes, then as many

Which of the two it is, each message says by its beginning.  Of one message
LONGEST bytes are kept, and marked as cut.  However the bytes are cut up when they
are fed, the same messages come out.  A message that is not whole when the stream
ends is none: its last word might be half an address.

Pure.
"""

import re

from responder.formats.uniform import LONGEST, MARK

_COUNT = re.compile(rb"([1-9][0-9]{0,8}) <")
_END = re.compile(rb"[\n\0]")


class Frames:
    """Cuts one stream into messages."""

    def __init__(self) -> None:
        self._rest = b""
        self._skip = 0  # bytes that are too many of a message with a count
        self._skip_line = False

    @property
    def unfinished(self) -> bool:
        """Tell whether a message has begun and not ended."""
        return bool(self._rest or self._skip or self._skip_line)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole with *data*, without their ends; empty ones are none."""
        data, at = self._rest + data if self._rest else data, 0
        messages: list[bytes] = []
        while at < len(data):
            skipping = self._skip or self._skip_line
            after = self._skipped(data, at) if skipping else self._message(data, at, messages)
            if after < 0:
                break
            at = after
        self._rest = data[at:]
        return [message for message in messages if message]

    def _skipped(self, data: bytes, at: int) -> int:
        """Pass over what is too long; return what is behind it, as far as it has come."""
        if self._skip:
            step = min(self._skip, len(data) - at)
            self._skip -= step
            return at + step
        end = _END.search(data, at)
        self._skip_line = end is None
        return end.end() if end else len(data)

    def _message(self, data: bytes, at: int, messages: list[bytes]) -> int:
        """Read one message, or the beginning of a long one; return what is behind it, -1 where more is needed."""
        if counted := _COUNT.match(data, at):
            begin, size = counted.end() - 1, int(counted[1])
            kept = min(size, LONGEST)
            if len(data) < begin + kept:
                return -1
            messages.append(data[begin : begin + kept] + (MARK if kept < size else b""))
            self._skip = size - kept
            return begin + kept
        end = _END.search(data, at, at + LONGEST)
        if end:
            messages.append(data[at : end.start()])
            return end.end()
        if len(data) - at < LONGEST:
            return -1
        messages.append(data[at : at + LONGEST] + MARK)
        self._skip_line = True
        return at + LONGEST

"""ownlog - where the daemon's own log goes: to journald with levels and fields, else to standard error.

systemd says by JOURNAL_STREAM whether standard error is connected to the journal;
then messages are sent in the journal's native protocol, which keeps an entry of
several lines whole and lets a ban be found by its fields:

    journalctl -t responder RESPONDER_PREFIX=192.0.2.7

A journal that does not listen costs at most `_PATIENCE` a second: what it does not
take is counted, and the count is told with the next message that it takes.

Source: sd_journal_send(3), "Native Journal Protocol" on systemd.io.
"""

import logging
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

JOURNAL = Path("/run/systemd/journal/socket")
_PATIENCE = 0.05  # seconds
_LONGEST = 48 << 10  # characters of a message, far below what a datagram may hold
_LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))


class Journald(logging.Handler):
    """Sends records to the journal at *path*."""

    def __init__(self, path: Path = JOURNAL) -> None:
        super().__init__()
        self.dropped = 0
        self._path, self._not_before = str(path), 0.0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(_PATIENCE)

    def emit(self, record: logging.LogRecord) -> None:
        """Send *record*, unless the journal was just too slow to take one."""
        if time.monotonic() < self._not_before:
            self.dropped += 1
            return
        text = self.format(record)
        if self.dropped:
            text += f" ({self.dropped} messages before this one found no room in the journal)"
        try:
            self._socket.sendto(entry(text, record.levelno, getattr(record, "fields", {})), self._path)
        except OSError:
            self.dropped += 1
            self._not_before = time.monotonic() + 1.0
        else:
            self.dropped = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()


def entry(text: str, level: int, fields: Mapping[str, str]) -> bytes:
    """Return a message in the journal's native protocol."""
    priority = next((priority for at_least, priority in _LEVELS if level >= at_least), 7)
    named = {
        "MESSAGE": text[:_LONGEST],
        "PRIORITY": str(priority),
        "SYSLOG_IDENTIFIER": "responder",
        "SYSLOG_PID": str(os.getpid()),
        **fields,
    }
    return b"".join(_field(name, value.encode(errors="backslashreplace")) for name, value in named.items())


def _field(name: str, value: bytes) -> bytes:
    if b"\n" in value:
        return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name.encode() + b"=" + value + b"\n"


def begin() -> None:
    """Have the log go where it belongs from now on."""
    root = logging.getLogger()
    if to_journal():
        handler: logging.Handler = Journald()
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def to_journal() -> bool:
    """Tell whether standard error is connected to the journal."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}" and JOURNAL.is_socket()

"""ownlog - where the log of a process of ours goes: to journald with levels and fields, else to standard error.

systemd says by JOURNAL_STREAM whether standard error is connected to the journal;
then messages are sent in the journal's native protocol, which keeps an entry of
several lines whole and lets a ban be found by its fields:

    journalctl -t responder RESPONDER_PREFIX=192.0.2.7
    journalctl -t responder-policyd RESPONDER_KEY=shop.example

A journal that does not listen costs at most `_PATIENCE` a second: what it does not
take is counted, and the count is told with the next message that it takes.  Who
may not wait at all has an `Aside` between: a thread writes, and what comes while
`_MOST_LINES` wait for it is counted and lost.

Source: sd_journal_send(3), "Native Journal Protocol" on systemd.io.
"""

import contextlib
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Mapping
from logging.handlers import QueueHandler
from pathlib import Path
from queue import Full, Queue

JOURNAL = Path("/run/systemd/journal/socket")
_PATIENCE = 0.05  # seconds
_LONGEST = 48 << 10  # characters of a message, far below what a datagram may hold
_MOST_LINES = 20_000
_GRACE = 2.0  # seconds for what still waits when the process ends
_LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))


class Journald(logging.Handler):
    """Sends records of *program* to the journal at *path*."""

    def __init__(self, path: Path = JOURNAL, program: str = "responder") -> None:
        super().__init__()
        self.dropped = 0
        self._program = program
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
            fields = {"SYSLOG_IDENTIFIER": self._program, **getattr(record, "fields", {})}
            self._socket.sendto(entry(text, record.levelno, fields), self._path)
        except OSError:
            self.dropped += 1
            self._not_before = time.monotonic() + 1.0
        else:
            self.dropped = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()


class StandardError(logging.Handler):
    """Writes records to standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*, holding nothing that others wait for while nobody reads."""
        data = f"{self.format(record)}\n".encode(errors="backslashreplace")
        with contextlib.suppress(OSError, ValueError):  # ValueError: it was closed
            while data and sys.stderr:
                data = data[os.write(sys.stderr.fileno(), data) :]


class Aside(QueueHandler):
    """Has a thread hand records to *handler*, so that nobody waits for a pipe that nobody reads."""

    def __init__(self, handler: logging.Handler, most: int = _MOST_LINES) -> None:
        self._lines: Queue[logging.LogRecord | None] = Queue(most)
        super().__init__(self._lines)
        self.lost = self._told = 0
        self._handler, self._most = handler, most
        self._thread = threading.Thread(target=self._hand_on, name="log", daemon=True)
        self._thread.start()

    def enqueue(self, record: logging.LogRecord) -> None:
        """Keep *record* for the thread, or lose it where too many wait."""
        try:
            self._lines.put_nowait(record)
        except Full:
            self.lost += 1

    def close(self) -> None:
        """Have the thread write what waits, if that can be done soon; logging calls this when the process ends."""
        if self._thread.is_alive():
            with contextlib.suppress(Full):
                self._lines.put(None, timeout=_GRACE)
                self._thread.join(_GRACE)
        super().close()

    def _hand_on(self) -> None:
        """Run in the thread; takes no lock, for a write may never return and the end of the process asks for all."""
        while record := self._lines.get():
            self._handler.emit(record)
            if self._lines.qsize() < self._most / 2:
                self._tell_lost()
        self._tell_lost()

    def _tell_lost(self) -> None:
        lost = self.lost - self._told
        if lost:
            self._told += lost
            text = "%d messages are lost, for those before them were not read in time"
            self._handler.emit(logging.LogRecord("responder", logging.WARNING, "", 0, text, (lost,), None))


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


def begin(program: str = "responder", *, aside: bool = False) -> None:
    """Have the log go where it belongs from now on, as that of *program*; *aside*: nobody waits until it is written."""
    root = logging.getLogger()
    if to_journal():
        handler: logging.Handler = Journald(program=program)
    else:
        handler = StandardError()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root.addHandler(Aside(handler) if aside else handler)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def to_journal() -> bool:
    """Tell whether standard error is connected to the journal."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}" and JOURNAL.is_socket()

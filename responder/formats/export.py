r"""export - the journal's export format, as ``journalctl -o export`` writes it, into Entries.

A field is a line ``NAME=value``; one that holds a line end is its name on a line
of its own, eight bytes that say how long it is (little end first), the bytes,
and a line end.  An empty line ends the entry.  Names are at most 64 bytes.

Memory stays bounded whatever the sender wrote: of one field LIMIT bytes are
kept.  However the bytes are cut up when they are fed, the same entries come out,
and none that has no cursor or no time.

Source: https://systemd.io/JOURNAL_EXPORT_FORMATS/
"""

from typing import NamedTuple

LIMIT = 64 * 1024
FIELDS = ("MESSAGE", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "_COMM", "_HOSTNAME", "_PID", "_SYSTEMD_UNIT", "_UID")
"""What an Entry is made of, beside its cursor and time, which are always there."""
_LONGEST_NAME = 64
_LONGEST_TIME = 18  # digits of microseconds
_MOST = 1 << 30  # bytes; the journal itself takes no longer field


class Entry(NamedTuple):
    """One entry: its *cursor*, its *time* (microseconds), and what it says.

    The journal vouches for *unit*, *uid*, *command* and *host*, and for *pid* where it knew it; *identifier* and
    *message* are the writer's.
    """

    cursor: bytes
    time: int
    unit: bytes
    uid: bytes
    identifier: bytes
    command: bytes
    pid: bytes
    host: bytes
    message: bytes


class Export:
    """Reads one stream, a piece at a time."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[bytes, bytes] = {}
        self._inside = False  # an entry has begun, and its fields so far are read
        self._skip = 0  # bytes that are too many
        self._skip_line = False

    def feed(self, data: bytes) -> list[Entry]:
        """Return the entries that are whole with *data*."""
        data, at = self._rest + data if self._rest else data, 0
        entries: list[Entry] = []
        while at < len(data):
            if not self._inside and (end := data.find(b"\n\n", at, at + LIMIT)) >= 0:
                fields = _texts(data[at:end])
                if fields is not None:
                    _add(entries, fields)
                    at = end + 2
                    continue
            skipping = self._skip or self._skip_line
            after = self._skipped(data, at) if skipping else self._field(data, at, entries)
            if after < 0:
                break
            at = after
        self._rest = data[at:]
        return entries

    def _skipped(self, data: bytes, at: int) -> int:
        """Pass over what is too long; return what is behind it, as far as it has come."""
        if self._skip:
            step = min(self._skip, len(data) - at)
            self._skip -= step
            return at + step
        end = data.find(b"\n", at)
        self._skip_line = end < 0
        return end + 1 if end >= 0 else len(data)

    def _field(self, data: bytes, at: int, entries: list[Entry]) -> int:
        """Read one field, or the beginning of a long one; return what is behind it, -1 where more is needed."""
        end = data.find(b"\n", at, at + LIMIT)
        if end < 0 and len(data) - at < LIMIT:
            return -1
        self._inside = True
        if end < 0:
            self._text(data[at : at + LIMIT])
            self._skip_line = True
            return at + LIMIT
        if end == at:
            _add(entries, self._fields)
            self._fields, self._inside = {}, False
            return end + 1
        field = data[at:end]
        if b"=" in field:
            self._text(field)
            return end + 1
        return self._binary(data, field, end + 1) if len(field) <= _LONGEST_NAME else end + 1

    def _text(self, field: bytes) -> None:
        name, separator, value = field.partition(b"=")
        if separator:
            self._fields[name] = value

    def _binary(self, data: bytes, name: bytes, at: int) -> int:
        """Read the field *name* whose length stands at *at*."""
        begin = at + 8
        if len(data) < begin:
            return -1
        size = int.from_bytes(data[at:begin], "little")
        if size > _MOST:
            return at  # no field of a journal
        kept = min(size, LIMIT)
        if len(data) < begin + kept:
            return -1
        self._fields[name] = data[begin : begin + kept]
        self._skip = size - kept + 1
        return begin + kept


def _texts(entry: bytes) -> dict[bytes, bytes] | None:
    """Return the fields of *entry* where all of them are texts: every line has an equals sign."""
    try:
        return dict([line.split(b"=", 1) for line in entry.split(b"\n")])
    except ValueError:
        return None


def _add(entries: list[Entry], fields: dict[bytes, bytes]) -> None:
    get = fields.get
    cursor, time = get(b"__CURSOR"), get(b"__REALTIME_TIMESTAMP", b"")
    if not cursor or not time.isdigit() or len(time) > _LONGEST_TIME:
        return
    entries.append(
        Entry(
            cursor,
            int(time),
            get(b"_SYSTEMD_UNIT", b""),
            get(b"_UID", b""),
            get(b"SYSLOG_IDENTIFIER", b""),
            get(b"_COMM", b""),
            get(b"_PID") or get(b"SYSLOG_PID", b""),
            get(b"_HOSTNAME", b""),
            get(b"MESSAGE", b""),
        )
    )

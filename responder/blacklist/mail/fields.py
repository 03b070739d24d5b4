"""fields - the header fields of a mail or of a part of one, and the parameters of a field (RFC 5322, RFC 2045).

Every mistake is tolerated: a line that is no field belongs to the field above
it, where a blank line ends the header at all; else the body begins there.

The standard library's parser does not serve for mails of strangers: it takes a time that grows with the square of a
field's length and raises on some, and one that grows with the depth of nested parts for each line.
"""

import re
from typing import NamedTuple

MOST = 2_000
"""How many fields are read."""
LONGEST = 16_384
"""How many bytes of a field are read."""

_HEADER = 2**20
_NAME = re.compile(rb"([!-9;-~]{1,80})[ \t]*:(?!//)")
_USUAL = frozenset(
    (
        *("from", "to", "subject", "date", "received", "return-path", "message-id", "mime-version", "content-type"),
        *("sender", "delivered-to"),
    )
)
_PARAMETER = re.compile(r';[\s]{0,20}([A-Za-z0-9-]{1,40})\*?\s?=\s?(?:"([^"]{0,300})"|([^\s;"]{1,300}))')


class Field(NamedTuple):
    """A header field: its name in lower case, and its value on one line."""

    name: str
    value: str


class Header(NamedTuple):
    """The fields of a mail, where its body begins, and what was wrong with them."""

    fields: tuple[Field, ...]
    body: int
    notes: tuple[str, ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of the fields called *name*, the first first."""
        return tuple(field.value for field in self.fields if field.name == name)

    def first(self, name: str) -> str:
        """Return the value of the first field called *name*, or nothing."""
        return next((field.value for field in self.fields if field.name == name), "")


def read(data: bytes, start: int, end: int) -> Header:
    """Return the header of the mail in *data* between *start* and *end*; none where it has no field that mails have."""
    header = read_part(data, start, end)
    if not any(field.name in _USUAL for field in header.fields):
        return Header((), start, ("there is no header; all was read as the text of a mail",) if start < end else ())
    return header


def read_part(data: bytes, start: int, end: int) -> Header:
    """Return the header of a part: it stands at *start*, or a blank line does."""
    if data.startswith(b"\n", start, end):
        return Header((), start + 1)
    blank = data.find(b"\n\n", start, end)
    fields, stray, notes = _fields(data[start : min(blank if blank >= 0 else end, start + _HEADER)])
    if stray is not None and blank >= 0:
        notes = (*notes, "some lines of the header are no fields; they were read as part of the field above")
    elif stray is not None:
        return Header(fields, start + stray, (*notes, "the blank line between header and body is missing"))
    return Header(fields, blank + 2 if blank >= 0 else end, notes)


def _fields(header: bytes) -> tuple[tuple[Field, ...], int | None, tuple[str, ...]]:
    """Return the fields in *header*, where the first line is that belongs to none, and notes."""
    found: list[tuple[str, list[bytes]]] = []
    at, first_stray = 0, None
    for line in header.split(b"\n"):
        named = _NAME.match(line)
        if named:
            if len(found) == MOST:
                return _made(found), first_stray, (f"only the first {MOST} fields of the header were read",)
            found.append((named[1].decode("ascii").lower(), [line[named.end() :]]))
        elif line and line[:1] not in b" \t":
            first_stray = at if first_stray is None else first_stray
            if found:
                found[-1][1].append(line)
        elif found:
            found[-1][1].append(line)
        at += len(line) + 1
    return _made(found), first_stray, ()


def _made(found: list[tuple[str, list[bytes]]]) -> tuple[Field, ...]:
    return tuple(Field(name, _value(lines)) for name, lines in found)


def _value(lines: list[bytes]) -> str:
    value = b" ".join(line.strip() for line in lines)[:LONGEST].strip()
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def parameters(value: str) -> dict[str, str]:
    """Return the parameters of a Content-Type or Content-Disposition, names in lower case; the first of each counts."""
    found: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(value):
        found.setdefault(name.lower(), quoted or plain)
    return found


def kind(value: str) -> str:
    """Return the media type of a Content-Type, in lower case: text/plain where it makes no sense."""
    found = re.match(r"\s{0,20}([A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80})\s{0,20}(?:;|$)", value)
    return found[1].lower() if found else "text/plain"

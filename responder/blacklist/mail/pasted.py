"""pasted - a mail as people pipe or paste it, as the mail that it was.

Tolerated: a byte order mark and UTF-16, blank lines before the mail, CRLF, the
indentation and the quote marks (``> ``) of a pasted one, and the "From " line of
a mailbox.  Of a mailbox with several mails the first is read.
"""

import re
from typing import NamedTuple

LARGEST = 64 * 2**20
"""How many bytes of a mail are read."""

_MARKS = ((b"\xef\xbb\xbf", ""), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_QUOTE, _BARE_QUOTE = re.compile(rb"^> ?", re.MULTILINE), re.compile(rb"^>", re.MULTILINE)
_DEEPEST_QUOTE = 5
_INDENT = re.compile(rb"[ \t]{1,40}(?=[!-9;-~]{1,80}:)")
_NEXT_MAIL = re.compile(rb"\n\nFrom [^\n]{0,300}[0-9]{2}:[0-9]{2}[^\n]{0,60}\n(?=[!-9;-~]{1,80}:)")


class Pasted(NamedTuple):
    """The bytes of one mail with ``\\n`` between its lines, and what was wrong with what was given."""

    data: bytes
    notes: tuple[str, ...] = ()


def unpaste(data: bytes) -> Pasted:
    """Return the mail in *data*."""
    notes = []
    if len(data) > LARGEST:
        data = data[:LARGEST]
        notes.append(f"only the first {LARGEST >> 20} MB were read")
    data = _lines(_unmarked(data))
    for _ in range(_DEEPEST_QUOTE):
        if not data.startswith(b">"):
            break
        data = (_QUOTE if data.startswith(b"> ") else _BARE_QUOTE).sub(b"", data).lstrip(b"\n")
    if indent := _INDENT.match(data):
        data = re.sub(rb"^" + indent[0], b"", data, flags=re.MULTILINE)
    if data.startswith(b"From "):
        data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
        if following := _NEXT_MAIL.search(data):
            data = data[: following.start() + 1]
            notes.append("this is a mailbox with more than one mail; only the first was read")
    return Pasted(data, tuple(notes))


def _unmarked(data: bytes) -> bytes:
    for mark, charset in _MARKS:
        if data.startswith(mark):
            rest = data[len(mark) :]
            return rest.decode(charset, "replace").encode("utf-8", "replace") if charset else rest
    return data


def _lines(data: bytes) -> bytes:
    """Return *data* with one kind of line end, and no blank lines before the first.

    A carriage return alone ends no line: no mail server takes it for one.
    """
    data = data.replace(b"\r\n", b"\n")
    blank = re.match(rb"[ \t\n]*\n", data)
    return data[blank.end() :] if blank else data

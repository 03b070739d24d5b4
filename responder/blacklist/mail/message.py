"""message - a mail in parts: header, decoded texts, attached mails.

Takes no longer than the mail is long and raises nothing: nesting, the number
of parts and the amount of text that is decoded are bounded, and what was left
out is noted.  Attachments that are neither text, mail nor report are skipped.
"""

from collections.abc import Iterator
from typing import NamedTuple

from responder.blacklist.mail import decoding, fields
from responder.blacklist.mail.fields import Header

DEEPEST = 32
MOST_PARTS = 1_000
LONGEST_TEXT = 2**20
MOST_TEXT = 4 * 2**20

_READ = ("message/feedback-report", "message/delivery-status", "application/json")
_MAILS = ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers")


class Part(NamedTuple):
    """A text in a mail: its media type, its file name where it has one, and what it says."""

    kind: str
    name: str
    text: str


class Message(NamedTuple):
    """A mail.  *report* is what a multipart/report reports (feedback-report, delivery-status), else nothing."""

    header: Header
    parts: tuple[Part, ...] = ()
    attached: tuple["Message", ...] = ()
    report: str = ""


class Read(NamedTuple):
    """A mail, and what was wrong with it or left out."""

    message: Message
    notes: tuple[str, ...]


def read(data: bytes) -> Read:
    """Return the mail *data*, whose lines end with ``\\n``."""
    reader = _Reader()
    message = reader.message(_Span(data, 0, len(data)), 0)
    return Read(message, tuple(reader.notes))


class _Span(NamedTuple):
    """A stretch of the mail, which is not copied for each part in a part."""

    data: bytes
    start: int
    end: int

    def head(self, most: int) -> bytes:
        """Return the first *most* bytes."""
        return self.data[self.start : min(self.end, self.start + most)]


class _Found(NamedTuple):
    parts: list[Part]
    attached: list[Message]


class _Reader:
    """Reads one mail, and keeps count of what it may still read."""

    def __init__(self) -> None:
        self.notes: dict[str, None] = {}
        self._parts, self._text = MOST_PARTS, MOST_TEXT

    def _note(self, *notes: str) -> None:
        self.notes.update(dict.fromkeys(filter(None, notes)))

    def message(self, span: _Span, depth: int) -> Message:
        """Return the mail in *span*, which lies *depth* deep in others."""
        header = fields.read(*span)
        self._note(*header.notes)
        content_type, found = header.first("content-type"), _Found([], [])
        self._part(header, span._replace(start=header.body), depth, found)
        report = fields.parameters(content_type).get("report-type", "").lower()
        is_report = fields.kind(content_type) == "multipart/report"
        return Message(header, tuple(found.parts), tuple(found.attached), report if is_report else "")

    def _part(self, header: Header, body: _Span, depth: int, found: _Found) -> None:
        """Add to *found* what the part of *header* and *body* holds."""
        content_type = header.first("content-type")
        kind, parameters = fields.kind(content_type), fields.parameters(content_type)
        nests = kind.startswith("multipart/") or kind in _MAILS
        if self._parts == 0:
            self._note(f"only the first {MOST_PARTS} parts were read")
            return
        self._parts -= 1
        if nests and depth == DEEPEST:
            self._note(f"parts nested more than {DEEPEST} deep were not read")
        elif kind in _MAILS:
            found.attached.append(self.message(self._attached(header, body), depth + 1))
        elif nests:
            self._multipart(parameters.get("boundary", ""), body, depth, found)
        elif kind.startswith("text/") or kind in _READ:
            disposition = fields.parameters(header.first("content-disposition"))
            name = parameters.get("name", "") or disposition.get("filename", "")
            found.parts.append(Part(kind, name, self._decoded(header, body, parameters.get("charset", ""))))

    def _attached(self, header: Header, body: _Span) -> _Span:
        encoding = header.first("content-transfer-encoding").strip().lower()
        if encoding in ("base64", "quoted-printable"):
            data = decoding.transfer(body.head(len(body.data)), encoding, len(body.data)).data
            data = data.replace(b"\r\n", b"\n")
            body = _Span(data, 0, len(data))
        blank = body.start
        while body.data.startswith(b"\n", blank, body.end):
            blank += 1
        return body._replace(start=blank)

    def _multipart(self, boundary: str, body: _Span, depth: int, found: _Found) -> None:
        delimiter = b"--" + boundary.rstrip().encode("utf-8", "replace")
        before = self._parts
        for section in _sections(body, delimiter) if boundary else ():
            if self._parts == 0:  # `_part` would say so for each of millions
                self._note(f"only the first {MOST_PARTS} parts were read")
                return
            header = fields.read_part(*section)
            self._part(header, section._replace(start=header.body), depth + 1, found)
        if self._parts == before:
            self._note("the parts of a multipart mail could not be told apart; it was read as one text")
            found.parts.append(Part("text/plain", "", self._decoded(Header((), 0), body, "")))

    def _decoded(self, header: Header, body: _Span, charset: str) -> str:
        most = min(LONGEST_TEXT, self._text)
        data = body.head(3 * most + 4)
        decoded = decoding.transfer(data, header.first("content-transfer-encoding"), most)
        text, note = decoding.text(decoded.data, charset)
        self._text -= len(decoded.data)
        self._note(decoded.note, note)
        if len(decoded.data) == most and body.end - body.start > most:
            self._note("long texts were read in part")
        return text


def _sections(body: _Span, delimiter: bytes) -> Iterator[_Span]:
    """Yield what lies between the lines that are *delimiter* (RFC 2046, 5.1.1)."""
    data, begin, end = body
    start = -1
    at = begin if data.startswith(delimiter, begin, end) else _line(body, delimiter, begin)
    while at >= 0:
        stop = data.find(b"\n", at, end)
        stop = end if stop < 0 else stop
        rest = data[at + len(delimiter) : min(stop, at + len(delimiter) + 200)].strip(b" \t")
        if rest in (b"", b"--"):
            if start >= 0:
                yield _Span(data, start, max(start, at - 1))
            start = min(stop + 1, end)
            if rest:
                return
        at = _line(body, delimiter, stop)
    if start >= 0:
        yield _Span(data, start, end)


def _line(body: _Span, delimiter: bytes, start: int) -> int:
    """Return where the first line after *start* begins that begins with *delimiter*, or -1."""
    found = body.data.find(b"\n" + delimiter, start, body.end)
    return found + 1 if found >= 0 else -1

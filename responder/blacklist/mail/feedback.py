"""feedback - whom a report of others accuses: ARF (RFC 5965), X-ARF 0.2, XARF in JSON.

What a report says is a claim, however well it is made.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from responder.blacklist.mail import fields
from responder.blacklist.mail.message import Message, Part

ARF = "message/feedback-report"
_ARF_FIELDS = ("source-ip", "original-mail-from", "reported-domain", "reported-uri")
_XARF_KEYS = ("sourceip", "source_identifier", "source", "sourceuri")
_LONGEST = 65_536


class Accused(NamedTuple):
    """What a report names, as it is written there, and in which field."""

    text: str
    field: str


def is_report(message: Message) -> bool:
    """Tell whether *message* itself is a report or a bounce, so that whoever delivered it is not whom it is about."""
    return bool(message.report) or _is_xarf(message) or any(part.kind == ARF for part in message.parts)


def _is_xarf(message: Message) -> bool:
    return bool(message.header.first("x-arf") or message.header.first("x-xarf"))


def accused(message: Message) -> Iterator[Accused]:
    """Yield what the reports in *message* name."""
    xarf = _is_xarf(message)
    for part in message.parts:
        if part.kind == ARF:
            yield from _lines(part, _ARF_FIELDS)
        elif xarf and part.kind == "application/json":
            yield from _json(part)
        elif xarf and part.name.lower() == "report.txt":
            yield from _lines(part, ("source",))


def category(message: Message) -> str:
    """Return the Feedback-Type of the first report in *message* (abuse, fraud, virus, ...), or nothing."""
    for part in message.parts:
        if part.kind == ARF:
            return _header(part).first("feedback-type").lower()[:40]
    return ""


def _header(part: Part) -> fields.Header:
    data = part.text[:_LONGEST].replace("\r\n", "\n").strip("\n").encode("utf-8", "replace")
    return fields.read_part(data, 0, len(data))


def _lines(part: Part, names: tuple[str, ...]) -> Iterator[Accused]:
    for field in _header(part).fields:
        if field.name in names:
            yield Accused(field.value.strip("<>\"' "), field.name)


def _json(part: Part) -> Iterator[Accused]:
    try:
        found: Any = json.loads(part.text) if len(part.text) <= _LONGEST else {}
    except (ValueError, RecursionError):
        return
    for table in (found, found.get("Report") if isinstance(found, dict) else None):
        if isinstance(table, dict):
            for key, value in table.items():
                if key.lower() in _XARF_KEYS and isinstance(value, str):
                    yield Accused(value.strip(), key)

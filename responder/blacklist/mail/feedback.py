"""feedback - whom a report of others accuses, of what and when: ARF (RFC 5965), X-ARF 0.2, XARF in JSON.

What a report says is a claim, however well it is made.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from responder.blacklist.mail import fields
from responder.blacklist.mail.message import Message, Part

ARF = "message/feedback-report"
_ARF_FIELDS = ("source-ip", "original-mail-from", "reported-domain", "reported-uri")
_ARF_TIMES = ("arrival-date", "received-date")
_SOURCES = ("sourceip", "source_identifier", "source", "sourceuri")
_KINDS = ("report-type", "reporttype", "type", "category", "reportclass")
_TIMES = ("date", "timestamp")
_MARK = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)  # where a document of YAML begins and ends
_LONGEST = 65_536
_LONGEST_CATEGORY = 40
_LATEST = 1 << 33  # epoch seconds


class Accused(NamedTuple):
    """What a report names, as it is written there, and in which field."""

    text: str
    field: str


class Report(NamedTuple):
    """Whom a report accuses, of what (nothing: it does not say), and when that was."""

    accused: tuple[Accused, ...]
    category: str
    time: float | None


def is_report(message: Message) -> bool:
    """Tell whether *message* itself is a report or a bounce, so that whoever delivered it is not whom it is about."""
    return bool(message.report) or _is_xarf(message) or any(part.kind == ARF for part in message.parts)


def _is_xarf(message: Message) -> bool:
    return bool(message.header.first("x-arf") or message.header.first("x-xarf"))


def reports(message: Message) -> Iterator[Report]:
    """Yield the reports in *message*."""
    xarf = _is_xarf(message)
    for part in message.parts:
        if part.kind == ARF:
            yield _arf(part)
        elif xarf and part.kind == "application/json":
            yield from _json(part)
        elif xarf and part.name.lower() == "report.txt":
            yield _text(part)


def _arf(part: Part) -> Report:
    said = _said(part)
    accused = tuple(Accused(value, name) for name, value in said if name in _ARF_FIELDS)
    return Report(accused, _category(said, ("feedback-type",)), _time(said, _ARF_TIMES))


def _text(part: Part) -> Report:
    """Return a report of X-ARF 0.2; one that says which network it is about means that, not an address in it."""
    said = _said(part)
    about = "source-network" if any(name == "source-network" for name, _ in said) else "source"
    accused = tuple(Accused(value, name) for name, value in said if name == about)
    return Report(accused, _category(said, _KINDS), _time(said, _TIMES))


def _json(part: Part) -> Iterator[Report]:
    try:
        found: Any = json.loads(part.text) if len(part.text) <= _LONGEST else {}
    except (ValueError, RecursionError):
        return
    tables = (found, found.get("Report") if isinstance(found, dict) else None)
    said = [
        (key.lower(), value.strip(), key)
        for table in tables
        if isinstance(table, dict)
        for key, value in table.items()
        if isinstance(value, str)
    ]
    accused = tuple(Accused(value, key) for name, value, key in said if name in _SOURCES)
    pairs = [(name, value) for name, value, _ in said]
    yield Report(accused, _category(pairs, _KINDS), _time(pairs, _TIMES))


def _said(part: Part) -> list[tuple[str, str]]:
    """Return the fields of a report and their values, without what quotes these."""
    text = _MARK.sub("", part.text[:_LONGEST].replace("\r\n", "\n"))
    data = text.strip("\n").encode("utf-8", "replace")
    return [(field.name, field.value.strip("<>\"' ")) for field in fields.read_part(data, 0, len(data)).fields]


def _category(said: Iterable[tuple[str, str]], names: tuple[str, ...]) -> str:
    """Return what the first of *names* says that says anything, in lower case."""
    known = dict(reversed([*said]))
    found = next((known[name] for name in names if known.get(name)), "")
    return found.lower()[:_LONGEST_CATEGORY]


def _time(said: Iterable[tuple[str, str]], names: tuple[str, ...]) -> float | None:
    return next((when for name, value in said if name in names if (when := _read_time(value)) is not None), None)


def _read_time(text: str) -> float | None:
    """Return the instant that *text* is in the way of mails or in ISO 8601; without a zone it is UTC."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(text[:100])
            at = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
            continue
        return at if 0 <= at < _LATEST else None
    return None

"""alertlog - alerts.log: alerts of several lines each, as OSSEC and Wazuh write them, into Records.

    ** Alert 1786701600.1234: mail  - syslog,sshd,authentication_failed,
    2026 Aug 14 10:00:00 (mx1) 10.0.0.5->/var/log/auth.log
    label: value                                    Wazuh only, any number
    Rule: 5712 (level 10) -> 'SSHD brute force trying to get access to the system.'
    Src IP: 203.0.113.9                             these, each at most once and in this order
    Src Location: , Src Port: , Dst IP: , Dst Location: , Dst Port: , User:
    the log line, and whatever else belongs to it
    <blank line>

Only what stands between ``Rule:`` and the first line that is no such field is
believed; a field is none when nothing but fields follows, for then it is the
log line.  An alert ends at a blank line before the next, or at the end of what
was written so far.

A log line that holds line ends (of older versions; CVE-2020-8445) may imitate a
whole alert.  It cannot know the number that is due: see succession.py.

Source: OSSEC 2.8 to 4.3, analysisd/alerts/log.c; Wazuh 4.2 to 4.14, the same.

Falls short: in an alert without a source address, a log line of several lines
of which the first reads ``Src IP: ...`` is believed.
"""

import re
from collections.abc import Iterator

from responder.formats.succession import Numbered, Succession
from responder.formats.syslog import text
from responder.values import Field, Record

_BEGIN = b"** Alert "
_HEADER = re.compile(r"\*\* Alert ((\d{9,11})\.(\d{1,18})):(?: mail )? - (.*)")
_PLACE = re.compile(r"\d{4} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d (.*)")
_LABEL = re.compile(r"[^:]{1,128}: .*")
_RULE = re.compile(r"Rule: (\d{1,10}) \(level (\d{1,2})\) -> '(.*)'")
_AGENT = re.compile(r"\(([^()]{1,128})\) \S{1,64}->(.*)")
_FIELDS = ("Src IP", "Src Location", "Src Port", "Dst IP", "Dst Location", "Dst Port", "User")
_NAMES = {"Src IP": "srcip", "User": "user"}
_MOST_LABELS = 64
_LONGEST = 64 * 1024  # bytes of an alert that is waited for


def whole(data: bytes) -> int:
    """Return how many bytes of *data*, which begins with an alert, are alerts that are whole.

    One that grows beyond all measure is no alert, and not waited for.
    """
    if data.endswith(b"\n\n"):
        return len(data)
    last = data.rfind(b"\n\n" + _BEGIN) + 2
    if last > 1:
        return last
    return data.rfind(b"\n") + 1 if len(data) > _LONGEST else 0


def time_of(line: bytes) -> float | None:
    """Return when the alert that begins with *line* was given, or None where none begins."""
    found = _HEADER.match(text(line)) if line.startswith(_BEGIN) else None
    return float(found[2]) if found else None


class AlertLog:
    """Reads one alerts.log, chunk after chunk."""

    def __init__(self) -> None:
        self.unreadable = 0
        self._succession = Succession()
        self._place = 0

    @property
    def doubtful(self) -> int:
        """Return how many alerts were out of turn."""
        return self._succession.refused

    def read(self, data: bytes) -> Iterator[Record]:
        """Yield the alerts in *data*, which are whole."""
        yield from self._succession.admit(self._numbered(data))
        self._place += len(data)

    def _numbered(self, data: bytes) -> Iterator[Numbered]:
        at = len(data) - len(data.lstrip(b"\n"))  # blank lines at the end of an alert may come late
        if not data.startswith(_BEGIN, at):
            at = _next(data, 0)
        while at < len(data):
            end = _next(data, at)
            block = data[at:end]
            parsed = parse(text(block))
            if parsed:
                number, record = parsed
                yield Numbered(number, self._place + at, record)
            else:  # cut off by the next, perhaps
                self.unreadable += 1
                if inside := block.find(b"\n" + _BEGIN) + 1:
                    end = at + inside
            at = end


def _next(data: bytes, after: int) -> int:
    """Return where in *data* the next alert behind a blank line begins, or its end."""
    found = data.find(b"\n\n" + _BEGIN, after)
    return len(data) if found == -1 else found + 2


def parse(block: str) -> tuple[int, Record] | None:
    """Return the number and the content of one alert, or None where *block* is none."""
    lines = block.rstrip("\n").split("\n")
    header = _HEADER.fullmatch(lines[0])
    place = _PLACE.fullmatch(lines[1]) if len(lines) > 1 else None
    at = 2
    while at < min(len(lines), _MOST_LABELS) and not lines[at].startswith("Rule: ") and _LABEL.fullmatch(lines[at]):
        at += 1
    rule = _RULE.fullmatch(lines[at]) if at < len(lines) else None
    if not header or not place or not rule:
        return None
    fields, rest = _fields(lines[at + 1 :])
    agent = _AGENT.fullmatch(place[1])
    host, _, location = place[1].partition("->")
    known: dict[str, Field] = {
        "id": header[1],
        "rule": rule[1],
        "level": int(rule[2]),
        "groups": tuple(group for group in header[4].split(",") if group),
        "description": rule[3],
        "srcip": fields.get("srcip", ""),
        "user": fields.get("user", ""),
        "agent": agent[1] if agent else host,
        "host": agent[1] if agent else host,
        "program": "",
        "decoder": "",
        "location": agent[2] if agent else location,
    }
    return int(header[3]), Record(float(header[2]), str(known["host"]), "", "", "\n".join(rest), known)


def _fields(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the fields that *lines* begin with, and the lines after them."""
    found: dict[str, str] = {}
    at = 0
    for name in _FIELDS:
        if at < len(lines) and lines[at].startswith(f"{name}: "):
            value = lines[at].partition(": ")[2]
            if name in _NAMES and value != "(none)":
                found[_NAMES[name]] = value
            at += 1
    if not any(lines[at:]):
        return {}, lines
    return found, lines[at:]

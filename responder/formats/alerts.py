"""alerts - what OSSEC and Wazuh write about a log line, as Records, from either of their files.

    ossec-log     alerts.log, several lines an alert    alertlog.py
    ossec-json    alerts.json, one object a line        alertjson.py
    wazuh-json    the same, with Wazuh's names

A Record's message is the log line that the alert is about (full_log).  Its
fields have the same names whoever wrote them:

    id, rule, level (a number), groups (several), description, srcip, user,
    agent, host, program, decoder, location

What a peer can write stands in the message, in user and, where a decoder was
tricked, in srcip: no other field is his.
"""

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from responder.formats import alertjson, alertlog
from responder.formats.alertlog import AlertLog, whole
from responder.values import Record

AlertFormat = Literal["ossec-log", "ossec-json", "wazuh-json"]
FORMATS: tuple[AlertFormat, ...] = ("ossec-log", "ossec-json", "wazuh-json")
FIELDS = (
    "id", "rule", "level", "groups", "description", "srcip", "user", "agent", "host", "program", "decoder", "location",
)  # fmt: skip
_HEAD = "alert "
_SUBJECT = " | "


class Reader(Protocol):
    """Reads one file of alerts, chunk after chunk."""

    @property
    def unreadable(self) -> int:
        """Return how many alerts made no sense: cut off, or broken."""

    @property
    def doubtful(self) -> int:
        """Return how many alerts were out of turn, as if somebody had written them into another's log line."""

    def read(self, data: bytes) -> Iterator[Record]:
        """Yield the alerts in *data*, which are whole."""


class _JsonReader:
    doubtful = 0

    def __init__(self) -> None:
        self.unreadable = 0

    def read(self, data: bytes) -> Iterator[Record]:
        for line in data.split(b"\n"):
            if record := alertjson.parse(line):
                yield record
            elif line.strip():
                self.unreadable += 1


def cut(form: str) -> Callable[[bytes], int] | None:
    """Return what tells the entries of a file in *form* apart, or None where they are lines."""
    return whole if form == "ossec-log" else None


def time_of(line: bytes) -> float | None:
    """Return when the alert was given that *line* begins or is, or None where it does neither."""
    if line.startswith(b"{"):
        record = alertjson.parse(line)
        return record.time if record else None
    return alertlog.time_of(line)


def reader(form: str) -> Reader:
    """Return a reader of files in *form*."""
    return AlertLog() if form == "ossec-log" else _JsonReader()


def recognise(data: bytes) -> AlertFormat | None:
    """Return the format of a file that begins with *data*; None where it holds no alerts."""
    if data.startswith(b"** Alert "):
        return "ossec-log"
    return "wazuh-json" if alertjson.parse(data.partition(b"\n")[0]) else None


def evidence(record: Record) -> str:
    """Return an alert in one line: whose judgement it is, and the log line it is about."""
    fields = record.fields
    judged = f"{fields['id']}, rule {fields['rule']} (level {fields['level']}) of {fields['location']}".replace(
        "|", "/"
    )
    return f"{_HEAD}{judged}{_SUBJECT}{record.message}"


def subject(line: str) -> str | None:
    """Return the log line that an alert's `evidence` is about, or None where *line* is a log line itself."""
    if not line.startswith(_HEAD):
        return None
    return line.partition(_SUBJECT)[2].partition("\n")[0]

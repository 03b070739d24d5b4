"""alertjson - one line of alerts.json as a Record, whether OSSEC or Wazuh wrote it.

Source: OSSEC 4.3, analysisd/format/to_json.c (``rule.sidid`` and ``srcip`` at
the top); Wazuh 4.2 to 4.14, analysisd/format/to_json.c (``rule.id``,
``data.srcip``); Wazuh 5 (``source.ip``, ``user.name``).  Both give each alert
the id EPOCH.NUMBER.

A line that is cut off (Wazuh keeps 64 KiB) is no JSON any more, and None.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from responder.values import Field, Record

_ID = re.compile(r"(\d{9,11})\.\d{1,20}")
_RULE = re.compile(r"\d{1,10}")
_HIGHEST_LEVEL = 99
_LONGEST = 512  # characters of a field that is no message

# Where each field may be, the first that is there counts.
_PLACES: dict[str, tuple[tuple[str, ...], ...]] = {
    "description": (("rule", "comment"), ("rule", "description")),
    "srcip": (
        ("srcip",),
        ("data", "srcip"),
        ("data", "win", "eventdata", "ipAddress"),
        ("source", "ip"),
    ),
    "user": (("dstuser",), ("data", "dstuser"), ("srcuser",), ("data", "srcuser"), ("user", "name")),
    "agent": (("agent_name",), ("agent", "name")),
    "host": (("hostname",), ("predecoder", "hostname"), ("host", "name")),
    "program": (("program_name",), ("predecoder", "program_name"), ("process", "name")),
    "decoder": (("decoder",), ("decoder_desc", "name"), ("decoder", "name")),
    "location": (("location",), ("logfile",)),
}


def parse(line: bytes) -> Record | None:
    """Return the alert in *line*, or None where it is none."""
    try:
        found = json.loads(line.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    rule = found.get("rule") if isinstance(found, dict) else None
    if not isinstance(rule, dict):
        return None
    number, level, time = _rule_id(rule), rule.get("level"), _time(found)
    if number is None or time is None or type(level) is not int or not 0 <= level <= _HIGHEST_LEVEL:
        return None
    fields: dict[str, Field] = {name: _text(found, places) for name, places in _PLACES.items()}
    fields |= {"id": _text(found, (("id",),)), "rule": number, "level": level, "groups": _groups(rule)}
    message = found.get("full_log")
    host, program = str(fields["host"]), str(fields["program"])
    return Record(time, host, program, "", message if isinstance(message, str) else "", fields)


def _rule_id(rule: dict[str, Any]) -> str | None:
    number = rule.get("sidid", rule.get("id"))
    text = str(number) if type(number) in (int, str) else ""
    return text if _RULE.fullmatch(text) else None


def _groups(rule: dict[str, Any]) -> tuple[str, ...]:
    groups = rule.get("groups")
    if not isinstance(groups, list):
        groups = str(rule.get("group", "")).split(",")
    return tuple(group for group in groups if isinstance(group, str) and group)


def _time(found: dict[str, Any]) -> float | None:
    """Return when the alert was given, in UTC epoch seconds."""
    if numbered := _ID.fullmatch(_text(found, (("id",),))):
        return float(numbered[1])
    try:
        moment = datetime.fromisoformat(_text(found, (("timestamp",), ("@timestamp",))))
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _text(found: dict[str, Any], places: Iterable[tuple[str, ...]]) -> str:
    """Return the text at the first of *places* that has one; OSSEC writes ``(none)`` for nothing."""
    for place in places:
        value: Any = found
        for step in place:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and value not in ("", "(none)", "-"):
            return value[:_LONGEST]
    return ""

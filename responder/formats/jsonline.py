"""jsonline - one JSON object a line, as Caddy, Traefik, Nextcloud and others log, as a Record.

Objects inside objects become fields with dots in their names: ``request.remote_ip``.
Numbers, true and false are fields too; of a list of texts each is a value.  What
is bounded: eight levels, 4,096 characters of a text.  How many fields there are
is not: a client that sends a thousand headers must not push out those behind
them, and a line has an end (sources/chunk.py).

The message is the line itself.  Which program it is is known from the source.
"""

import json
from collections.abc import Iterator
from typing import Any

from responder.formats.stamps import Stamps
from responder.formats.syslog import text
from responder.values import Field, Record

_TIMES = ("ts", "time", "timestamp", "@timestamp", "StartUTC", "datetime", "t")
_DEEPEST, _LONGEST = 8, 4096
_MILLISECONDS, _LATEST = 1e11, 1e14  # numbers from which on a time is in milliseconds, and none


def read(line: bytes, program: str, stamps: Stamps) -> Record | None:
    """Return the record that *line* is, or None where it is no JSON object."""
    try:
        found = json.loads(text(line), strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    fields: dict[str, Field] = {}
    for name, value in _flat(found, "", 0):
        fields.setdefault(name, value)
    return Record(_time(found, stamps), "", program, "", text(line), fields)


def _flat(found: dict[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Field]]:
    for key, value in found.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            if depth < _DEEPEST:
                yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, str):
            yield name, value[:_LONGEST]
        elif isinstance(value, bool):
            yield name, str(value).lower()
        elif isinstance(value, int):
            yield name, value
        elif isinstance(value, float):
            yield name, repr(value)
        elif isinstance(value, list):
            yield name, tuple(one[:_LONGEST] for one in value if isinstance(one, str))


def _time(found: dict[str, Any], stamps: Stamps) -> float:
    """Return when it was, in UTC epoch seconds; as *stamps* do where it does not say."""
    for name in _TIMES:
        value = found.get(name)
        if isinstance(value, str) and value[:4].isdecimal():
            return stamps.read(value.replace(" ", "T", 1).encode(errors="replace"))
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < _LATEST:
            return value / 1000 if value > _MILLISECONDS else float(value)
    return stamps.read(b"")

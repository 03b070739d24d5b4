"""head - what stands at the top of a file: when it was made, its serial number, and what the format was told.

The stamp is the only text in a file that may differ while the list is the same;
it tells the serial number to whoever writes the next one.

Serial numbers are those of DNS (RFC 1982): 32 bits, compared around the circle.
`next_serial` never goes back, whatever the clock does.
"""

import re
from typing import NamedTuple

from responder.settings.export import ExportOptions
from responder.times import format_time, parse_time

_STAMP = re.compile(rb"responder blacklist, made (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ), serial (\d{1,10})\b")
_CIRCLE = 1 << 32


class Head(NamedTuple):
    """When (epoch seconds), which serial number, and the options."""

    made: float
    serial: int
    options: ExportOptions

    @property
    def stamp(self) -> str:
        """Return the line that tells when this was made; comment marks are the format's."""
        return f"responder blacklist, made {format_time(self.made)}, serial {self.serial}"


def read_stamp(start: bytes) -> tuple[float, int] | None:
    """Return when a file was made and its serial number, from its first bytes; None for what is none of ours."""
    found = _STAMP.search(start)
    return (parse_time(found[1].decode()), int(found[2]) % _CIRCLE) if found else None


def next_serial(last: int, now: float, style: str) -> int:
    """Return a serial number after *last* (0: there was none), of today's date or *now* where that is greater."""
    proposed = int(format_time(now)[:10].replace("-", "")) * 100 if style == "date" else int(now) % _CIRCLE
    ahead = (proposed - last) % _CIRCLE
    following = proposed if not last or 0 < ahead < _CIRCLE // 2 else (last + 1) % _CIRCLE
    return following or 1  # 0 means something else to rbldnsd

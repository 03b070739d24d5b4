"""times - durations as people write them, instants as people read them.

Inside, a duration is a number of seconds and an instant is UTC epoch seconds.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
_LONGEST = 36525 * DAY  # a hundred years: what begins today ends in a year that calendars can write
_UNITS = {"s": 1.0, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_DURATION = re.compile(r"(?:\d{1,9}[smhdw])+", re.ASCII)
_PART = re.compile(r"(\d+)([smhdw])", re.ASCII)


def parse_duration(text: str) -> float:
    """Return the seconds meant by *text*: ``90s``, ``10m``, ``1h``, ``7d``, ``1h30m``.

    Raises ValueError, with what would be right, for anything else, for zero and for more than a hundred years.
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is no duration; write 90s, 10m, 1h, 7d or 1h30m")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if not seconds:
        raise ValueError(f"{text!r} is no time at all; write a duration longer than nothing")
    if seconds > _LONGEST:
        raise ValueError(f"{text!r} is more than a hundred years; write 36500d or less")
    return seconds


@lru_cache(maxsize=4096)
def format_duration(seconds: float) -> str:
    """Return *seconds* in the form that `parse_duration` reads, rounded to a second."""
    left = round(abs(seconds))
    text = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return ("-" if seconds < 0 and text else "") + (text or "0s")


def format_time(at: float) -> str:
    """Return *at* (epoch seconds) as ISO 8601 in UTC, to the second."""
    day, second = divmod(int(at), 86400)
    return f"{_date(day)}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * 86400, UTC).strftime("%Y-%m-%d")


def parse_time(text: str) -> float:
    """Return the instant that `format_time` wrote, as epoch seconds; raises ValueError for anything else."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()

"""limits - how much in how long, as people write it: ``20 messages per 1m``, ``200 MB per 1d``.

An Allowance is what somebody may send: within all of several limits, as much as
he likes (``unlimited``), or nothing (``blocked``).  Sizes are decimal: a MB is
1,000,000 bytes.  Pure.
"""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from responder.times import DAY, format_duration, parse_duration

What = Literal["messages", "recipients", "bytes"]

_LONGEST = 400 * DAY
_MOST = 10**15 - 1
_SIZES = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SPANS = {"second": "1s", "minute": "1m", "hour": "1h", "day": "1d", "week": "7d"}
_COUNT = re.compile(r"(\d{1,15}) (message|recipient)s? per (\S{1,40})", re.ASCII)
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,3})?) ?(B|[kK]B|MB|GB|TB) per (\S{1,40})", re.ASCII)
_EXAMPLES = 'write "20 messages per 1m", "500 recipients per 1d" or "200 MB per 1d"'


class Limit(NamedTuple):
    """At most *most* of *what* within any *within* seconds."""

    most: int
    what: What
    within: float

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Return the limit that *text* is; raises ValueError, with what would be right, for anything else."""
        words = " ".join(text.split())
        if found := _COUNT.fullmatch(words):
            what: What = "messages" if found[2] == "message" else "recipients"
            return cls._sound(int(found[1]), what, found[3], text)
        if found := _SIZE.fullmatch(words):
            whole, _, thousandths = found[1].partition(".")
            octets = int(whole + thousandths.ljust(3, "0")) * _SIZES[found[2]] // 1000
            return cls._sound(octets, "bytes", found[3], text)
        raise ValueError(f"{text!r} is no limit; {_EXAMPLES}")

    @classmethod
    def _sound(cls, most: int, what: What, span: str, text: str) -> "Limit":
        within = parse_duration(_SPANS.get(span, span))
        if within > _LONGEST:
            raise ValueError(f"{text!r} looks back too far; at most 400d")
        if not 0 < most <= _MOST:
            raise ValueError(f'{text!r} allows nothing, or everything; write "blocked" or "unlimited" for that')
        return cls(most, what, within)

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        amount = f"{self.most} {self.what if self.most != 1 else self.what.removesuffix('s')}"
        return f"{size(self.most) if self.what == 'bytes' else amount} per {format_duration(self.within)}"


def size(octets: int) -> str:
    """Return so many bytes in the largest unit that says it exactly to three digits after the point."""
    for unit in ("TB", "GB", "MB", "kB"):
        if octets >= _SIZES[unit] and octets * 1000 % _SIZES[unit] == 0:
            whole, thousandths = divmod(octets * 1000 // _SIZES[unit], 1000)
            return f"{whole}.{thousandths:03}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{octets} B"


class Allowance(NamedTuple):
    """What somebody may send.  *limits* are empty unless *kind* is ``limited``."""

    kind: Literal["limited", "unlimited", "blocked"]
    limits: tuple[Limit, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Allowance":
        """Return the allowance that *texts* are together; raises ValueError for what is none."""
        listed = [text.strip() for text in texts]
        for kind in (UNLIMITED, BLOCKED):
            if kind.kind in listed:
                if len(listed) > 1:
                    raise ValueError(f'"{kind.kind}" and limits do not go together; write one or the other')
                return kind
        limits = tuple(Limit.parse(text) for text in listed)
        if not limits:
            raise ValueError(f'no limits; {_EXAMPLES}, or "unlimited", or "blocked"')
        if len({limit[1:] for limit in limits}) < len(limits):
            raise ValueError("two limits of one kind over one span; leave the larger one out")
        return cls("limited", limits)

    def texts(self) -> list[str]:
        """Return what `parse` reads."""
        return [str(limit) for limit in self.limits] or [self.kind]


UNLIMITED, BLOCKED = Allowance("unlimited"), Allowance("blocked")

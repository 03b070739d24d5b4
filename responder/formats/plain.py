"""plain - lines of a program's own log: a time stamp, and the rest is the message.

    2026-11-25 10:00:00.123 +0100 message     also 2026/11/25, with T, in brackets, with UTC or another name
    Wed Nov 25 10:00:00 2026 message          ctime(3), also in brackets and with a fraction
    25-Nov-2026 10:00:00.123 message          BIND
    [Nov 25 10:00:00] message                 Asterisk
    time="2026-11-25T10:00:00Z" message       logfmt, where the time comes first

Which program it is the line does not say; that is known from the source.  The
name of a zone other than UTC or GMT (CEST, MSK) is not read: the source says whose clock it is.
"""

import re

from responder.formats.stamps import MONTHS
from responder.formats.syslog import Header

_TIME = rb"(\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?"
_ZONE = rb"(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d)(?![A-Za-z])| (?:(?!POST|LIST|TEST|HOST|LAST)[A-Z]{1,2}[SD]?T|MSK|WIB)(?= ))?"
_ISO = re.compile(rb'(?:\[|(?:t|ts|time)="?)?(\d{4})[-/](\d\d)[-/](\d\d)[ T]' + _TIME + _ZONE + rb'[\]"]?')
_CTIME = re.compile(rb"\[?[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) " + _TIME + rb" (\d{4})\]?")
_NAMED = re.compile(rb"\[?(\d\d)-([A-Z][a-z]{2})-(\d{4}) " + _TIME + rb"\]?")
_BSD = re.compile(rb"\[([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)(?:\.\d{1,6})?\]")


def header(line: bytes) -> Header | None:
    """Return the stamp of *line*, as `Stamps` reads it, and where its message begins; None where it has none."""
    found = _iso(line) or _ctime(line) or _named(line) or _bsd(line)
    if found is None:
        return None
    stamp, end = found
    return Header(stamp, b"", b"", b"", end + (line[end : end + 1] == b" "))


def iso(year: bytes, month: bytes, day: bytes, time: bytes, zone: bytes = b"") -> bytes:
    """Return a stamp in the form of ISO 8601, of a *month* that has its English name."""
    return b"%b-%02d-%bT%b%b" % (year, MONTHS[month], day, time, zone)


def _iso(line: bytes) -> tuple[bytes, int] | None:
    found = _ISO.match(line)
    if found is None:
        return None
    year, month, day, time, zone = found.groups()
    zone = b"Z" if zone in (b"UTC", b"GMT") else zone or b""
    return b"%b-%b-%bT%b%b" % (year, month, day, time, zone), found.end()


def _ctime(line: bytes) -> tuple[bytes, int] | None:
    found = _CTIME.match(line)
    if found is None or found[1] not in MONTHS:
        return None
    month, day, time, year = found.groups()
    return iso(year, month, day.replace(b" ", b"0"), time), found.end()


def _named(line: bytes) -> tuple[bytes, int] | None:
    found = _NAMED.match(line)
    if found is None or found[2] not in MONTHS:
        return None
    day, month, year, time = found.groups()
    return iso(year, month, day, time), found.end()


def _bsd(line: bytes) -> tuple[bytes, int] | None:
    found = _BSD.match(line)
    return (found[1], found.end()) if found else None

r"""uniform - what comes without lines of its own, as lines of a syslog.

An entry of the journal or a message from the network may hold line ends and
whatever else somebody put there.  Here it becomes one line in the form that
syslog.py reads, and stays one:

    2026-11-25T10:00:00.123456Z mx sshd[311]: first#012second

Control characters are shown as # and three octal digits, as rsyslog does; a
message of more than LONGEST bytes is cut and marked, so that what ends it is
never what somebody chose.  Names that could be taken for more than a name
have a question mark for each such character.

Pure.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

LONGEST = 16 * 1024
MARK = b" [...]"
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NO_NAME = re.compile(rb"[\x00-\x20\x7f:\[\]]")
_NO_HOST = re.compile(rb"[\x00-\x20\x7f]")


def line(stamp: bytes, host: bytes, program: bytes, pid: bytes, message: bytes) -> bytes:
    """Return the line, with its end, that says all this."""
    tag = b"%b[%b]" % (_name(program), _name(pid)[:32]) if pid else _name(program)
    return b"%b %b %b: %b\n" % (stamp, _host(host), tag, visible(message))


def visible(message: bytes) -> bytes:
    """Return *message* as one line, without its end."""
    if len(message) > LONGEST:
        message = message[:LONGEST] + MARK
    return _CONTROL.sub(_octal, message) if _CONTROL.search(message) else message


def stamp(microseconds: int) -> bytes:
    """Return the instant that many *microseconds* after the epoch, as ISO 8601 in UTC."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    return b"%b.%06dZ" % (_second(seconds), fraction)


@lru_cache(maxsize=1024)
def _second(seconds: int) -> bytes:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
    except (ValueError, OverflowError, OSError):
        return b"1970-01-01T00:00:00"


@lru_cache(maxsize=4096)
def _name(raw: bytes) -> bytes:
    return _NO_NAME.sub(b"?", raw[:128]) or b"-"


@lru_cache(maxsize=1024)
def _host(raw: bytes) -> bytes:
    return _NO_HOST.sub(b"?", raw[:255]) or b"-"


def _octal(control: "re.Match[bytes]") -> bytes:
    return b"#%03o" % control[0][0]

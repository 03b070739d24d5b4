"""syslog - lines as syslog daemons write them, into Records.

Three shapes, each with or without ``<PRI>`` before it:

    Nov 23 13:46:37 mx postfix/smtpd[311]: message          RFC 3164, Postfix maillog_file,
                                                            journalctl (with a fraction, too)
    2026-11-23T13:46:37.12+01:00 mx postfix/smtpd[311]: message    rsyslog, syslog-ng
    1 2026-11-23T13:46:37Z mx postfix/smtpd 311 - - message        RFC 5424 (with PRI)

Only the header is read here, and it ends at the first ``tag: ``: nothing in
the message can move that, whoever wrote it.
"""

import re
from functools import partial
from typing import NamedTuple

from responder.formats.stamps import Stamps
from responder.values import Record

ISO = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
STRUCTURED = rb'(?:-|(?:\[[^\s=\]"]{1,32}(?: [^\s=\]"]{1,32}="(?:[^"\\\]]|\\.)*")*\])+)'
_STAMP = rb"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|" + ISO + rb")(?:\.\d{1,9})? "
_HOST, _PID = rb"\S{1,255}", rb"[^\]\s]{1,32}"
LONGEST_PROGRAM = 128
_HEADER = re.compile(
    _STAMP + rb"(%b) ([^\s:\[]{1,%d})(?:\[(%b)\])?:(?: |$)" % (_HOST, LONGEST_PROGRAM, _PID),
)
_HEADER_5424 = re.compile(
    rb"<\d{1,3}>1 ("
    + ISO
    + rb") (\S{1,255}) (\S{1,48}) (\S{1,128}) \S{1,32} "
    + STRUCTURED
    + rb"(?: (?:\xef\xbb\xbf)? ?|$)"  # rsyslog puts the space of the old format before its text
)


HOST_AND_STAMP = _STAMP + _HOST + b" "
"""What stands before the program in the first two shapes, as an expression; its one group is the stamp."""
PID_AND_END = rb"(?:\[%b\])?:(?: |$)" % _PID
"""What stands between a program's name and the message."""


class Header(NamedTuple):
    """What stands before a message, still as bytes; *message* is where the message begins."""

    stamp: bytes
    host: bytes
    program: bytes
    pid: bytes
    message: int


_made = partial(tuple.__new__, Header)  # in a third of the time that calling Header takes


def header(line: bytes) -> Header | None:
    """Return the header of *line* (one line, no line end), or None where it has none of the shapes."""
    found = _HEADER.match(line) or _HEADER_5424.match(line)
    if found is None:
        return None
    stamp, host, program, pid = found.groups()
    return _made((stamp, host, program, pid or b"", found.end()))


def read(line: bytes, stamps: Stamps) -> Record | None:
    """Return the record that *line* is, or None where it has none of the shapes."""
    head = header(line)
    if head is None:
        return None
    return Record(
        stamps.read(head.stamp), text(head.host), text(head.program), text(head.pid), text(line[head.message :])
    )


def text(raw: bytes) -> str:
    """Return *raw* as text; what is no UTF-8 becomes U+FFFD, a carriage return at the end goes."""
    return raw.removesuffix(b"\r").decode("utf-8", "replace")

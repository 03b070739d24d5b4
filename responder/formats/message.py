r"""message - a syslog message as it comes over the wire, RFC 3164 or RFC 5424, taken apart.

    <38>Nov 25 10:00:00 mx sshd[311]: text                 RFC 3164
    <38>Nov 25 10:00:00 sshd[311]: text                    as programs of a host write to its own syslog
    <38>1 2026-11-25T10:00:00Z mx sshd 311 - - text        RFC 5424; a hyphen is nothing
    <38>sshd[311]: text                                    without a time

A word with a colon behind it is the program, wherever it stands first, so that
no word of the text is taken for it.  What has none of these shapes is all text.

Pure; any bytes will do.
"""

import re
from typing import NamedTuple

from responder.formats.syslog import ISO, STRUCTURED

_TAG = rb"([^\s:\[\]]{1,128})(?:\[([^\]\s]{1,32})\])?:(?: |$)"
_STAMP = re.compile(rb"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|" + ISO + rb")(?:\.\d{1,9})? ")
_PRIORITY = re.compile(rb"<\d{1,3}>")
_OWN = re.compile(_TAG)
_FROM = re.compile(rb"([^\s\[]{0,254}[^\s:\[]) " + _TAG)
_5424 = re.compile(
    rb"<\d{1,3}>1 (-|"
    + ISO
    + rb") (\S{1,255}) (\S{1,48}) (\S{1,128}) \S{1,32} "
    + STRUCTURED
    + rb"(?: (?:\xef\xbb\xbf)? ?|$)"  # rsyslog puts the space of the old format before its text
)


class Message(NamedTuple):
    """What a message says; what it does not say is empty."""

    stamp: bytes
    host: bytes
    program: bytes
    pid: bytes
    text: bytes


def read(data: bytes) -> Message:
    """Return what *data* says."""
    data = data.rstrip(b"\r\n\0")
    if found := _5424.match(data):
        stamp, host, program, pid = (b"" if one == b"-" else one for one in found.groups())
        return Message(stamp, host, program, pid, data[found.end() :])
    at = found.end() if (found := _PRIORITY.match(data)) else 0
    stamp = b""
    if found := _STAMP.match(data, at):
        stamp, at = found[1], found.end()
    if found := _OWN.match(data, at):
        return Message(stamp, b"", found[1], found[2] or b"", data[found.end() :])
    if stamp and (found := _FROM.match(data, at)):
        return Message(stamp, found[1], found[2], found[3] or b"", data[found.end() :])
    return Message(stamp, b"", b"", b"", data[at:])

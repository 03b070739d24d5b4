"""lines - the formats whose entries are lines of words, by name.

syslog       a header that names host and program            syslog.py
plain        a time stamp; the source says which program     plain.py
access-log   a web server's; the message is the whole line   accesslog.py
"""

from collections.abc import Callable

from responder.formats import accesslog, plain, syslog
from responder.formats.syslog import Header

HEADERS: dict[str, Callable[[bytes], Header | None]] = {
    "syslog": syslog.header,
    "plain": plain.header,
    "access-log": accesslog.header,
}
"""Each reads what stands before the message of a line, or returns None where the line has another form."""

NAMELESS = ("plain", "access-log", "json")
"""Formats whose entries do not say which program wrote them."""

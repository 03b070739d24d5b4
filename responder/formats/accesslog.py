"""accesslog - lines of a web server's access log: the message is the whole line.

    203.0.113.80 - alice [25/Nov/2026:10:00:06 +0000] "GET / HTTP/1.1" 404 162 ...
    203.0.113.80 - - [25/11/2026:10:00:06 +0000] "GET / HTTP/1.1" 404 162            Proxmox

The user's name is the client's to choose, brackets and all.  Both Apache and
nginx escape quotation marks in it, so the time is what stands in the last
brackets before the first quotation mark that is none of his.

Source: Apache 2.4, LogFormat ``common`` and ``combined``; nginx 1.26, log_format
``combined`` (src/http/modules/ngx_http_log_module.c); Proxmox, pve-http-server
(src/PVE/APIServer/AnyEvent.pm, log_request).
"""

import re

from responder.formats.plain import iso
from responder.formats.stamps import MONTHS
from responder.formats.syslog import Header

_LINE = re.compile(rb'(?:[^"\\]|\\.)*\[(\d\d)/([A-Z][a-z]{2}|\d\d)/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\] "')


def header(line: bytes) -> Header | None:
    """Return the stamp of *line*; its message is all of it.  None where it has no such time."""
    found = _LINE.match(line)
    if found is None:
        return None
    day, month, year, time, zone = found.groups()
    if month.isdigit():
        return Header(b"%b-%b-%bT%b%b" % (year, month, day, time, zone), b"", b"", b"", 0)
    return Header(iso(year, month, day, time, zone), b"", b"", b"", 0) if month in MONTHS else None

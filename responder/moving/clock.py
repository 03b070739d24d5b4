"""clock - whether times as a filter of fail2ban's expects them are read by our formats.

Pure.
"""

import re
from datetime import UTC, datetime

from responder.formats import plain, syslog

_OWN = re.compile(r"\{(?:\^LN-BEG|UNB|\^)\}|^\^|^\s+|\s+$")
_ANY = ("", "{DATE}", "{DEFAULT}", "ISO8601")
_DIRECTIVES = re.compile(r"%(?:Ex|Ey|[a-zA-Z])")
_MOMENT = datetime(2026, 11, 25, 10, 0, 0, tzinfo=UTC)


def problem(datepattern: str) -> str:
    """Return why lines of which fail2ban finds the time by *datepattern* cannot be read; nothing where they can."""
    ways = [_OWN.sub("", line) for line in datepattern.split("\n")]
    if any(way in _ANY or "{DATE}" in way or "{DEFAULT}" in way for way in ways):
        return ""
    shown = [_shown(way) for way in ways]
    if any(text and (plain.header(text) or syslog.header(text + b"mx app: x")) for text in shown):
        return ""
    return f"its times, by datepattern {ways[0]!r}, are of no form that our formats read"


def _shown(way: str) -> bytes:
    """Return a time as *way* describes it, or nothing where that is more than directives and plain text."""
    text = re.sub(r"\\([\[\]./()-])", r"\1", _DIRECTIVES.sub(lambda found: "\0" + found[0][1:], way))
    if re.search(r"[\\*+?{}()|^$]", text):
        return b""
    return re.sub(r"\0(E[xy]|[a-zA-Z])", lambda found: _MOMENT.strftime(f"%{found[1][-1]}"), text).encode() + b" "

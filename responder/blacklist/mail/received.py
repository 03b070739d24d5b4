"""received - a Received field as the Hop it tells of: who gave the mail to whom (RFC 5321, 4.4).

Each server writes it in its own way, and a part of it is what the client said
of itself (HELO).  So each form is matched from the start of the field, with the
address where that server writes it and nowhere else, in text that the client
cannot write:

    Postfix, sendmail  from HELO (RDNS [ADDRESS]) by ...    and Gmail; RDNS with a dot at its end
    Exim               from RDNS ([ADDRESS] helo=HELO) by ...
                       from [ADDRESS] (helo=HELO) by ...
    qmail              from RDNS (HELO HELO) (IDENT@ADDRESS) by ...
    Exchange           from HELO (ADDRESS) by HOST (ADDRESS) with ...
    Dovecot, Cyrus     from HOST by ...                      over a local socket

A field that fits none, or has a second address before its "by", gives a Hop
without an address: nobody is blamed on a guess.

Falls short: a server that writes HELO with blanks and parentheses as it came can be lied into a wrong address.
"""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from responder.values import Prefix, parse_address

Way = Literal["network", "local", "queue", "program", "unclear"]
"""How the mail came: from another host, over a local socket (LMTP), from the same server's other part (qmail), from a
program there, or not to be told."""

_LONGEST = 2_000
_ADDRESS = r"(?:IPv6:)?(?P<address>[0-9A-Fa-f:.]{2,45})(?:%[A-Za-z0-9]{1,15})?"
_WORD = r"[^\s()]{1,255}"
_NAME = r"[^\s()\[\]]{1,255}"
_IDENT = r"(?:[^\s()\[\]]{0,255}@)?"
_EXIM = rf"(?:(?:port=[0-9]{{1,5}})? ?(?:helo=(?P<helo>{_WORD}))? ?(?:ident=[^()]{{1,255}})?)"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"from (?P<rdns>{_NAME}) \(HELO (?P<helo>[^\s()]{{0,255}})\) \({_IDENT}{_ADDRESS}\)",
        rf"from (?P<helo>{_WORD}) \({_IDENT}(?:(?P<rdns>{_NAME}) )?\[{_ADDRESS}\](?: \(may be forged\))?\)",
        rf"from (?P<rdns>{_NAME}) \(\[{_ADDRESS}\](?::[0-9]{{1,5}})? {_EXIM}\)",
        rf"from \[{_ADDRESS}\](?::[0-9]{{1,5}})? \({_EXIM}\)",
        rf"from \[{_ADDRESS}\](?= by )",
        rf"from (?P<helo>{_WORD}) \({_IDENT}{_ADDRESS}\)",
        rf"from (?P<helo>{_WORD}) \(\[{_ADDRESS}\]\)",
    )
)
_SOCKET = re.compile(rf"from (?P<helo>{_WORD})(?: \(\[?(?:unix socket|local)\]?\))?(?= by )", re.IGNORECASE)
_QUEUE = re.compile(r"\(qmail [0-9]{1,10} invoked (?:from network|by alias)\)")
_PROGRAM = re.compile(r"by |\(from |\(qmail |from [^\s()]{1,255} by .{1,300} with local ")
_BY = re.compile(r"(?:^| )by (?P<by>[^\s();]{1,255})(?: \((?P<note>[^()]{0,255})\))?")
_WITH = re.compile(r" with (Microsoft SMTP Server|[A-Za-z0-9-]{1,30})\b")
_INSIDE = re.compile(r"\[?(?:IPv6:)?([0-9A-Fa-f:.]{2,45})\]?")
_FAR = 600


class Hop(NamedTuple):
    """One Received field: *by* whom, from which *address* the client connected, and what it called itself (*helo*).

    *address* is None where the field tells none that can be relied on; *time*
    is epoch seconds, or None; *line* is the field.
    """

    way: Way
    by: str
    by_address: Prefix | None
    address: Prefix | None
    helo: str
    rdns: str
    protocol: str
    time: float | None
    line: str


def read(value: str) -> Hop:
    """Return the hop that the Received field *value* tells of."""
    line = " ".join(value[:_LONGEST].split())
    found = next((match for form in _FORMS if (match := form.match(line))), None) or _SOCKET.match(line)
    named = found.groupdict() if found else {}
    start = found.end() if found else 0
    by = None if line.startswith("(qmail ") else _BY.search(line, start, start + _FAR)
    rest = by.end() if by else start
    protocol = _WITH.search(line, rest, rest + _FAR)
    address = parse_address(named.get("address") or "")
    if by is None or (address and _another(line[start : by.start()])):
        address = None
    return Hop(
        "network" if address else _way(line, protocol[1] if protocol else ""),
        by["by"].rstrip(".").lower() if by else "",
        parse_address((by["note"] or "").strip("[]")) if by else None,
        address,
        named.get("helo") or "",
        (named.get("rdns") or "").rstrip(".").lower(),
        protocol[1] if protocol else "",
        _time(value),
        line,
    )


def _way(line: str, protocol: str) -> Way:
    """Return how a mail came that came from no address."""
    if _QUEUE.match(line):
        return "queue"
    if _PROGRAM.match(line):
        return "program"
    return "local" if _SOCKET.match(line) and protocol.upper().startswith("LMTP") else "unclear"


def _another(between: str) -> bool:
    """Tell whether an address stands *between* the one that was read and "by"."""
    return any(parse_address(text) for text in _INSIDE.findall(between))


def _time(value: str) -> float | None:
    """Return when it was, which the text after the last semicolon says."""
    try:
        when = parsedate_to_datetime(value.rpartition(";")[2].strip()[:100])
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None

"""keys - whom a request counts against.

A key is one of

    sasl-user       who logged in
    sender          the envelope sender
    sender-domain   its domain; "@" for all senders that have none
    client          the client's address, of IPv6 the /64
    network         the client's /24, or /48
    global          everybody together
    attribute:NAME  any attribute of the request

or several joined by ``+`` (counted for each combination), or alternatives
separated by ``|``, of which the first that the request has is taken.  Names are
compared in one form: lower case, domains in ASCII (IDNA), control characters and
broken UTF-8 spelt out, and no longer than LONGEST.  Pure.

Falls short: user+tag@domain is somebody else than user@domain.  Count domains,
or SASL users, where that matters.
"""

import unicodedata
from collections.abc import Callable
from functools import partial
from hashlib import sha256

import idna

from responder.quota.request import Request
from responder.values import Prefix, parse_address

Key = Callable[[Request], str | None]

LONGEST = 254
_KEPT = 200  # of a longer one, before its digest
NOBODY = "@"
_RANKS = {"sasl-user": 4, "sender": 4, "sender-domain": 3, "client": 3, "network": 2, "global": 1}


def plain(raw: bytes) -> str:
    """Return an attribute's value as it is counted under."""
    text = raw.decode("utf-8", "backslashreplace").lower()
    if not raw.isascii():
        text = unicodedata.normalize("NFKC", text.casefold())
    if not text.isprintable():
        text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    if len(text) > LONGEST:
        text = f"{text[:_KEPT]}~{sha256(raw).hexdigest()[:32]}"
    return text


def _domain(text: str) -> str:
    name = text.rpartition("@")[2].rstrip(".") if "@" in text else ""
    if name and not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return name
    return name or NOBODY


def mailbox(raw: bytes) -> str:
    """Return the form of a sender that is counted."""
    text = plain(raw)
    local, at, _ = text.rpartition("@")
    return f"{local}@{_domain(text)}" if at else text


def canonical(text: str) -> str:
    """Return a key that an administrator wrote in the form in which it is counted."""
    text = text.strip()
    try:
        prefix = Prefix.parse(text)
    except ValueError:
        if "@" in text.removeprefix("@"):
            return mailbox(text.encode())
        name = plain(text.removeprefix("@").encode())
        return name if name.isascii() else _domain(f"@{name}")
    return str(prefix.widen(32, 64))


def _attribute(name: bytes, request: Request) -> str | None:
    raw = request.get(name)
    return plain(raw) if raw else None


def sender(request: Request) -> str | None:
    """Return the sender, or None for the null sender."""
    raw = request.get(b"sender")
    return mailbox(raw) if raw else None


def sender_domain(request: Request) -> str | None:
    """Return the sender's domain, or None for the null sender."""
    raw = request.get(b"sender")
    return _domain(plain(raw)) if raw else None


def _client(bits_v4: int, bits_v6: int, request: Request) -> str | None:
    address = parse_address(request.get(b"client_address", b"").decode("ascii", "replace"))
    return str(address.widen(bits_v4, bits_v6)) if address else None


sasl_user: Key = partial(_attribute, b"sasl_username")
client: Key = partial(_client, 32, 64)
_PARTS: dict[str, Key] = {
    "sasl-user": sasl_user,
    "sender": sender,
    "sender-domain": sender_domain,
    "client": client,
    "network": partial(_client, 24, 48),
    "global": lambda _request: "*",
}


def identities(request: Request) -> set[str | None]:
    """Return all names that somebody who is to be kept from sending may be known by."""
    return {sasl_user(request), sender(request), sender_domain(request), client(request)}


def compiled(text: str) -> Key:
    """Return what finds the key that *text* describes, which the settings have checked."""
    alternatives = [_together([_part(part.strip()) for part in one.split("+")]) for one in text.split("|")]
    return alternatives[0] if len(alternatives) == 1 else partial(_first, alternatives)


def specificity(text: str) -> int:
    """Return how narrowly the key that *text* describes names somebody."""
    return max(sum(_RANKS.get(part.strip(), 4) for part in one.split("+")) for one in text.split("|"))


def _part(text: str) -> Key:
    name = text.removeprefix("attribute:")
    return _PARTS[text] if name == text else partial(_attribute, name.encode())


def _together(parts: list[Key]) -> Key:
    return parts[0] if len(parts) == 1 else partial(_all, parts)


def _all(parts: list[Key], request: Request) -> str | None:
    found = [part(request) for part in parts]
    return None if None in found else " + ".join(map(str, found))


def _first(alternatives: list[Key], request: Request) -> str | None:
    return next((key for one in alternatives if (key := one(request)) is not None), None)

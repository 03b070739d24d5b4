"""subject - what people and programs write, as a Subject in its one canonical form.

Pure.  Equal subjects are equal values, and a canonical form reads as itself.
"""

import re
from ipaddress import IPv6Address
from urllib.parse import urlsplit

import idna

from responder.blacklist.values import Kind, Subject
from responder.values import Prefix

_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}")
_LABELS = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z][a-z0-9-]{0,61}[a-z0-9]|[a-z]{2})")
_SCHEME = re.compile(r"(https?|ftp)://", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443, "ftp": 21}
_LONGEST = 2048


def parse(text: str, kind: Kind | None = None) -> Subject:
    """Return the subject that *text* is, of *kind* where one is given.

    Raises ValueError that says what would be right.
    """
    text = text.strip()
    found = _read(text)
    if kind is not None and found.kind is not kind:
        raise ValueError(f"{text!r} is no {kind} but {_a(found.kind)}; write {_a(kind)}, or leave the kind out")
    return found


def _a(kind: Kind) -> str:
    return f"an {kind}" if kind in (Kind.ADDRESS, Kind.EMAIL) else f"a {kind}"


def _read(text: str) -> Subject:
    if len(text) > _LONGEST:
        raise ValueError(f"{text[:40]!r}... is longer than {_LONGEST} characters; shorten it")
    if _SCHEME.match(text):
        return Subject(Kind.URL, _url(text))
    if "@" in text:
        return Subject(Kind.EMAIL, _email(text))
    try:
        prefix = Prefix.parse(text)
    except ValueError:
        return Subject(Kind.DOMAIN, _domain(text))
    return Subject(Kind.ADDRESS if prefix.is_address else Kind.NETWORK, str(prefix))


def _email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if not _LOCAL.fullmatch(local):
        raise ValueError(f"{text!r} is no e-mail address; write user@example.org")
    return f"{local}@{_domain(domain)}"


def _domain(text: str) -> str:
    name = text.rstrip(".")
    try:
        name = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        name = ""
    if len(name) > 253 or not _LABELS.fullmatch(name):
        raise ValueError(
            f"{text!r} is no address, network, e-mail address, domain or URL; write one, as in example.org"
        )
    return name


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"{text!r} is no URL; write https://example.org/path") from None
    scheme = parts.scheme.lower()
    where = _host(host) + (f":{port}" if port and port != _PORTS[scheme] else "")
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{where}{parts.path or '/'}{query}"


def _host(host: str) -> str:
    try:
        prefix = Prefix.parse(host)
    except ValueError:
        return _domain(host)
    if prefix.family == 4:
        return str(prefix)
    return f"[{IPv6Address(prefix.network)}]"

"""names - domains, e-mail addresses and URLs in their one canonical form.

A domain is lower-case A-labels (IDNA 2008) without a final dot.  Of an e-mail
address only the domain is folded: what stands before the @ is its host's to
read.  A URL has a lower-case scheme, a canonical host, no user, no fragment and
no port that goes without saying.

Pure.  Falls short: a URL's path is left as it is, but for characters that no
URL has, which are written as %XX.
"""

import re
import unicodedata
from urllib.parse import SplitResult, quote, urlsplit

import idna

from responder.values import Prefix

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_TOP = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL = re.compile(r"""[^\s\x00-\x20\x7f"(),:;<>@\[\\\]]{1,64}""")
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_PORTS = {"http": 80, "https": 443, "ftp": 21}
_SAFE = "".join(map(chr, range(0x21, 0x7F)))
_LONGEST_NAME, _LONGEST_URL = 253, 2000


def domain(text: str) -> str:
    """Return the domain that *text* is; raises ValueError saying what would be right."""
    try:
        folded = idna.uts46_remap(text.strip(), std3_rules=False).removesuffix(".")
        labels = [_label(label) for label in folded.split(".")]
    except (idna.IDNAError, ValueError):
        labels = []
    name = ".".join(labels)
    if len(labels) < 2 or not _TOP.fullmatch(labels[-1]) or len(name) > _LONGEST_NAME:
        raise ValueError(f"{text!r} is no domain; write it as in example.org")
    return name


def _label(text: str) -> str:
    if not text.isascii():
        return idna.alabel(text).decode("ascii")
    if not _LABEL.fullmatch(text):
        raise ValueError(text)
    return idna.alabel(idna.ulabel(text)).decode("ascii") if text.startswith("xn--") else text


def email(text: str) -> str:
    """Return the e-mail address that *text* is; raises ValueError saying what would be right."""
    local, at, host = unicodedata.normalize("NFC", text.strip()).rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or not local.isprintable():
        raise ValueError(f"{text!r} is no e-mail address; write it bare, as in someone@example.org")
    return f"{local}@{domain(host)}"


def url(text: str) -> str:
    """Return the URL that *text* is; raises ValueError saying what would be right."""
    written = unicodedata.normalize("NFC", text.strip())
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    odd = any(char.isspace() or not char.isprintable() for char in written)
    if odd or parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{text!r} is no URL; write it whole, as in https://example.org/path")
    host = url_host(parts.hostname)
    after = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    query = f"?{parts.query}" if parts.query else ""
    made = f"{parts.scheme}://{host}{after}{_escaped(parts.path or '/')}{_escaped(query)}"
    if len(made) > _LONGEST_URL:
        raise ValueError(f"{text[:60]!r}... is longer than {_LONGEST_URL} characters; write its host or a shorter part")
    return made


def url_host(text: str) -> str:
    """Return the host of a URL as the URL has it: a domain, an IPv4 address, an IPv6 address in brackets."""
    try:
        prefix = Prefix.parse(text)
    except ValueError:
        return domain(text)
    if not prefix.is_address:
        raise ValueError(f"{text!r} is a network; a URL has one host")
    return str(prefix) if prefix.family == 4 else f"[{prefix}]"


def _escaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: found[0].upper(), quote(text, safe=_SAFE))


def host_of(value: str) -> str:
    """Return the domain that a canonical domain, e-mail address or URL belongs to; nothing where that is an address."""
    if "://" in value:
        host = urlsplit(value).hostname or ""
        return host if _TOP.fullmatch(host.rpartition(".")[2]) else ""
    return value.rpartition("@")[2]


def wider(name: str) -> list[str]:
    """Return *name* and the domains above it, the narrowest first; top-level domains are nobody's."""
    labels = name.split(".")
    return [".".join(labels[at:]) for at in range(len(labels) - 1)]

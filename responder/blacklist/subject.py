"""subject - what people and programs write, as the one Subject that it is; and what holds it.

    parse("192.0.2.7/24")            network 192.0.2.0/24: host bits are cleared
    parse("Koko@Example.ORG")        email   Koko@example.org
    parse("HTTP://example.org:80#x") url     http://example.org/

No two kinds share a form, so the value alone tells a subject from all others.

Pure.
"""

from responder.blacklist import names
from responder.blacklist.values import Kind, Subject
from responder.values import Prefix

NUMERIC = (Kind.ADDRESS, Kind.NETWORK)
CROWD_V4, CROWD_V6, CROWD_V6_WIDE = 24, 64, 48
"""The networks that are listed when enough of what is inside is: of IPv4, of IPv6, and of the latter's networks."""


def parse(text: str, kind: Kind | None = None) -> Subject:
    """Return the subject that *text* is, of any kind or of *kind*.

    Raises ValueError saying what would be right.
    """
    found = _parse(text)
    if kind is not None and found.kind is not kind:
        raise ValueError(f"{text!r} is of kind {found.kind}, not {kind}; leave the kind out, or write one of that kind")
    return found


def _parse(text: str) -> Subject:
    if "://" in text:
        return Subject(Kind.URL, names.url(text))
    if "@" in text:
        return Subject(Kind.EMAIL, names.email(text))
    try:
        return of(Prefix.parse(text))
    except ValueError:
        pass
    try:
        return Subject(Kind.DOMAIN, names.domain(text))
    except ValueError:
        raise ValueError(
            f"{text!r} is nothing that can be listed; write an address (192.0.2.7), a network (2001:db8::/48), "
            "someone@example.org, example.org or https://example.org/path"
        ) from None


def of(prefix: Prefix) -> Subject:
    """Return the subject that *prefix* is."""
    return Subject(Kind.ADDRESS if prefix.is_address else Kind.NETWORK, str(prefix))


def prefix(subject: Subject) -> Prefix | None:
    """Return the address or network that *subject* is, None where it is neither."""
    return Prefix.parse(subject.value) if subject.kind in NUMERIC else None


def crowd(inside: Prefix) -> Prefix | None:
    """Return the network that is listed when enough like *inside* are, None where there is none."""
    if inside.is_address:
        return inside.widen(CROWD_V4, CROWD_V6)
    return inside.widen(0, CROWD_V6_WIDE) if inside.family == 6 and inside.bits == CROWD_V6 else None


def holding(found: Prefix, lengths: list[int] | None = None) -> list[Prefix]:
    """Return *found* and every network that holds it (of *lengths* alone, where given), the narrowest first."""
    least = 96 if found.family == 4 else 0
    wanted = range(least, found.length + 1) if lengths is None else lengths
    lowest = [length for length in wanted if least <= length <= found.length]
    return [Prefix(found.network >> 128 - length << 128 - length, length) for length in sorted(lowest, reverse=True)]


def above(subject: Subject) -> list[str]:
    """Return the values of the names that hold *subject*, itself first: its domain and all domains above."""
    host = names.host_of(subject.value)
    domains = names.wider(host) if host else []
    return list(dict.fromkeys((subject.value, *domains)))

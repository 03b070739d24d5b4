"""Lists to export, what a file of them says, and what it should."""

from collections.abc import Iterable, Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from hypothesis import strategies as st

from responder.blacklist.export.exporting import lines
from responder.blacklist.export.selection import Tally
from responder.blacklist.export.space import parse_span
from responder.blacklist.values import Entry, Kind, Level, Subject
from responder.settings.export import FORMATS, ExportSettings

NOW = 1_780_000_000.0
_ORDER = (Kind.ADDRESS, Kind.NETWORK, Kind.DOMAIN, Kind.EMAIL, Kind.URL)


def subject(value: str) -> Subject:
    """Return the subject that *value* looks like."""
    if "://" in value:
        return Subject(Kind.URL, value)
    if "@" in value:
        return Subject(Kind.EMAIL, value)
    if "/" in value:
        return Subject(Kind.NETWORK, value)
    return Subject(Kind.ADDRESS if ":" in value or value[-1].isdecimal() else Kind.DOMAIN, value)


def entry(value: str, level: Level = Level.STRICT, reason: str = "3 reports", category: str = "spam") -> Entry:
    """Return a listing of *value*."""
    return Entry(subject(value), level, 5.0, category, NOW - 100.0, NOW + 1000.0, reason)


def ordered(entries: Iterable[Entry]) -> list[Entry]:
    """Return *entries* once each, in canonical order."""
    return sorted({one.subject: one for one in entries}.values(), key=_place)


def _place(one: Entry) -> tuple[int, bytes, int]:
    kind, value = one.subject
    if kind in (Kind.ADDRESS, Kind.NETWORK):
        span = parse_span(value)
        return 0, span.first, span.length
    return _ORDER.index(kind), value.encode(errors="replace"), 0


def settings(form: str, kinds: Sequence[str] = (), **options: Any) -> ExportSettings:
    """Return the settings of an export with these options."""
    if "nameservers" in FORMATS[form]:
        options = {"nameservers": ("ns1.example.org",)} | options
    return ExportSettings.model_validate({"format": form, "output": "/dev/null", "kinds": kinds, "options": options})


def text(form: str, entries: Iterable[Entry], exclusions: Iterable[str] = (), **options: Any) -> str:
    """Return the whole file."""
    excluded = [subject(value) for value in exclusions]
    return "".join(lines(settings(form, **options), ordered(entries), excluded, NOW, Tally()))


def level_of(address: str, entries: Iterable[Entry], exclusions: Iterable[str]) -> Level | None:
    """Return how sure it is that *address* is listed, by asking everything about everything."""
    here = ip_address(address)
    if any(here in network(value) for value in exclusions if subject(value).kind in (Kind.ADDRESS, Kind.NETWORK)):
        return None
    spaces = (one for one in entries if one.subject.kind in (Kind.ADDRESS, Kind.NETWORK))
    return max((one.level for one in spaces if here in network(one.subject.value)), default=None)


@cache
def network(value: str) -> IPv4Network | IPv6Network:
    """Return *value* as the standard library has it."""
    return ip_network(value)


ENTRIES = ordered(
    [
        entry("198.51.0.0/16", Level.BROAD, "a whole provider"),
        entry("198.51.100.0/22", Level.MODERATE),
        entry("198.51.101.9"),
        entry("198.51.101.10", Level.BROAD),
        entry("198.51.103.128/25"),
        entry("198.51.200.7"),
        entry("192.0.2.5", Level.STRICT, '5 "reports"; since $May'),
        entry("192.0.2.6", Level.MODERATE),
        entry("192.0.2.7", Level.BROAD),
        entry("203.0.113.16/28", Level.MODERATE),
        entry("2001:db8:bad::/48", Level.BROAD),
        entry("2001:db8:bad:7::/64"),
        entry("2001:db8:bad:8::5", Level.MODERATE),
        entry("2001:db8:1:2:3:4:5:6"),
        entry("2001:db8:a000::/35", Level.MODERATE),
        entry("2001:db8:5:5::/64", Level.BROAD),
        entry("spam.example"),
        entry("a.b.spam.example", Level.BROAD),
        entry("shop.test", Level.MODERATE),
        entry("spammer@mail.example"),
        entry("https://www.example/buy"),
    ]
)
EXCLUSIONS = (
    "198.51.101.7", "198.51.102.0/25", "198.51.150.0/24", "192.0.2.200", "2001:db8:bad::25", "2001:db8:a000:1::/64",
    "good.spam.example", "friend@shop.test",
)  # fmt: skip
ASKED = (
    *(f"198.51.101.{last}" for last in (0, 6, 7, 8, 9, 10, 255)),
    "198.51.100.3", "198.51.102.5", "198.51.102.127", "198.51.102.128", "198.51.103.127", "198.51.103.128",
    "198.51.150.9", "198.51.149.9", "198.51.200.7", "198.51.200.8", "198.51.201.1", "198.50.0.1", "198.52.0.1",
    "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7", "192.0.2.200", "203.0.113.15", "203.0.113.16", "203.0.113.31",
    "203.0.113.32", "127.0.0.1",
    "2001:db8:bad::24", "2001:db8:bad::25", "2001:db8:bad:7::9", "2001:db8:bad:8::5", "2001:db8:bad:8::6",
    "2001:db8:bad:ffff::1", "2001:db8:bae::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:7", "2001:db8:a000:1::9",
    "2001:db8:a000:2::9", "2001:db8:bfff::9", "2001:db8:c000::9", "2001:db8:5:5::1", "2001:db8:5:6::1",
    "::ffff:7f00:1",
)  # fmt: skip
"""Addresses in and around everything in the list."""

V4_ASKED = tuple(address for address in ASKED if ":" not in address)
V6_ASKED = tuple(address for address in ASKED if ":" in address)

levels = st.sampled_from(Level)
v4_values = st.builds(
    lambda number, bits: str(ip_network((0xC6330000 + number, bits), strict=False)).removesuffix("/32"),
    st.integers(0, 0x3FF),
    st.sampled_from([32, 32, 32, 31, 29, 25, 24, 23, 22, 15]),
)
v6_values = st.builds(
    lambda number, bits: str(ip_network(((0x20010DB8 << 96) + (number << 54), bits), strict=False)).removesuffix(
        "/128"
    ),
    st.integers(0, 0x3FFF),
    st.sampled_from([128, 128, 64, 64, 63, 56, 50, 48]),
)


@st.composite
def spaces(draw: st.DrawFn, values: st.SearchStrategy[str]) -> tuple[list[Entry], list[str]]:
    """Return listings of *values*, crowded together, and exclusions among them."""
    listed = draw(st.lists(st.builds(entry, values, levels), max_size=12))
    return ordered(listed), draw(st.lists(values, max_size=4, unique=True))

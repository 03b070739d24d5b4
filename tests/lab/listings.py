"""listings - blacklists made from a seed: as many entries as wanted, in canonical order, never kept in memory."""

import random
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from responder.blacklist.values import Entry, Kind, Level, Subject

BEGIN = 1_780_000_000.0
_DAY = 86400.0
_CATEGORIES = ("spam", "probe", "login", "malware")
_LOWEST, _HIGHEST = int(IPv4Address("1.0.0.0")), int(IPv4Address("223.0.0.0"))
_V6_LOWEST = int(IPv6Address("2400::"))


def listings(count: int, seed: int = 1) -> Iterator[Entry]:
    """Yield about *count* entries: of a hundred, 70 IPv4, 15 IPv6, 8 domains, 6 e-mail addresses, 1 URL."""
    chance = random.Random(seed)
    yield from _ipv4(chance, count * 70 // 100)
    yield from _ipv6(chance, count * 15 // 100)
    for number in range(count * 8 // 100):
        yield _entry(chance, Kind.DOMAIN, f"d{number:08d}.spam.example")
    for number in range(count * 6 // 100):
        yield _entry(chance, Kind.EMAIL, f"m{number:08d}@mail.example")
    for number in range(count // 100):
        yield _entry(chance, Kind.URL, f"https://www.example/{number:08d}")


def _ipv4(chance: random.Random, count: int) -> Iterator[Entry]:
    place, pace = _LOWEST, (_HIGHEST - _LOWEST) // max(1, count)
    for number in range(count):
        if number % 50 == 49:
            place = (place | 0xFF) + 1
            yield _entry(chance, Kind.NETWORK, f"{IPv4Address(place)}/24")
            place += chance.randrange(3)
        else:
            place += 1 + chance.randrange(2 * pace) if number % 50 > 2 else 1 + chance.randrange(99)
            yield _entry(chance, Kind.ADDRESS, str(IPv4Address(place)))


def _ipv6(chance: random.Random, count: int) -> Iterator[Entry]:
    place = _V6_LOWEST >> 64
    for number in range(count):
        place += 1 + chance.randrange(1 << 40)
        if number % 3:
            yield _entry(chance, Kind.NETWORK, f"{IPv6Address(place << 64)}/64")
        else:
            yield _entry(chance, Kind.ADDRESS, str(IPv6Address(place << 64 | chance.randrange(1, 1 << 64))))


def _entry(chance: random.Random, kind: Kind, value: str) -> Entry:
    score = chance.randrange(30, 200) / 10
    since = BEGIN - chance.randrange(30) * _DAY
    category = _CATEGORIES[chance.randrange(4)]
    reason = f"{int(score)} reports of {category} in 7 days, the last on 3 May"
    level = Level(1 + chance.randrange(3))
    return Entry(Subject(kind, value), level, score, category, since, BEGIN + 30 * _DAY, reason)

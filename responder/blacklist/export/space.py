"""space - spans of addresses: cut around holes, and named by octets, nibbles and words as consumers want them.

A Span is a network with its first and last address as 16 packed bytes, which
sort as addresses do.  An address is a span of length 128.  IPv4 lives in
::ffff:0:0/96, and a flag says so, because families never hold each other.

Pure; the C library reads and writes addresses, ten times as fast as ipaddress.
"""

from collections.abc import Iterator, Sequence
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple

_V4 = bytes(10) + b"\xff\xff"
_MASKS = [(1 << (128 - length)) - 1 for length in range(129)]


class Span(NamedTuple):
    """A network or address: its first and last address, its length of 128 bits, its family."""

    first: bytes
    last: bytes
    length: int
    v4: bool

    @property
    def bits(self) -> int:
        """Return the prefix length as people write it."""
        return self.length - 96 if self.v4 else self.length

    def __str__(self) -> str:
        """Return the canonical text: an address alone, or network/bits."""
        text = inet_ntop(AF_INET, self.first[12:]) if self.v4 else inet_ntop(AF_INET6, self.first)
        return text if self.length == 128 else f"{text}/{self.bits}"


def parse_span(text: str) -> Span:
    """Return the span that *text*, an address or network, names; host bits are cleared.

    Raises ValueError for anything else.
    """
    network, _, bits = text.partition("/")
    v4 = ":" not in network
    try:
        first = _V4 + inet_pton(AF_INET, network) if v4 else inet_pton(AF_INET6, network)
    except (OSError, UnicodeError):
        raise ValueError(f"{text!r} is no address or network") from None
    if not bits:
        return Span(first, first, 128, v4)
    return make(int.from_bytes(first), int(bits) + 96 if v4 else int(bits), v4=v4)


def make(first: int, length: int, *, v4: bool) -> Span:
    """Return the span of *length* that holds the address *first*."""
    if not (96 if v4 else 0) <= length <= 128:
        raise ValueError(f"no network has {length} bits")
    mask = _MASKS[length]
    return Span((first & ~mask).to_bytes(16), (first | mask).to_bytes(16), length, v4)


def cut(span: Span, holes: Sequence[Span]) -> Iterator[Span]:
    """Yield what is left of *span* without *holes*, which are inside it, disjoint and in order."""
    if not holes:
        yield span
    elif holes[0].length > span.length:
        middle = _MASKS[span.length + 1] + 1
        low = make(int.from_bytes(span.first), span.length + 1, v4=span.v4)
        high = make(int.from_bytes(span.first) + middle, span.length + 1, v4=span.v4)
        border = next((place for place, hole in enumerate(holes) if hole.first >= high.first), len(holes))
        yield from cut(low, holes[:border])
        yield from cut(high, holes[border:])


def split(span: Span, unit: int) -> Iterator[Span]:
    """Yield *span* in networks whose length is the next multiple of *unit* bits."""
    length = -(-span.length // unit) * unit
    first = int.from_bytes(span.first)
    for number in range(1 << (length - span.length)):
        yield make(first + number * (_MASKS[length] + 1), length, v4=span.v4)


def octets(span: Span) -> list[str]:
    """Return the octets of an IPv4 span that ends with one."""
    return [str(octet) for octet in span.first[12 : 12 + span.bits // 8]]


def nibbles(span: Span) -> list[str]:
    """Return the hexadecimal digits of an IPv6 span that ends with one."""
    return list(span.first.hex()[: span.length // 4])


def words(span: Span) -> list[str]:
    """Return the 16-bit words of an IPv6 span that ends with one, without leading zeros."""
    return [f"{int.from_bytes(span.first[place : place + 2]):x}" for place in range(0, span.length // 8, 2)]

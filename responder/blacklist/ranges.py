"""ranges - networks as foreign lists write them: prefixes, octets left out, from-to; and networks with holes in them.

    192.0.2.7  192.0.2.0/24  192.0.2  192.0/16  192.0.2.1-192.0.2.9  192.0.2.1-9  192.0-3
    2001:db8::/48  2001:db8:1:2  2001:db8::1-2001:db8::9

A range becomes the fewest networks that are the same addresses.

Pure.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from responder.values import Prefix

_OCTET = r"[0-9]{1,3}"
_V4 = re.compile(rf"({_OCTET}(?:\.{_OCTET}){{0,3}})(?:/([0-9]{{1,2}}))?")
_V6 = re.compile(r"([0-9A-Fa-f:]{2,39})(?:/([0-9]{1,3}))?")
_V4_SPACE = 0xFFFF << 32
_BITS = 128


def parse(text: str) -> list[Prefix]:
    """Return the networks that *text* is, from the lowest; raises ValueError for anything else."""
    first, dash, last = text.partition("-")
    first, last = first.strip(), last.strip()
    if not dash:
        return [_prefix(first)]
    low = _prefix(first)
    whole = ".".join([*first.split(".")[:-1], last]) if last.isascii() and last.isdigit() else last
    high = _prefix(whole)
    if low.family != high.family or high.last < low.network or "/" in text:
        raise ValueError(f"{text!r} is no range; write the lower address first, as in 192.0.2.1-192.0.2.9")
    return list(networks(low.network, high.last))


def looks_numeric(text: str) -> bool:
    """Tell whether *text* is meant to be addresses: digits, dots, a colon, no other letters than IPv6 has."""
    return bool(re.fullmatch(r"[0-9./ -]+|(?=[^:]*:[^:]*:)[0-9A-Fa-f:./ -]+", text))


def networks(low: int, high: int) -> Iterator[Prefix]:
    """Yield the fewest networks that are exactly the addresses from *low* to *high*."""
    while low <= high:
        free = (low & -low).bit_length() - 1 if low else _BITS
        size = min(free, (high - low + 1).bit_length() - 1)
        yield Prefix(low, _BITS - size)
        low += 1 << size


class Holes:
    """Networks that are taken out of others."""

    def __init__(self, taken: Iterable[Prefix] = ()) -> None:
        spans: list[tuple[int, int]] = []
        for prefix in sorted(set(taken)):
            if not spans or prefix.network > spans[-1][1]:  # else it lies in the one before: networks nest
                spans.append((prefix.network, prefix.last))
        self._lows, self._highs = [low for low, _ in spans], [high for _, high in spans]

    def around(self, prefix: Prefix) -> Iterator[Prefix]:
        """Yield the fewest networks that are *prefix* without the holes."""
        first, last = bisect_left(self._highs, prefix.network), bisect_right(self._lows, prefix.last)
        if first >= last:
            yield prefix
            return
        low = prefix.network
        for at in range(first, last):
            yield from networks(low, min(prefix.last, self._lows[at] - 1))
            low = max(low, self._highs[at] + 1)
        yield from networks(low, prefix.last)


def _prefix(text: str) -> Prefix:
    """Return the prefix that *text* begins: what is left out of an address is any."""
    if found := _V4.fullmatch(text):
        octets = found[1].split(".")
        bits = int(found[2]) if found[2] else 8 * len(octets)
        return Prefix.parse(f"{'.'.join([*octets, *'000'][:4])}/{bits}")
    if found := _V6.fullmatch(text):
        words = found[1].split(":")
        short = "::" not in found[1] and len(words) < 8
        whole = f"{found[1]}::" if short else found[1]
        return Prefix.parse(f"{whole}/{found[2] or (16 * len(words) if short else _BITS)}")
    return Prefix.parse(text)

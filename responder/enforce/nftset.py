"""nftset - the elements of nftables' sets as netlink messages.

Messages that add and remove elements, several hundred in each, for one batch
that the kernel takes whole or not at all; and what the kernel lists, read back.
Keys are addresses as the kernel has them: 4 or 16 bytes, host bits cleared.

Source: linux/netfilter/nf_tables.h of Linux 6.1; numbers are in network order.
Every set is expected to count (nft's ``counter``).
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from responder.enforce.netlink import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_DUMP,
    Netlink,
    Reply,
    attribute,
    attributes,
    nest,
    request,
)

INET = 1  # NFPROTO_INET
NFT = 10 << 8  # NFNL_SUBSYS_NFTABLES
NEWSETELEM, GETSETELEM, DELSETELEM = NFT | 12, NFT | 13, NFT | 14
_BATCH_BEGIN, _BATCH_END = 16, 17
_LIST_TABLE, _LIST_SET, _LIST_ELEMENTS = 1, 2, 3
_KEY, _TIMEOUT, _EXPIRATION, _EXPR = 1, 4, 5, 7
_IN_ONE_MESSAGE = 600  # an attribute holds 64 KiB
_AT_ONCE = 200  # questions whose answers fit into the socket
FOREVER = 100 * 365 * 86_400_000
_COUNTER_NAME = attribute(1, b"counter\0")
_VALUE = struct.Struct(">Q")


class Element(NamedTuple):
    """One element: its key, how long it lasts still (ms; `FOREVER` where it has no timeout), what it counted."""

    key: bytes
    left: int
    packets: int = 0
    octets: int = 0


def batch(messages: Sequence[bytes]) -> list[bytes]:
    """Return *messages* as one transaction that is acknowledged once."""
    begin, end = (request(kind, 0, b"", flags=0, resource=NFT >> 8) for kind in (_BATCH_BEGIN, _BATCH_END))
    last = bytearray(messages[-1])
    flags = struct.unpack_from("=H", last, 6)[0]
    struct.pack_into("=H", last, 6, flags | NLM_F_ACK)
    return [begin, *messages[:-1], bytes(last), end]


def adding(table: str, name: str, elements: Iterable[Element]) -> Iterator[bytes]:
    """Yield the messages that add *elements* to the set *name*."""
    yield from _messages(NEWSETELEM, table, name, map(_encode, elements), NLM_F_CREATE)


def removing(table: str, name: str, keys: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the messages that remove the elements with *keys*."""
    yield from _messages(DELSETELEM, table, name, (_element(_key(key)) for key in keys), 0)


def listing(netlink: Netlink, table: str, name: str) -> list[Element]:
    """Return every element of the set *name*; raises FileNotFoundError where there is none."""
    replies = netlink.ask(request(GETSETELEM, INET, _whose(table, name), flags=NLM_F_DUMP))
    return [element for reply in replies for element in _decode(reply)]


def finding(netlink: Netlink, table: str, name: str, keys: Iterable[bytes]) -> Iterator[Element]:
    """Yield those elements of the set *name* that have one of *keys*."""
    whose, asked = _whose(table, name), iter(keys)
    while some := list(islice(asked, _AT_ONCE)):
        messages = [request(GETSETELEM, INET, whose + nest(_LIST_ELEMENTS, _element(_key(key))), 0) for key in some]
        for reply in netlink.ask_each(messages):
            if reply:
                yield from _decode(reply)


def _messages(kind: int, table: str, name: str, encoded: Iterable[bytes], flags: int) -> Iterator[bytes]:
    whose, rest = _whose(table, name), iter(encoded)
    while some := list(islice(rest, _IN_ONE_MESSAGE)):
        yield request(kind, INET, whose + nest(_LIST_ELEMENTS, *some), flags)


def _whose(table: str, name: str) -> bytes:
    return attribute(_LIST_TABLE, table.encode() + b"\0") + attribute(_LIST_SET, name.encode() + b"\0")


def _element(payload: bytes) -> bytes:
    return nest(1, payload)  # NFTA_LIST_ELEM


def _key(key: bytes) -> bytes:
    return nest(_KEY, attribute(1, key))  # NFTA_DATA_VALUE


def _encode(element: Element) -> bytes:
    key, left, packets, octets = element
    return _element(_key(key) + _EMPTY_TIMEOUT + left.to_bytes(8) + (_counter(packets, octets) if packets else b""))


_EMPTY_TIMEOUT = attribute(_TIMEOUT, bytes(8))[:4]


def _counter(packets: int, octets: int) -> bytes:
    """Return the expression with which an element goes on counting where an earlier one stopped."""
    data = nest(2, attribute(1, _VALUE.pack(octets)), attribute(2, _VALUE.pack(packets)))
    return nest(_EXPR, _COUNTER_NAME, data)


def _decode(reply: Reply) -> Iterator[Element]:
    for kind, elements in attributes(reply.payload):
        if kind == _LIST_ELEMENTS:
            yield from _read(elements)


def _read(elements: memoryview) -> Iterator[Element]:
    """Yield what a list of elements holds; those with the layout of the first are read by it."""
    _, first = next(attributes(elements), (0, elements[:0]))
    layout = _layout(first)
    if layout and len(elements) % layout.size == 0:
        rows = list(layout.iter_unpack(elements))
        if len({(row[0], row[2], row[4], row[6], row[7]) for row in rows}) == 1:
            yield from (Element(key, left, packets, octets) for _, key, _, octets, _, packets, _, _, left in rows)
            return
    for _, payload in attributes(elements):
        if (element := _read_one(payload)) is not None:
            yield element


def _layout(payload: memoryview) -> struct.Struct | None:
    """Return how an element is laid out that has key, counter, timeout and expiration in this order, or None."""
    parts = [(kind, len(value)) for kind, value in attributes(payload)]
    if parts in ([(1, size), (_EXPR, 40), (_TIMEOUT, 8), (_EXPIRATION, 8)] for size in (8, 20)):
        key = parts[0][1] - 4
        # Element, key, value headers; key; expression, name, data, octets headers; octets; packets header; packets;
        # timeout header, the timeout itself (of no interest), expiration header; what is left.
        return struct.Struct(f">12s{key}s24sQ4sQ4s8x4sQ")
    return None


def _read_one(payload: memoryview) -> Element | None:
    """Return an element of whatever layout, or None for what is none."""
    found = dict(attributes(payload))
    if _KEY not in found:
        return None
    key = bytes(dict(attributes(found[_KEY])).get(1, b""))
    left = _VALUE.unpack(found[_EXPIRATION])[0] if _EXPIRATION in found else FOREVER
    octets = packets = 0
    if _EXPR in found:
        data = dict(attributes(dict(attributes(found[_EXPR])).get(2, memoryview(b""))))
        octets, packets = (_VALUE.unpack(data[kind])[0] if kind in data else 0 for kind in (1, 2))
    return Element(key, left, packets, octets)

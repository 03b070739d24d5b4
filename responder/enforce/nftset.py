"""nftset - the elements of our sets in nftables as netlink messages.

Messages that add and remove elements, several hundred in each, for one batch
that the kernel takes whole or not at all; and what the kernel lists, read back.
Keys are addresses as the kernel has them: 4 or 16 bytes, host bits cleared.
All sets are in the table ``inet responder``, and every one counts (nft's
``counter``).

Source: linux/netfilter/nf_tables.h of Linux 6.1; numbers are in network order.

Falls short: while the kernel still enlarges a set that has just grown, a listing
may lack some elements or have them twice.  Asking for an element by its key is
always right.
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
    attribute,
    attributes,
    nest,
    request,
)

TABLE_NAME = "responder"
INET = 1  # NFPROTO_INET
NFT = 10 << 8  # NFNL_SUBSYS_NFTABLES
WHOSE = attribute(1, TABLE_NAME.encode() + b"\0")
"""The attribute that names our table in every request (NFTA_..._TABLE)."""
FOREVER = 100 * 365 * 86_400_000
_NEWSETELEM, _GETSETELEM, _DELSETELEM = NFT | 12, NFT | 13, NFT | 14
_BATCH_BEGIN, _BATCH_END = 16, 17
_LIST_SET, _LIST_ELEMENTS, _LIST_ELEMENT = 2, 3, 1
_KEY, _TIMEOUT, _EXPIRATION, _EXPR = 1, 4, 5, 7
_VALUE, _EXPR_NAME, _EXPR_DATA = 1, 1, 2
_OCTETS, _PACKETS = 1, 2
_IN_ONE_MESSAGE = 600  # an attribute holds 64 KiB
_AT_ONCE = 200  # questions whose answers fit into the socket
_SIZES = (4, 16)


class Element(NamedTuple):
    """One element: its key, how long it lasts still (ms; `FOREVER` where it has no timeout), what it counted."""

    key: bytes
    left: int
    packets: int = 0
    octets: int = 0


def transaction(messages: Sequence[bytes]) -> list[bytes]:
    """Return *messages* as one transaction that is acknowledged once."""
    last = bytearray(messages[-1])
    (flags,) = struct.unpack_from("=H", last, 6)
    struct.pack_into("=H", last, 6, flags | NLM_F_ACK)
    return [*attempt(messages[:-1]), bytes(last), request(_BATCH_END, 0, b"", 0, resource=NFT >> 8)]


def attempt(messages: Sequence[bytes]) -> list[bytes]:
    """Return *messages* as a transaction without an end, which the kernel looks at and gives up again."""
    return [request(_BATCH_BEGIN, 0, b"", 0, resource=NFT >> 8), *messages]


def adding(name: str, elements: Iterable[Element]) -> Iterator[bytes]:
    """Yield the messages that add *elements* to the set *name*."""
    yield from _messages(_NEWSETELEM, name, map(_encode, elements), NLM_F_CREATE)


def removing(name: str, keys: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the messages that remove the elements with *keys*."""
    yield from _messages(_DELSETELEM, name, (_BARE[len(key)] + key for key in keys), 0)


def listing(netlink: Netlink, name: str) -> Iterator[Element]:
    """Yield every element of the set *name*; raises FileNotFoundError where there is none."""
    for payload in listed(netlink, name):
        yield from decode(payload)


def listed(netlink: Netlink, name: str) -> list[memoryview]:
    """Return the elements of the set *name* as the kernel lists them."""
    return [reply.payload for reply in netlink.ask(request(_GETSETELEM, INET, WHOSE + _set(name), NLM_F_DUMP))]


def finding(netlink: Netlink, name: str, keys: Iterable[bytes]) -> Iterator[Element]:
    """Yield those elements of the set *name* that have one of *keys*."""
    whose, asked = WHOSE + _set(name), iter(keys)
    while some := list(islice(asked, _AT_ONCE)):
        questions = (nest(_LIST_ELEMENTS, _BARE[len(key)] + key) for key in some)
        for reply in netlink.ask_each([request(_GETSETELEM, INET, whose + one, 0) for one in questions]):
            if reply:
                yield from decode(reply.payload)


def decode(payload: memoryview) -> Iterator[Element]:
    """Yield the elements in the attributes of one message; what is broken in them is passed over."""
    for kind, elements in attributes(payload):
        if kind == _LIST_ELEMENTS:
            yield from _read(elements)


def _messages(kind: int, name: str, encoded: Iterable[bytes], flags: int) -> Iterator[bytes]:
    whose, rest = WHOSE + _set(name), iter(encoded)
    while some := list(islice(rest, _IN_ONE_MESSAGE)):
        yield request(kind, INET, whose + nest(_LIST_ELEMENTS, *some), flags)


def _set(name: str) -> bytes:
    return attribute(_LIST_SET, name.encode() + b"\0")


def _counter(packets: int, octets: int) -> bytes:
    """Return the expression with which an element goes on counting where an earlier one stopped."""
    data = nest(_EXPR_DATA, attribute(_OCTETS, octets.to_bytes(8)), attribute(_PACKETS, packets.to_bytes(8)))
    return nest(_EXPR, attribute(_EXPR_NAME, b"counter\0"), data)


def _heads(*after: bytes) -> dict[int, bytes]:
    """Return what stands before the key in an element that has *after* behind it, for each size of keys."""
    return {size: nest(_LIST_ELEMENT, nest(_KEY, attribute(_VALUE, bytes(size))), *after)[:12] for size in _SIZES}


_BARE = _heads()
_TIMED = _heads(attribute(_TIMEOUT, bytes(8)))
_COUNTED = _heads(attribute(_TIMEOUT, bytes(8)), _counter(0, 0))
_TIMEOUT_HEAD = attribute(_TIMEOUT, bytes(8))[:4]


def _encode(element: Element) -> bytes:
    key, left, packets, octets = element
    if packets:
        return _COUNTED[len(key)] + key + _TIMEOUT_HEAD + left.to_bytes(8) + _counter(packets, octets)
    return _TIMED[len(key)] + key + _TIMEOUT_HEAD + left.to_bytes(8)


def _read(elements: memoryview) -> Iterator[Element]:
    """Yield what a list of elements holds; where all have the layout of the first, by strides."""
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
    return next((layout for size, layout in _LAYOUTS.items() if parts == _parts(size)), None)


def _parts(size: int) -> list[tuple[int, int]]:
    return [(_KEY, size + 4), (_EXPR, 40), (_TIMEOUT, 8), (_EXPIRATION, 8)]


# Heads of element, key and value; key; heads of expression, name (and it), data and octets; octets; head of packets;
# packets; head of timeout; the timeout that there was at first (of no interest); head of expiration; what is left.
_LAYOUTS = {size: struct.Struct(f">12s{size}s24sQ4sQ4s8x4sQ") for size in _SIZES}


def _read_one(payload: memoryview) -> Element | None:
    """Return an element of whatever layout, or None for what is none."""
    found = dict(attributes(payload))
    key = bytes(_inside(found.get(_KEY)).get(_VALUE, b""))
    if not key:
        return None
    left = int.from_bytes(found[_EXPIRATION]) if _EXPIRATION in found else FOREVER
    counter = _inside(_inside(found.get(_EXPR)).get(_EXPR_DATA))
    return Element(key, left, int.from_bytes(counter.get(_PACKETS, b"")), int.from_bytes(counter.get(_OCTETS, b"")))


def _inside(payload: memoryview | None) -> dict[int, memoryview]:
    return {} if payload is None else dict(attributes(payload))

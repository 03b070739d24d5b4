"""ipset - the kernel's sets of networks, over netlink.

Each set is a ``hash:net`` with timeouts and counters: it looks an address up once
for every prefix length that it holds, so a short ban of a network and a long
one of an address inside it live side by side.  The program ipset(8) is not needed.

Timeouts are whole seconds and at most 24 days; /0 is not for a ``hash:net``, so
it is kept as its two halves.  Adding what is there gives it the new timeout, and
its counters begin again.

Source: linux/netfilter/ipset/ip_set.h of Linux 6.1, protocol 6 and 7.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from responder.enforce.netlink import (
    NETWORK_ORDER,
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_EXCL,
    Netlink,
    attribute,
    attributes,
    nest,
    request,
)
from responder.errors import FirewallError

LONGEST = 2_147_483
"""The longest timeout in seconds (IPSET_MAX_TIMEOUT: milliseconds in 31 bits)."""
LONGEST_NAME = 31

_IPSET = 6 << 8  # NFNL_SUBSYS_IPSET
_PROTOCOL, _CREATE, _DESTROY, _SWAP, _LIST, _ADD, _DEL = (_IPSET | command for command in (1, 2, 3, 6, 7, 9, 10))
_A_PROTOCOL, _A_NAME, _A_TYPE, _A_REVISION, _A_FAMILY, _A_FLAGS, _A_DATA, _A_ELEMENTS, _A_LINE = range(1, 10)
_IP, _CIDR, _TIMEOUT, _CADT_FLAGS = 1, 3, 6, 8
_HASHSIZE, _MAXELEM, _COUNT = 18, 19, 24
_OCTETS, _PACKETS = 24, 25
_REVISION = 3  # of hash:net: the first that counts
_WITH_COUNTERS, _LIST_HEADER = 8, 4
_FAMILIES = {4: 2, 6: 10}  # NFPROTO_IPV4, NFPROTO_IPV6
_IN_ONE_MESSAGE = 600
_HASH_FULL, _TYPE_MISMATCH, _REFERENCED = 4352, 4102, 4108
_REASONS = {
    4098: "the kernel lacks the set type hash:net (module ip_set_hash_net)",
    _HASH_FULL: "the set is full",
    4101: "the set is in use",
    _TYPE_MISMATCH: "there is a set of that name and another type",
    _REFERENCED: "the set is in use",
}


class Member(NamedTuple):
    """An element: the network's bytes, its prefix length, how long it lasts still (s), what it counted."""

    key: bytes
    bits: int
    left: int
    packets: int = 0
    octets: int = 0


class Header(NamedTuple):
    """What a set is, how many elements it holds (some may be over) and at most."""

    kind: str
    elements: int
    most: int


class IpSets:
    """All sets of this network; needs CAP_NET_ADMIN."""

    def __init__(self) -> None:
        """Raise FirewallError where the kernel has no ipset, or we may not use it."""
        self._netlink = Netlink()
        try:
            (reply, *_) = self._netlink.ask(request(_PROTOCOL, 0, attribute(_A_PROTOCOL, b"\6")))
        except OSError as error:
            self._netlink.close()
            raise FirewallError(f"the kernel has no ipset (module ip_set): {error.strerror}") from None
        self._version = attribute(_A_PROTOCOL, bytes([min(7, bytes(dict(attributes(reply.payload))[_A_PROTOCOL])[0])]))

    def close(self) -> None:
        """Close the socket; the sets stay."""
        self._netlink.close()

    def header(self, name: str) -> Header | None:
        """Return what the kernel says of the set *name*, or None where there is none."""
        flags = attribute(_A_FLAGS | NETWORK_ORDER, struct.pack("!I", _LIST_HEADER))
        try:
            replies = self._netlink.ask(request(_LIST, 0, self._named(name) + flags, NLM_F_DUMP))
        except FileNotFoundError:
            return None
        found = dict(attributes(replies[0].payload))
        data = dict(attributes(found[_A_DATA]))
        return Header(_text(found[_A_TYPE]), _number(data.get(_COUNT)), _number(data.get(_MAXELEM)))

    def names(self, prefix: str) -> list[str]:
        """Return the names of the sets that begin with *prefix*."""
        flags = attribute(_A_FLAGS | NETWORK_ORDER, struct.pack("!I", _LIST_HEADER))
        replies = self._netlink.ask(request(_LIST, 0, self._version + flags, NLM_F_DUMP))
        names = (_text(dict(attributes(reply.payload))[_A_NAME]) for reply in replies)
        return [name for name in names if name.startswith(prefix)]

    def create(self, name: str, family: int, most: int) -> None:
        """Make the empty set *name* for at most so many elements; one that is there must be of our kind."""
        payload = b"".join(
            (
                self._named(name),
                attribute(_A_TYPE, b"hash:net\0"),
                attribute(_A_REVISION, bytes([_REVISION])),
                attribute(_A_FAMILY, bytes([_FAMILIES[family]])),
                nest(
                    _A_DATA,
                    _u32(_TIMEOUT, 0),
                    _u32(_CADT_FLAGS, _WITH_COUNTERS),
                    _u32(_HASHSIZE, 1024),
                    _u32(_MAXELEM, most),
                ),
            )
        )
        self._do([request(_CREATE, _FAMILIES[family], payload, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)], name)

    def destroy(self, name: str) -> None:
        """Remove the set *name*, which no rule may use any more."""
        self._do([request(_DESTROY, 0, self._named(name))], name)

    def swap(self, one: str, other: str) -> None:
        """Exchange the contents of two sets at once; rules go on using the name they know."""
        self._do([request(_SWAP, 0, self._named(one) + attribute(_A_TYPE, other.encode() + b"\0"))], one)

    def add(self, name: str, members: Iterable[Member]) -> None:
        """Add *members*, or give those that are there the new timeout."""
        self._do(list(self._messages(_ADD, name, map(_encode, members))), name)

    def remove(self, name: str, networks: Iterable[tuple[bytes, int]]) -> None:
        """Remove *networks*, those that are there."""
        self._do(list(self._messages(_DEL, name, (_network(key, bits) for key, bits in networks))), name)

    def members(self, name: str) -> list[Member]:
        """Return what the set *name* holds; nothing where there is no such set."""
        try:
            replies = self._netlink.ask(request(_LIST, 0, self._named(name), NLM_F_DUMP))
        except FileNotFoundError:
            return []
        return [
            member
            for reply in replies
            for kind, elements in attributes(reply.payload)
            if kind == _A_ELEMENTS
            for _, payload in attributes(elements)
            if (member := _decode(payload))
        ]

    def _named(self, name: str) -> bytes:
        return self._version + attribute(_A_NAME, name.encode() + b"\0")

    def _messages(self, kind: int, name: str, encoded: Iterable[bytes]) -> Iterator[bytes]:
        whose, rest = self._named(name), iter(encoded)
        line = _u32(_A_LINE, 1)
        while some := list(islice(rest, _IN_ONE_MESSAGE)):
            elements = nest(_A_ELEMENTS, *(nest(_A_DATA, one, line) for one in some))
            yield request(kind, 0, whose + line + elements)

    def _do(self, messages: list[bytes], name: str) -> None:
        if not messages:
            return
        try:
            self._netlink.do(messages)
        except OSError as error:
            reason = _REASONS.get(error.errno or 0) or os.strerror(error.errno or 0)
            raise FirewallError(f"ipset refused, set {name}: {reason}") from None


def _u32(kind: int, value: int) -> bytes:
    return attribute(kind | NETWORK_ORDER, struct.pack("!I", value))


def _network(key: bytes, bits: int) -> bytes:
    address = attribute((1 if len(key) == 4 else 2) | NETWORK_ORDER, key)  # IPSET_ATTR_IPADDR_IPV4, _IPV6
    return nest(_IP, address) + attribute(_CIDR, bytes([bits]))


def _encode(member: Member) -> bytes:
    return _network(member.key, member.bits) + _u32(_TIMEOUT, member.left)


def _decode(payload: memoryview) -> Member | None:
    found = dict(attributes(payload))
    if _IP not in found or _CIDR not in found:
        return None
    _, key = next(attributes(found[_IP]))
    left = _number(found.get(_TIMEOUT)) or LONGEST  # 0 is for ever
    return Member(bytes(key), found[_CIDR][0], left, _number(found.get(_PACKETS)), _number(found.get(_OCTETS)))


def _number(value: memoryview | None) -> int:
    return int.from_bytes(value) if value else 0


def _text(value: memoryview) -> str:
    return bytes(value).rstrip(b"\0").decode(errors="replace")

"""netlink - requests to the kernel's netfilter subsystems, and what it answers, as bytes.

Messages are handed in and out without their attributes being looked at; what
they mean is the business of `ipset` and `nftset`.  A batch is sent whole before
the first answer is read, and the first refusal is what is raised.  An answer
that does not come, is cut off or makes no sense is an OSError like a refusal.

Falls short: a listing that others disturb again and again is taken as it is in
the end, and may lack or repeat what moved meanwhile.

Source: RFC 3549; linux/netlink.h and linux/netfilter/nfnetlink.h of Linux 6.1.
All numbers of a header are in the machine's own byte order, those of netfilter's
attributes in the network's.
"""

import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from errno import EBADMSG, EINVAL, ENOENT
from typing import NamedTuple

NETLINK_NETFILTER = 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_EXCL, NLM_F_CREATE = 0x200, 0x400
NESTED = 0x8000
"""The bit of an attribute's type that says it holds attributes (NLA_F_NESTED)."""
NETWORK_ORDER = 0x4000
"""The bit that says a number is in network byte order (NLA_F_NET_BYTEORDER)."""

_ERROR, _DONE = 2, 3  # NLMSG_ERROR, NLMSG_DONE
_INTERRUPTED = 0x10  # NLM_F_DUMP_INTR
_SO_SNDBUFFORCE = 32  # asm-generic/socket.h
_SOL_NETLINK = 270
_CAP_ACK, _NO_ENOBUFS = 10, 5  # refusals repeat nothing of what was asked; of too many the first are kept
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_GENERAL = struct.Struct("!BBH")  # family, version, resource
_ATTRIBUTE = struct.Struct("=HH")
_PIECE = 1 << 18
_PATIENCE = struct.pack("@ll", 30, 0)  # the kernel answers at once, if at all
_TRIES = 5


def refusal(number: int) -> OSError:
    """Return the kernel's answer to a request that it would not serve, as Python knows it (FileNotFoundError ...)."""
    return OSError(number, os.strerror(number))


class Reply(NamedTuple):
    """One message of an answer: its type, its family, its attributes as bytes."""

    kind: int
    family: int
    payload: memoryview


def attribute(kind: int, value: bytes) -> bytes:
    """Return *value* as an attribute, padded to four bytes."""
    return _ATTRIBUTE.pack(len(value) + 4, kind) + value + bytes(-len(value) & 3)


def nest(kind: int, *inner: bytes) -> bytes:
    """Return the attributes *inner* as one."""
    return attribute(kind | NESTED, b"".join(inner))


def attributes(payload: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the type, without its flag bits, and the value of each attribute in *payload* before a broken one."""
    at, end = 0, len(payload)
    while at + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(payload, at)
        if length < 4 or at + length > end:
            return
        yield kind & 0x3FFF, payload[at + 4 : at + length]
        at += length + 3 & ~3


def request(kind: int, family: int, payload: bytes, flags: int = NLM_F_ACK, resource: int = 0) -> bytes:
    """Return one message: *kind* is the subsystem's number << 8 | its message's."""
    length = _HEADER.size + _GENERAL.size + len(payload)
    return _HEADER.pack(length, kind, flags | NLM_F_REQUEST, 0, 0) + _GENERAL.pack(family, 0, resource) + payload


def messages(data: memoryview) -> Iterator[tuple[int, int, int, memoryview]]:
    """Yield type, flags, sequence number and payload of each message in *data*; raises OSError for a broken one."""
    at, least = 0, _HEADER.size + _GENERAL.size
    while at + least <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, at)
        if not least <= length <= len(data) - at:
            break
        yield kind, flags, sequence, data[at + _HEADER.size : at + length]
        at += length + 3 & ~3
    if at < len(data):
        raise refusal(EBADMSG)


class Netlink:
    """A socket to netfilter, in the network namespace of whoever makes it."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER)
        self._socket.bind((0, 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _PIECE)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _PATIENCE)
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        self._socket.setsockopt(_SOL_NETLINK, _NO_ENOBUFS, 1)
        self._room = 0
        self._sequence = self._first = 0

    @property
    def port(self) -> int:
        """Return the number by which the kernel knows this socket."""
        return int(self._socket.getsockname()[0])

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def ask(self, message: bytes) -> list[Reply]:
        """Send one request, and return the messages of its answer; raises OSError."""
        for _ in range(_TRIES):
            self._send([message])
            replies, whole = self._answers(1)
            if whole:
                break
        return replies

    def ask_each(self, messages: Sequence[bytes]) -> list[Reply | None]:
        """Send requests that have one message for an answer, and return those; None for what is not, or cannot be."""
        self._send(messages)
        answers: list[Reply | None] = []
        while len(answers) < len(messages):
            for kind, _, sequence, payload in self._receive():
                if sequence < self._first:
                    continue  # of a request that was given up
                if kind == _ERROR:
                    if (number := -struct.unpack_from("=i", payload)[0]) not in (ENOENT, EINVAL):
                        raise refusal(number)
                    answers.append(None)
                else:
                    answers.append(Reply(kind, payload[0], payload[_GENERAL.size :]))
        return answers

    def do(self, messages: Sequence[bytes]) -> None:
        """Send *messages* together; those that ask for it are acknowledged.  Raises OSError for the first refusal."""
        acknowledged = sum(_HEADER.unpack_from(message)[2] & NLM_F_ACK != 0 for message in messages)
        self._send(messages)
        self._answers(acknowledged)

    def _send(self, messages: Sequence[bytes]) -> None:
        """Send *messages*, numbered, as one datagram, as nfnetlink takes a batch."""
        self._drain()
        self._sequence += len(messages)
        self._first = self._sequence - len(messages) + 1
        data = bytearray().join(messages)
        at = 0
        for number in range(self._first, self._sequence + 1):
            struct.pack_into("=I", data, at + 8, number)
            at += struct.unpack_from("=I", data, at)[0]
        if len(data) > self._room:  # the kernel wants room for a datagram and its own bookkeeping
            self._room = max(1 << 18, 2 * len(data))
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, self._room)
        self._socket.send(data)

    def _drain(self) -> None:
        """Throw away what was answered to a request that was given up; there may be no room for more."""
        with suppress(BlockingIOError):
            while self._socket.recv(_PIECE, socket.MSG_DONTWAIT):
                pass

    def _answers(self, ends: int) -> tuple[list[Reply], bool]:
        """Return the messages up to the last of as many *ends*, and whether nothing changed while they were made."""
        replies: list[Reply] = []
        whole, refused = True, None
        while ends:
            for kind, flags, sequence, payload in self._receive():
                if sequence < self._first:
                    continue  # of a request that was given up
                whole = whole and not flags & _INTERRUPTED
                if kind in (_DONE, _ERROR):  # either may tell of a failure
                    (number,) = struct.unpack_from("=i", payload)
                    ends -= 1
                    if number < 0 and refused is None:
                        refused, ends = refusal(-number), 0
                else:
                    replies.append(Reply(kind, payload[0], payload[_GENERAL.size :]))
        if refused:
            raise refused
        return replies, whole

    def _receive(self) -> Iterator[tuple[int, int, int, memoryview]]:
        """Yield type, flags, sequence number and payload of each message in the next datagram."""
        yield from messages(memoryview(self._socket.recv(_PIECE)))

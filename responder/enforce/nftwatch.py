"""nftwatch - hear when somebody else changes a table of nftables.

The kernel tells of every change of any table (multicast group NFNLGRP_NFTABLES)
and counts its transactions.  While we change something ourselves we do not
listen, and count instead: a transaction that was not ours is noticed either way.

Source: linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h of Linux 6.1.
"""

import errno
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from responder.enforce.netlink import NETLINK_NETFILTER, Netlink, attributes, request
from responder.enforce.nftset import NFT

_GETGEN = NFT | 16
_GROUP = 7  # NFNLGRP_NFTABLES
_SOL_NETLINK, _ADD, _DROP = 270, 1, 2  # NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP
_PIECE = 1 << 18


class Watch:
    """Knows whether somebody else may have touched *table*."""

    def __init__(self, netlink: Netlink, table: str) -> None:
        self._netlink = netlink
        self._name = b"\x01\x00" + table.encode() + b"\0"  # each message's first attribute is the table's name
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER)
        self._socket.setblocking(False)
        self._socket.bind((0, 0))
        self._listen(_ADD)
        self._slipped = False

    def fileno(self) -> int:
        """Return what becomes readable when there may be news."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def touched(self) -> bool:
        """Tell whether somebody else may have touched the table since the last call."""
        touched, self._slipped = self._slipped, False
        while True:
            try:
                touched |= self._name in self._socket.recv(_PIECE)
            except BlockingIOError:
                return touched
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                touched = True  # more was said than we could hear

    @property
    def slipped(self) -> bool:
        """Tell whether a change of somebody else slipped in between ours, so that `touched` will say so."""
        return self._slipped

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Make one transaction inside that is not to be heard of; one that fails counts for none."""
        before = self.generation()
        self._listen(_DROP)
        made = 0
        try:
            yield
            made = 1
        finally:
            self._listen(_ADD)
            self._slipped |= self.generation() - before & 0xFFFFFFFF != made

    def generation(self) -> int:
        """Return the number of transactions that the kernel has made, modulo 2**32."""
        (reply, *_) = self._netlink.ask(request(_GETGEN, 0, b""))
        return int(struct.unpack("!I", dict(attributes(reply.payload))[1])[0])

    def _listen(self, change: int) -> None:
        self._socket.setsockopt(_SOL_NETLINK, change, _GROUP)

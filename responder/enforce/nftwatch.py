"""nftwatch - hear when somebody else changes our table of nftables.

The kernel tells of every change of any table (multicast group NFNLGRP_NFTABLES)
and counts its transactions.  While we change something ourselves we do not
listen, and count instead: a transaction that was not ours is noticed either way.

Source: linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h of Linux 6.1.
"""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from responder.enforce.netlink import NETLINK_NETFILTER, Netlink, attributes, request
from responder.enforce.nftset import NFT, WHOSE

_GETGEN = NFT | 16
_GROUP = 7  # NFNLGRP_NFTABLES
_SOL_NETLINK, _ADD, _DROP = 270, 1, 2  # NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP
_PIECE = 1 << 18
_NAMED = WHOSE[2:].rstrip(b"\0") + b"\0"  # each message's first attribute is the table's name


class Watch:
    """Knows whether somebody else may have touched our table."""

    def __init__(self, netlink: Netlink) -> None:
        self._netlink = netlink
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER)
        self._socket.setblocking(False)
        self._socket.bind((0, 0))
        self._listen(_ADD)
        self.owed = False
        """Somebody may have touched it, and it is not mended yet; whoever looks clears this first."""
        self.alone = True
        """During our last transaction there was no other."""

    def fileno(self) -> int:
        """Return what becomes readable when there may be news."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def touched(self) -> bool:
        """Tell whether somebody else may have touched the table and nobody has looked since."""
        while True:
            try:
                self.owed |= _NAMED in self._socket.recv(_PIECE)
            except BlockingIOError:
                return self.owed
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.owed = True  # more was said than we could hear

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Make one transaction inside that is not to be heard of; one that fails counts for none."""
        before = self._generation()
        self._listen(_DROP)
        made = 0
        try:
            yield
            made = 1
        finally:
            self._listen(_ADD)
            self.alone = self._generation() - before & 0xFFFFFFFF == made
            self.owed |= not self.alone

    def _generation(self) -> int:
        """Return the number of transactions that the kernel has made, modulo 2**32."""
        (reply, *_) = self._netlink.ask(request(_GETGEN, 0, b""))
        return int.from_bytes(dict(attributes(reply.payload)).get(1, b""))

    def _listen(self, change: int) -> None:
        self._socket.setsockopt(_SOL_NETLINK, change, _GROUP)

"""nftprobe - whether the kernel has what our table needs, asked before anything is made.

The sets are tried in a transaction that has no end, so that the kernel looks at
it and gives it up again.

Source: linux/netfilter/nf_tables.h of Linux 6.1.

Falls short: kernels before 5.7 do not refuse counters in sets but leave them out
unseen, so they are known by their number alone.
"""

import platform
import re

from responder.enforce.netlink import NLM_F_ACK, NLM_F_CREATE, Netlink, attribute, nest, request
from responder.enforce.nftset import INET, NFT, attempt
from responder.errors import FirewallError

_NEWTABLE, _NEWSET = NFT | 0, NFT | 9
_TABLE = attribute(1, b"responder-probe\0")
_TIMEOUT = 0x10  # NFT_SET_TIMEOUT
_COUNT_SINCE = (5, 7)


def open_netlink() -> Netlink:
    """Return a way to a kernel that can do what we need; raises FirewallError where it cannot, or we may not ask."""
    release = platform.release()
    try:
        netlink = Netlink()
    except OSError as error:
        raise FirewallError(f"the kernel ({release}) has no netfilter: {error.strerror}") from None
    try:
        _probe(netlink, release)
    except FirewallError:
        netlink.close()
        raise
    return netlink


def counts(release: str) -> bool:
    """Tell whether a kernel of this *release* knows sets whose elements count."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return not found or (int(found[1]), int(found[2])) >= _COUNT_SINCE


def _probe(netlink: Netlink, release: str) -> None:
    table = request(_NEWTABLE, INET, _TABLE, NLM_F_CREATE | NLM_F_ACK)
    try:
        netlink.do(attempt([table]))
    except PermissionError:
        raise FirewallError("nftables needs CAP_NET_ADMIN: run as root, or give the service that capability") from None
    except OSError as error:
        raise FirewallError(f"the kernel ({release}) has no nftables (nf_tables): {error.strerror}") from None
    try:
        netlink.do(attempt([table, request(_NEWSET, INET, _TABLE + _needed(), NLM_F_CREATE | NLM_F_ACK)]))
        lacking = "" if counts(release) else "it is older"
    except OSError as error:
        lacking = str(error.strerror)
    if lacking:
        needed = "nftables sets with timeouts and counters, which came with Linux 5.7"
        raise FirewallError(f"the kernel ({release}) has no {needed}: {lacking}")


def _needed() -> bytes:
    """Return a set of IPv4 addresses with timeouts that counts."""
    name, key = attribute(2, b"probe\0"), _number(4, 7) + _number(5, 4)
    return name + _number(3, _TIMEOUT) + key + _number(10, 1) + nest(17, attribute(1, b"counter\0"))


def _number(kind: int, value: int) -> bytes:
    return attribute(kind, value.to_bytes(4))

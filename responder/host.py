"""host - what this host cannot do without: its own addresses, its gateways, its resolvers.

Each goes onto the allowlist, because a ban of it would cut the host off by its
own hand.  Host names from the settings are resolved here, too.

Falls short: a router that appears between two looks is protected from the next
look on.  Name resolution takes as long as the resolver lets it, so the daemon
calls it from a thread of its own.
"""

import socket
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import psutil

from responder.decide.allowlist import Allowed
from responder.values import Prefix

_ROUTES_V4, _ROUTES_V6 = Path("/proc/net/route"), Path("/proc/net/ipv6_route")
_RESOLV_CONF = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


def indispensable() -> tuple[Allowed, ...]:
    """Return the addresses that this host must not lose, each once, as things stand now."""
    found = (*_own_addresses(), *_gateways(), *_resolvers())
    return tuple({allowed.prefix: allowed for allowed in reversed(found)}.values())


def resolve(name: str) -> tuple[Prefix, ...]:
    """Return the addresses of host *name*; raises OSError where the resolver has none."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError(f"{name!r} is no host name") from None
    return tuple(dict.fromkeys(Prefix.parse(str(address[0]).partition("%")[0]) for *_, address in found))


def _own_addresses() -> Iterator[Allowed]:
    for interface, addresses in psutil.net_if_addrs().items():
        for address in addresses:
            if address.family in (socket.AF_INET, socket.AF_INET6):
                yield Allowed(Prefix.parse(address.address.partition("%")[0]), f"own address on {interface}")


def _gateways() -> Iterator[Allowed]:
    """Yield the gateways in the kernel's routing tables.

    /proc/net/route has them as hexadecimal in the processor's byte order, third
    of the columns (proc(5)); /proc/net/ipv6_route as 32 hexadecimal digits,
    fifth of them (net/ipv6/route.c, rt6_info_route).
    """
    for line in _lines(_ROUTES_V4)[1:]:
        gateway = line.split()[2]
        if int(gateway, 16):
            number = int.from_bytes(bytes.fromhex(gateway), sys.byteorder)
            yield Allowed(Prefix.parse(str(IPv4Address(number.to_bytes(4)))), "gateway")
    for line in _lines(_ROUTES_V6):
        gateway = line.split()[4]
        if int(gateway, 16):
            yield Allowed(Prefix(int(gateway, 16), 128), "gateway")


def _resolvers() -> Iterator[Allowed]:
    """Yield the name servers in resolv.conf(5), and those behind systemd-resolved."""
    for path in _RESOLV_CONF:
        for line in _lines(path):
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                try:
                    yield Allowed(Prefix.parse(words[1].partition("%")[0]), "resolver")
                except ValueError:
                    continue


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []

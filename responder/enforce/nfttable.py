"""nfttable - our table of nftables but for its elements: the text that makes it, and how the kernel describes it.

Source: nft(8) 1.0.6; linux/netfilter/nf_tables.h of Linux 6.1.
"""

import platform
import re
from collections.abc import Sequence

import nftables

from responder.enforce.netlink import (
    NLM_F_ACK,
    NLM_F_DUMP,
    Netlink,
    Reply,
    attribute,
    attributes,
    request,
)
from responder.enforce.nftset import GETSETELEM, INET, NFT
from responder.errors import FirewallError
from responder.values import Prefix, Scope

TABLE_NAME = "responder"
TABLE = f"inet {TABLE_NAME}"
_SET_NAME = re.compile(r"(drop|reject)((?:_\d+)*)((?:_u\d+)*)_v([46])_(\d+)")
_GETTABLE, _GETCHAIN, _GETRULE, _GETSET = NFT | 1, NFT | 4, NFT | 7, NFT | 10
_SET_KNOWN_BY = (2, 3, 16)  # NFTA_SET_NAME, _FLAGS, _HANDLE; newer kernels also tell how full it is
_ALL_ONES = (1 << 128) - 1
_NEEDED = f"add set {TABLE} probe {{ type ipv4_addr; flags timeout; counter; }}"

Description = tuple[bytes, ...]


class Table:
    """The table ``inet responder``."""

    def __init__(self) -> None:
        """Raise FirewallError where libnftables or something in the kernel is missing, or we may not use it."""
        try:
            self._nft = nftables.Nftables()
        except OSError as error:
            raise FirewallError(f"libnftables cannot be loaded ({error}); install libnftables1") from None
        self.names: set[str] = set()
        """The sets of bans that we know to be there."""
        code, _, refusal = self._nft.cmd("list tables")
        if code:
            raise FirewallError(_why(refusal))
        self._probe()

    def run(self, commands: Sequence[str]) -> None:
        """Run nft *commands* in one transaction; raises FirewallError."""
        code, _, error = self._nft.cmd("\n".join(commands))
        if code != 0:
            raise FirewallError(f"nftables refused: {_first_line(error)}")

    def sets(self, netlink: Netlink) -> list[str]:
        """Return the names of the sets of bans that are there, whoever made them."""
        found = (bytes(dict(attributes(reply.payload))[2]) for reply in _dump(netlink, _GETSET))
        names = (name.rstrip(b"\0").decode(errors="replace") for name in found)
        return [name for name in names if _SET_NAME.fullmatch(name)]

    def description(self, netlink: Netlink) -> Description | None:
        """Return what the kernel says of the table, its chains, rules, sets and never-sets; None where there is none.

        The same before and after unless something but the elements of bans changed.
        """
        whose = attribute(1, TABLE_NAME.encode() + b"\0")
        try:
            table = netlink.ask(request(_GETTABLE, INET, whose, NLM_F_ACK))
            chains = [reply for reply in netlink.ask(request(_GETCHAIN, INET, b"", NLM_F_DUMP)) if _ours(reply.payload)]
            rules = _dump(netlink, _GETRULE)
            sets = [
                b"".join(bytes(value) for kind, value in attributes(reply.payload) if kind in _SET_KNOWN_BY)
                for reply in _dump(netlink, _GETSET)
            ]
            never = [
                reply
                for family in (4, 6)
                for reply in netlink.ask(
                    request(GETSETELEM, INET, whose + attribute(2, f"never{family}".encode() + b"\0"), NLM_F_DUMP)
                )
            ]
        except FileNotFoundError:
            return None
        return (*(bytes(reply.payload) for reply in (*table, *chains, *rules, *never)), *sets)

    def _probe(self) -> None:
        """Try in a transaction that is given up again what our sets need of the kernel."""
        broken = f"add rule {TABLE} nowhere drop"  # the chain is not there, so nothing of this will stay
        _, _, refusal = self._nft.cmd(f"add table {TABLE}\n{_NEEDED}\n{broken}")
        if "probe" in str(refusal):
            release = platform.release()
            raise FirewallError(f"the kernel ({release}) has no nftables sets that count; they came with Linux 5.7")


def make_table(never: Sequence[Prefix]) -> list[str]:
    """Return the commands that make the table with its chain and the sets of whom it never stops."""
    lines = [
        f"add table {TABLE}",
        f"add chain {TABLE} prerouting {{ type filter hook prerouting priority raw; policy accept; }}",
    ]
    for family, kind, field in ((4, "ipv4_addr", "ip saddr"), (6, "ipv6_addr", "ip6 saddr")):
        lines.append(f"add set {TABLE} never{family} {{ type {kind}; flags interval; auto-merge; }}")
        lines.append(f"add rule {TABLE} prerouting {field} @never{family} return")
    return [*lines, *never_elements(never)]


def never_elements(never: Sequence[Prefix]) -> list[str]:
    """Return the commands that make the never-sets hold *never* and nothing else."""
    lines = []
    for family in (4, 6):
        members = [f"{_text(prefix)}/{prefix.bits}" for prefix in never if prefix.family == family]
        lines.append(f"flush set {TABLE} never{family}")
        if members:
            lines.append(f"add element {TABLE} never{family} {{ {', '.join(members)} }}")
    return lines


def make_set(name: str) -> list[str]:
    """Return the commands that make the set *name* and the rules that use it."""
    scope, family, bits = parse_name(name)
    kind, field, width = ("ipv4_addr", "ip saddr", 32) if family == 4 else ("ipv6_addr", "ip6 saddr", 128)
    source = f"{field if bits == width else f'{field} & {_mask(family, bits)}'} @{name}"
    tcp, udp = (_ports("tcp", scope.ports), _ports("udp", scope.udp))
    if scope.verdict == "drop":
        rules = [f"{ports}{source} drop" for ports in (tcp, udp) if ports] or [f"{source} drop"]
    else:  # TCP hears a reset, which is believed where an ICMP error may be lost
        reset, refuse = f"{source} reject with tcp reset", f"{source} reject"
        rules = [f"{tcp}{reset}"] * bool(tcp) + [f"{udp}{refuse}"] * bool(udp)
        rules = rules or [f"meta l4proto tcp {reset}", refuse]
    return [
        f"add set {TABLE} {name} {{ type {kind}; flags timeout; counter; }}",
        *(f"add rule {TABLE} prerouting {rule}" for rule in rules),
    ]


def set_name(scope: Scope, family: int, bits: int) -> str:
    """Return the name of the set for prefixes of *bits* bits: ``reject_25_587_u53_v4_32``."""
    ports = "".join((*(f"_{port}" for port in scope.ports), *(f"_u{port}" for port in scope.udp)))
    return f"{scope.verdict}{ports}_v{family}_{bits}"


def parse_name(name: str) -> tuple[Scope, int, int]:
    """Return the scope, family and prefix length that `set_name` put into *name*."""
    found = _SET_NAME.fullmatch(name)
    assert found, name
    tcp = tuple(int(port) for port in found[2].split("_") if port)
    udp = tuple(int(port) for port in found[3].split("_u") if port)
    return Scope("drop" if found[1] == "drop" else "reject", tcp, udp), int(found[4]), int(found[5])


def _ports(protocol: str, ports: Sequence[int]) -> str:
    return f"{protocol} dport {{ {', '.join(map(str, ports))} }} " if ports else ""


def _text(prefix: Prefix) -> str:
    """Return the network without its length."""
    number = prefix.network
    if prefix.family == 4:
        return ".".join(map(str, (number & 0xFFFFFFFF).to_bytes(4)))
    return number.to_bytes(16).hex(":", 2)


def _mask(family: int, bits: int) -> str:
    if family == 4:
        return _text(Prefix(0xFFFF << 32 | (0xFFFFFFFF << 32 - bits & 0xFFFFFFFF), 128))
    return _text(Prefix(_ALL_ONES << 128 - bits & _ALL_ONES, 64))


def _dump(netlink: Netlink, kind: int) -> list[Reply]:
    """Return what the kernel lists of *kind* in our table."""
    whose = attribute(1, TABLE_NAME.encode() + b"\0")
    try:
        return [reply for reply in netlink.ask(request(kind, INET, whose, NLM_F_DUMP)) if _ours(reply.payload)]
    except FileNotFoundError:  # there is no table
        return []


def _ours(payload: memoryview) -> bool:
    return bytes(next(attributes(payload), (0, payload[:0]))[1]) == TABLE_NAME.encode() + b"\0"


def _why(error: str | bytes) -> str:
    line = _first_line(error)
    if "Operation not permitted" in line:
        return "nftables needs CAP_NET_ADMIN: run as root, or give the service that capability"
    return f"the kernel ({platform.release()}) has no nftables: {line}"


def _first_line(error: str | bytes) -> str:
    text = error.decode(errors="replace") if isinstance(error, bytes) else error
    lines = text.strip().splitlines()
    return lines[0].removeprefix("internal:0:0-0: ") if lines else "no reason given"

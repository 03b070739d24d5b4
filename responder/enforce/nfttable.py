"""nfttable - our table of nftables but for the bans: the text that makes it, and how the kernel describes it.

Source: nft(8) 1.0.6; linux/netfilter/nf_tables.h of Linux 6.1.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import nftables

from responder.enforce.netlink import NLM_F_ACK, NLM_F_DUMP, Netlink, Reply, attributes, request
from responder.enforce.nftban import parse_name
from responder.enforce.nftset import INET, NFT, TABLE_NAME, WHOSE, listed
from responder.errors import FirewallError
from responder.values import Prefix, Scope

TABLE = f"inet {TABLE_NAME}"
CHAIN = "prerouting"
_GETTABLE, _GETCHAIN, _GETRULE, _GETSET = NFT | 1, NFT | 4, NFT | 7, NFT | 10
_TABLE_USE, _CHAIN_USE, _SET_NAME, _SET_FLAGS = 3, 6, 2, 3
_SET_KNOWN_BY = (
    _SET_NAME,
    _SET_FLAGS,
    16,
)  # and flags and handle, with which a set is born; newer kernels tell how full it is
_FAMILIES = (4, 6)
_FIELDS = {4: "ip saddr", 6: "ip6 saddr"}
_ANONYMOUS = 1  # NFT_SET_ANONYMOUS: of a rule, and gone with it
_ALL_ONES = (1 << 128) - 1


class Description(NamedTuple):
    """What the kernel says of our table: the same again unless something but the bans was changed."""

    table: tuple[bytes, ...] = ()
    chains: tuple[bytes, ...] = ()
    rules: tuple[bytes, ...] = ()
    sets: tuple[bytes, ...] = ()
    never: tuple[bytes, ...] = ()

    def without_rules(self) -> "Description":
        """Return this but for the rules."""
        return self._replace(rules=())

    def differences(self, other: "Description") -> Iterator[str]:
        """Yield in words how *other* is not as this one."""
        words = (
            f"table {TABLE} was changed",
            f"chain {CHAIN} was changed",
            f"the rules of chain {CHAIN} were changed",
            f"the sets of table {TABLE} were changed",
            "who is never stopped was changed",
        )
        return (word for word, before, after in zip(words, self, other, strict=True) if before != after)


class Structure:
    """The table ``inet responder`` without its bans."""

    def __init__(self, netlink: Netlink) -> None:
        """Raise FirewallError where there is no libnftables."""
        self._netlink = netlink
        try:
            self._nft = nftables.Nftables()
        except OSError as error:
            raise FirewallError(f"libnftables cannot be loaded ({error}); install libnftables1") from None

    def run(self, commands: Iterable[str]) -> None:
        """Run nft *commands* in one transaction; raises FirewallError."""
        code, _, error = self._nft.cmd("\n".join(commands))
        if code != 0:
            raise FirewallError(f"nftables refused: {_first_line(error)}")

    def sets(self) -> list[str]:
        """Return the names of the sets of bans that are there, whoever made them."""
        found = (dict(attributes(reply.payload)).get(_SET_NAME, b"") for reply in self._list(_GETSET))
        names = (bytes(name).rstrip(b"\0").decode(errors="replace") for name in found)
        return [name for name in names if parse_name(name)]

    def describe(self) -> Description | None:
        """Return what the kernel says of the table; None where there is none."""
        try:
            table = self._netlink.ask(request(_GETTABLE, INET, WHOSE, NLM_F_ACK))
            never = [bytes(payload) for family in _FAMILIES for payload in self._never(family)]
        except FileNotFoundError:
            return None
        return Description(
            tuple(_without(reply, _TABLE_USE) for reply in table),
            tuple(_without(reply, _CHAIN_USE) for reply in self._list(_GETCHAIN)),
            tuple(bytes(reply.payload) for reply in self._list(_GETRULE)),
            tuple(sorted(_only(reply, _SET_KNOWN_BY) for reply in self._list(_GETSET) if not _anonymous(reply))),
            tuple(never),
        )

    def _never(self, family: int) -> list[memoryview]:
        try:
            return listed(self._netlink, f"never{family}")
        except FileNotFoundError:  # the set is gone, which the list of sets will tell
            return []

    def _list(self, kind: int) -> list[Reply]:
        """Return what the kernel lists of *kind* in our table."""
        try:
            replies = self._netlink.ask(request(kind, INET, WHOSE, NLM_F_DUMP))
        except FileNotFoundError:  # there is no table
            return []
        return [reply for reply in replies if bytes(reply.payload[: len(WHOSE)]) == WHOSE]


def make_table(never: Sequence[Prefix]) -> list[str]:
    """Return the commands that make the table anew, with its chain and the sets of whom it never stops."""
    lines = [
        f"add table {TABLE}",
        f"delete table {TABLE}",
        f"add table {TABLE}",
        f"add chain {TABLE} {CHAIN} {{ type filter hook prerouting priority raw; policy accept; }}",
    ]
    lines += [
        f"add set {TABLE} never{family} {{ type ipv{family}_addr; flags interval; auto-merge; }}"
        for family in _FAMILIES
    ]
    return [*lines, *never_elements(never), *make_rules(())]


def make_rules(names: Iterable[str]) -> list[str]:
    """Return the commands that give the chain its rules and no others, for the sets *names*."""
    first = [f"{field} @never{family} return" for family, field in _FIELDS.items()]
    rules = [*first, *(rule for name in names for rule in _rules(name))]
    return [f"flush chain {TABLE} {CHAIN}", *(f"add rule {TABLE} {CHAIN} {rule}" for rule in rules)]


def never_elements(never: Sequence[Prefix]) -> list[str]:
    """Return the commands that make the never-sets hold *never* and nothing else."""
    lines = []
    for family in _FAMILIES:
        members = [f"{_text(prefix)}/{prefix.bits}" for prefix in never if prefix.family == family]
        lines.append(f"flush set {TABLE} never{family}")
        if members:
            lines.append(f"add element {TABLE} never{family} {{ {', '.join(members)} }}")
    return lines


def make_set(name: str) -> list[str]:
    """Return the commands that make the set *name* and the rules that use it."""
    _, family, _ = _parsed(name)
    return [
        f"add set {TABLE} {name} {{ type ipv{family}_addr; flags timeout; counter; }}",
        *(f"add rule {TABLE} {CHAIN} {rule}" for rule in _rules(name)),
    ]


def _rules(name: str) -> list[str]:
    """Return the rules that stop whoever is in the set *name*."""
    scope, family, bits = _parsed(name)
    field, width = _FIELDS[family], 32 if family == 4 else 128
    source = f"{field if bits == width else f'{field} & {_mask(family, bits)}'} @{name}"
    tcp, udp = _ports("tcp", scope.ports), _ports("udp", scope.udp)
    if scope.verdict == "drop":
        return [f"{ports}{source} drop" for ports in (tcp, udp) if ports] or [f"{source} drop"]
    # TCP hears a reset, which is believed where an ICMP error may be lost
    reset, refuse = f"{source} reject with tcp reset", f"{source} reject"
    rules = [f"{tcp}{reset}"] * bool(tcp) + [f"{udp}{refuse}"] * bool(udp)
    return rules or [f"meta l4proto tcp {reset}", refuse]


def _parsed(name: str) -> tuple[Scope, int, int]:
    parsed = parse_name(name)
    assert parsed, name
    return parsed


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


def _anonymous(reply: Reply) -> bool:
    return int.from_bytes(dict(attributes(reply.payload)).get(_SET_FLAGS, b"")) & _ANONYMOUS != 0


def _without(reply: Reply, left_out: int) -> bytes:
    """Return the attributes of *reply* but one, which counts what is told elsewhere."""
    return _only(reply, [kind for kind, _ in attributes(reply.payload) if kind != left_out])


def _only(reply: Reply, kinds: Sequence[int]) -> bytes:
    """Return the values of some attributes of *reply*, in the kernel's order."""
    return b"".join(bytes(value) for kind, value in attributes(reply.payload) if kind in kinds)


def _first_line(error: str | bytes) -> str:
    text = error.decode(errors="replace") if isinstance(error, bytes) else error
    lines = text.strip().splitlines()
    return lines[0].removeprefix("internal:0:0-0: ") if lines else "no reason given"

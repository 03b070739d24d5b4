"""values - what the rooms hand each other.

    Position how far a file has been read               made in sources/
    Record   one log entry                              made in formats/
    Offence  this rule saw this address in this record  made in detect/
    Ban      whom, why, on what scope, until when       made in decide/
    Outcome  what the firewall answered                 made in enforce/

All are immutable.  A Prefix is canonical from the moment it is made, a time is
UTC epoch seconds, a collection is a tuple.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_network
from socket import AF_INET, AF_INET6, inet_pton
from types import MappingProxyType
from typing import Literal, NamedTuple, Self

_V4_SPACE = 0xFFFF << 32
_BITS = 128
_HIGHEST_PORT = 65535
_PORT = r"[1-9][0-9]{0,4}(?:/udp)?"
_SCOPE = re.compile(rf"(?:drop|reject)(?::{_PORT}(?:,{_PORT})*)?")

Verdict = Literal["drop", "reject"]


class Prefix(NamedTuple):
    """An address or network, IPv4 and IPv6 in one space of 128 bits.

    IPv4 lives where RFC 4291 (2.5.5.2) maps it, in ::ffff:0:0/96, so a v4-mapped
    IPv6 address and its IPv4 address are one value by construction.  Bits below
    *length* are zero.
    """

    network: int
    length: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the prefix that *text* names, an address or a CIDR network; host bits are cleared.

        Raises ValueError for host names, zone ids, short forms (127.1) and anything else.
        """
        if "%" in text:
            raise ValueError(f"{text!r} has a zone id, which names an interface of one host")
        try:
            network = ip_network(text.strip(), strict=False)
        except ValueError:
            raise ValueError(f"{text!r} is no IPv4 or IPv6 address or network") from None
        number = int(network.network_address)
        if network.version == 4:
            return cls(number | _V4_SPACE, network.prefixlen + 96)
        return cls(number, network.prefixlen)

    @classmethod
    def unpack(cls, packed: bytes, length: int = _BITS) -> Self:
        """Return the prefix whose 16 bytes `packed` gave."""
        return cls(int.from_bytes(packed), length)

    @property
    def family(self) -> Literal[4, 6]:
        """Return 4 or 6."""
        return 4 if self.length >= 96 and self.network >> 32 == 0xFFFF else 6

    @property
    def bits(self) -> int:
        """Return the prefix length as people write it: 0 to 32, or 0 to 128."""
        return self.length - 96 if self.family == 4 else self.length

    @property
    def packed(self) -> bytes:
        """Return the network as 16 bytes that sort as the addresses do."""
        return self.network.to_bytes(16)

    @property
    def last(self) -> int:
        """Return the highest address inside, as a number in the same space."""
        return self.network | ((1 << (_BITS - self.length)) - 1)

    @property
    def is_address(self) -> bool:
        """Tell whether this is one single address."""
        return self.length == _BITS

    def widen(self, bits_v4: int, bits_v6: int) -> "Prefix":
        """Return the network of at most that many bits which holds this prefix."""
        length = bits_v4 + 96 if self.family == 4 else bits_v6
        if length >= self.length:
            return self
        shift = _BITS - length
        return Prefix(self.network >> shift << shift, length)

    def covers(self, other: "Prefix") -> bool:
        """Tell whether *other* lies wholly inside this prefix; families never cover each other."""
        shift = _BITS - self.length
        return (
            self.length <= other.length
            and self.network >> shift == other.network >> shift
            and self.family == other.family
        )

    def __str__(self) -> str:
        """Return the text form: an address alone, or network/bits."""
        text = str(IPv4Address(self.network & 0xFFFFFFFF) if self.family == 4 else IPv6Address(self.network))
        return text if self.is_address else f"{text}/{self.bits}"


def parse_address(text: str) -> Prefix | None:
    """Return the single address that *text* is, or None: for text found in logs.

    The C library reads the same forms as `Prefix.parse`, in a tenth of the time.
    """
    try:
        if ":" in text:
            return Prefix(int.from_bytes(inet_pton(AF_INET6, text)), _BITS)
        return Prefix(int.from_bytes(inet_pton(AF_INET, text)) | _V4_SPACE, _BITS)
    except (OSError, ValueError):
        return None


class Scope(NamedTuple):
    """What a ban stops: *verdict* for packets to TCP *ports* and to *udp* ports; to everything where there are none."""

    verdict: Verdict = "drop"
    ports: tuple[int, ...] = ()
    udp: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the scope that `str` gave; raises ValueError for anything else."""
        verdict, _, listed = text.partition(":")
        if not _SCOPE.fullmatch(text):
            raise ValueError(f"{text!r} is no scope; it is drop or reject, with :PORT,PORT/udp")
        ports = [port.partition("/") for port in listed.split(",") if port]
        tcp = tuple(int(number) for number, _, protocol in ports if not protocol)
        udp = tuple(int(number) for number, _, protocol in ports if protocol)
        made = cls("drop" if verdict == "drop" else "reject", tcp, udp)
        if max((*tcp, *udp), default=0) > _HIGHEST_PORT or str(made) != text:
            raise ValueError(f"{text!r} is no scope; ports are at most {_HIGHEST_PORT}, those of TCP first")
        return made

    def __str__(self) -> str:
        """Return ``drop``, or ``reject:25,587,53/udp``."""
        ports = ",".join((*map(str, self.ports), *(f"{port}/udp" for port in self.udp)))
        return self.verdict + (f":{ports}" if ports else "")


class Position(NamedTuple):
    """How far one file has been read.

    *offset* is the first byte not yet handed out, always the start of a line.
    *head* (the file's first bytes) and *mark* (the last ones before *offset*)
    recognise the file when its name or inode no longer does.
    """

    path: str
    device: int
    inode: int
    offset: int
    head: bytes
    mark: bytes


Field = str | int | tuple[str, ...]


class Record(NamedTuple):
    """One log entry: when (epoch seconds), on which host, by which program, what it said.

    *fields* are what a structured entry says besides, by name.
    """

    time: float
    host: str
    program: str
    pid: str
    message: str
    fields: Mapping[str, Field] = MappingProxyType({})


class Offence(NamedTuple):
    """A rule saw an address do wrong.  *weight* counts against *policy*; *line* is the evidence."""

    address: Prefix
    rule: str
    policy: str
    weight: int
    time: float
    line: str


class Ban(NamedTuple):
    """Whom to keep out, on what scope, from when until when, and why.

    *nth* counts the bans of this prefix under this policy within its memory, from 1.
    *rule* is empty for a ban that no log line caused.
    """

    prefix: Prefix
    scope: Scope
    policy: str
    rule: str
    start: float
    expires: float
    nth: int
    reason: str


class Outcome(NamedTuple):
    """What the firewall did with one request, which is all or nothing: how many changes it made, or why none."""

    applied: int
    error: str = ""

"""dns - ask one DNS server on loopback one question at a time, and read what it says."""

import socket
import struct
from ipaddress import IPv4Address, ip_address
from typing import NamedTuple

A, NS, SOA, TXT = 1, 2, 6, 16
_INTERNET = 1


class Answer(NamedTuple):
    """The response code, and the data of the answers that were asked for."""

    code: int
    data: tuple[str, ...]


def ask(port: int, name: str, kind: int = A) -> Answer:
    """Ask the server on *port* for *name*: addresses, texts, or the serial number of a SOA.

    Asks again where a packet was lost; raises TimeoutError where there is no server.
    """
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    question = labels + b"\0" + struct.pack(">HH", kind, _INTERNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(2)
        for number in range(5):
            try:
                client.send(struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + question)
                return _read(client.recv(65535), 12 + len(question), kind)
            except (TimeoutError, ConnectionRefusedError):
                continue
    raise TimeoutError(f"no answer on port {port}")


def listed(port: int, name: str) -> set[str]:
    """Return the A records of *name*."""
    return set(ask(port, name).data)


def reverse(address: str) -> str:
    """Return what a blacklist is asked about *address*, without the zone; an IPv4-mapped one stays IPv6."""
    return ip_address(address).reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


def free_port() -> int:
    """Return a port of loopback that nobody has for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port: int = udp.getsockname()[1]
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _read(data: bytes, at: int, wanted: int) -> Answer:
    _, flags, _, answers, _, _ = struct.unpack(">HHHHHH", data[:12])
    found = []
    for _ in range(answers):
        at = _after_name(data, at)
        kind, _, _, length = struct.unpack(">HHIH", data[at : at + 10])
        at += 10
        if kind == wanted:
            found.append(_shown(data, at, length, kind))
        at += length
    return Answer(flags & 15, tuple(found))


def _shown(data: bytes, at: int, length: int, kind: int) -> str:
    if kind == A:
        return str(IPv4Address(data[at : at + 4]))
    if kind == SOA:
        return str(struct.unpack(">I", data[(at := _after_name(data, _after_name(data, at))) : at + 4])[0])
    text, end = b"", at + length
    while at < end and kind == TXT:
        text += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return text.decode("latin-1")


def _after_name(data: bytes, at: int) -> int:
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += 1 + data[at]
    return at + 1

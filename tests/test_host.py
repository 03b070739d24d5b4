"""What this host cannot do without is found in the kernel's own tables, in a network of the test's own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder import host
from responder.values import Prefix
from tests.enforce.namespace import inside


@pytest.fixture
def network() -> Iterator[None]:
    with inside():
        ip(
            "link add eth7 type veth peer name eth8",
            "link set eth8 up",
            "link set eth7 up",
            "addr add 192.0.2.25/24 dev eth7",
            "addr add 2001:db8:7::25/64 dev eth7 nodad",
            "addr add 198.51.100.1 peer 198.51.100.2 dev eth7",
            "route add default via 192.0.2.1 dev eth7",
            "route add 10.0.0.0/8 via 192.0.2.254 dev eth7",
            "route add 172.16.0.0/12 dev eth7",
            "-6 route add default via 2001:db8:7::1 dev eth7",
            "-6 route add 2001:db8:8::/48 via fe80::1 dev eth7",
        )
        yield


def ip(*commands: str) -> None:
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)


def why(address: str) -> str:
    found = {allowed.prefix: allowed.why for allowed in host.indispensable()}
    return found.get(Prefix.parse(address), "")


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1", "own address on lo"),
        ("::1", "own address on lo"),
        ("192.0.2.25", "own address on eth7"),
        ("2001:db8:7::25", "own address on eth7"),
        ("198.51.100.1", "own address on eth7"),
        ("192.0.2.1", "gateway"),
        ("192.0.2.254", "gateway"),
        ("2001:db8:7::1", "gateway"),
        ("fe80::1", "gateway"),
        ("0.0.0.0", ""),
        ("::", ""),
        ("192.0.2.2", ""),
        ("172.16.0.0", ""),
    ],
)
def test_own_addresses_and_gateways_are_found(network: None, address: str, reason: str) -> None:
    """Of both families, on every interface, for every route; and nothing else is."""
    assert why(address) == reason


@pytest.mark.kernel
def test_each_address_comes_once(network: None) -> None:
    """Even one that is our own and a gateway: its first reason counts."""
    ip("-6 route add 2001:db8:9::/48 via 2001:db8:7::1 dev eth7")
    found = [allowed.prefix for allowed in host.indispensable()]

    assert len(found) == len(set(found))


@pytest.mark.kernel
def test_a_new_address_is_seen_at_the_next_look(network: None) -> None:
    """And one that went is gone."""
    ip("addr add 203.0.113.25/32 dev eth7", "addr del 192.0.2.25/24 dev eth7")

    assert why("203.0.113.25") == "own address on eth7"
    assert why("192.0.2.25") == ""


def test_resolvers_are_read_as_libc_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that name servers, whatever else stands there; a zone id and nonsense do no harm, nor does no file."""
    path = tmp_path / "resolv.conf"
    path.write_bytes(
        b"# nameserver 192.0.2.1\nsearch example.org\nnameserver 192.0.2.53\n  nameserver\t2001:db8::53\n"
        b"nameserver fe80::53%eth0\nnameserver\nnameserver nonsense\nnameserver \xff\noptions edns0\n"
    )
    monkeypatch.setattr(host, "_RESOLV_CONF", (path, tmp_path / "missing"))

    found = {allowed.prefix for allowed in host.indispensable() if allowed.why == "resolver"}

    assert found == {Prefix.parse(address) for address in ("192.0.2.53", "2001:db8::53", "fe80::53")}


def test_a_host_name_becomes_its_addresses_each_once() -> None:
    """What is no name, and what nobody knows, is an OSError."""
    found = host.resolve("localhost")

    assert set(found) <= {Prefix.parse("127.0.0.1"), Prefix.parse("::1")}
    assert len(found) == len(set(found)) > 0
    assert host.resolve("192.0.2.7") == (Prefix.parse("192.0.2.7"),)
    for name in ("office..example.org", "x" * 64 + ".example.org", "2001:db8::zz"):
        with pytest.raises(OSError, match=r".+"):
            host.resolve(name)

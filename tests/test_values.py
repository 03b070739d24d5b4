"""A Prefix is canonical from the moment it is made, and every value prints as what it was read from."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.values import Prefix, Scope, parse_address

V4 = st.ip_addresses(v=4).map(lambda address: Prefix.parse(str(address)))
V6 = st.ip_addresses(v=6).map(lambda address: Prefix.parse(str(address)))


@st.composite
def prefixes(draw: st.DrawFn) -> Prefix:
    """Prefixes of both families, near each other often enough to meet."""
    few = st.integers(0, 7).map(lambda low: 0xC0000200 + low)
    text = str(IPv4Address(draw(few | st.integers(0, 2**32 - 1))))
    longest = 32
    if draw(st.booleans()):
        near = st.integers(0, 7).map(lambda low: (0x20010DB8 << 96) + (low << 62))
        mapped = few.map(lambda low: (0xFFFE << 32) + low)
        text, longest = str(IPv6Address(draw(near | mapped | st.integers(0, 2**128 - 1)))), 128
    return Prefix.parse(f"{text}/{draw(st.integers(0, longest))}")


@given(prefixes())
def test_a_prefix_reads_back_from_its_text(prefix: Prefix) -> None:
    """What is printed names the same network, and so do its packed bytes."""
    assert Prefix.parse(str(prefix)) == prefix
    assert Prefix.unpack(prefix.packed, prefix.length) == prefix


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_ipv4_prefixes_print_as_people_write_them(address: IPv4Address, bits: int) -> None:
    """Host bits are cleared; a single address has no /32."""
    prefix = Prefix.parse(f"{address}/{bits}")

    network = ip_network(f"{address}/{bits}", strict=False)
    assert str(prefix) == (str(network) if bits < 32 else str(address))
    assert (prefix.family, prefix.bits, prefix.is_address) == (4, bits, bits == 32)


@given(st.ip_addresses(v=6), st.integers(0, 128))
def test_ipv6_prefixes_print_as_rfc_5952_says(address: IPv6Address, bits: int) -> None:
    """Unless they are IPv4 in disguise."""
    prefix = Prefix.parse(f"{address}/{bits}")

    network = ip_network(f"{address}/{bits}", strict=False)
    if prefix.family == 6:
        assert str(prefix) == (str(network) if bits < 128 else str(address))
        assert prefix.bits == bits


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_mapped_ipv6_address_is_its_ipv4_address(address: IPv4Address, bits: int) -> None:
    """A dual-stack socket reports ::ffff:192.0.2.7; that is 192.0.2.7."""
    assert Prefix.parse(f"::ffff:{address}/{bits + 96}") == Prefix.parse(f"{address}/{bits}")
    assert parse_address(f"::FFFF:{address}") == parse_address(str(address))


def test_a_network_around_the_mapped_ones_is_ipv6() -> None:
    """::/95 and shorter hold more than IPv4, so they are no IPv4 networks."""
    assert Prefix.parse("::ffff:0:0/96") == Prefix.parse("0.0.0.0/0")
    assert Prefix.parse("::fffe:0:0/95").family == 6
    assert str(Prefix.parse("::/0")) == "::/0"


@pytest.mark.parametrize(
    "text",
    [
        "fe80::1%eth0", "192.0.2.7%1", "mx.example.org", "localhost", "127.1", "2130706433", "0x7f.0.0.1",
        "192.0.2.07", "192.0.02.7", "192.0.2.256", "192.0.2.7.", "192.0.2", "192.0.2.7/33", "2001:db8::/129",
        "192.0.2.7/-1", "1::2::3", ":", "", " ", "192.0.2.7 192.0.2.8", "١٩٢.0.2.7", "192.0.2.7/٣", "[2001:db8::1]",
        "192.0.2.7:25",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """Nothing is guessed, and nothing is looked up."""
    with pytest.raises(ValueError, match=r"is no|has a zone"):
        Prefix.parse(text)
    assert parse_address(text) is None


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    """Logs hold anything."""
    found = parse_address(text)

    assert found is None or found == Prefix.parse(str(ip_address(text.strip())))


def test_an_address_in_a_log_is_one_address() -> None:
    """A network, even of one address, was not the peer of a connection."""
    assert parse_address("192.0.2.0/24") is None
    assert parse_address("192.0.2.7/32") is None
    assert parse_address("192.0.2.7") == Prefix.parse("192.0.2.7")


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("192.0.2.7", "192.0.2.0/24"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("192.0.0.0/16", "192.0.0.0/16"),
        ("2001:db8::/32", "2001:db8::/32"), ("::1", "::/64"), ("::ffff:192.0.2.7", "192.0.2.0/24"),
    ],
)  # fmt: skip
def test_widening_clears_bits_and_never_narrows(narrow: str, wide: str) -> None:
    """A prefix that is wider already stays as it is."""
    assert Prefix.parse(narrow).widen(24, 64) == Prefix.parse(wide)


@given(prefixes(), st.integers(0, 32), st.integers(0, 128))
def test_a_widened_prefix_covers_what_it_was(prefix: Prefix, bits_v4: int, bits_v6: int) -> None:
    """So a ban of the network is a ban of the address."""
    wide = prefix.widen(bits_v4, bits_v6)

    # Only IPv6 networks so wide that they hold the IPv4 space as well may grow out of a family.
    assert wide.covers(prefix) == (wide.family == prefix.family)
    assert wide.family == prefix.family
    assert wide.bits == min(prefix.bits, bits_v4 if prefix.family == 4 else bits_v6)


@given(prefixes(), prefixes())
def test_covering_is_as_the_standard_library_says(one: Prefix, other: Prefix) -> None:
    """Families never cover each other."""
    mine, theirs = ip_network(str(one)), ip_network(str(other))

    inside = mine.version == theirs.version and theirs.subnet_of(mine)  # type: ignore[arg-type]
    assert one.covers(other) == inside


def test_families_never_cover_each_other() -> None:
    """A ban of all IPv6 is none of IPv4, though IPv4 lives inside that space here."""
    assert not Prefix.parse("::/0").covers(Prefix.parse("192.0.2.7"))
    assert not Prefix.parse("::/64").covers(Prefix.parse("0.0.0.0/0"))
    assert not Prefix.parse("0.0.0.0/0").covers(Prefix.parse("::1"))


@given(prefixes(), prefixes())
def test_packed_prefixes_sort_as_their_addresses(one: Prefix, other: Prefix) -> None:
    """The store finds ranges by comparing bytes."""
    assert (one.packed < other.packed) == (one.network < other.network)
    assert len(one.packed) == 16


@given(prefixes())
def test_last_is_the_highest_address_inside(prefix: Prefix) -> None:
    """And what comes after it is outside."""
    assert prefix.covers(Prefix(prefix.last, 128)) or prefix.family != Prefix(prefix.last, 128).family
    assert prefix.last - prefix.network + 1 == 1 << (128 - prefix.length)


PORTS = st.lists(st.integers(1, 65535), max_size=5).map(lambda ports: (*ports,))
SCOPES = st.builds(Scope, st.sampled_from(["drop", "reject"]), PORTS, PORTS)


@given(SCOPES)
def test_a_scope_reads_back_from_its_text(scope: Scope) -> None:
    """The store and the firewall actor get it as text."""
    assert Scope.parse(str(scope)) == scope


@pytest.mark.parametrize(
    "text", ["", "allow", "DROP", "drop:", "drop:x", "drop:-5", "drop:25,", "drop:,25", "drop: 25", "drop:٢٥", "drop:0",
             "drop:65536", "drop:53/udp,25", "drop:25/tcp", "drop:53/udp/udp"],
)  # fmt: skip
def test_what_is_no_scope_is_refused(text: str) -> None:
    """A damaged store never becomes a firewall rule."""
    with pytest.raises(ValueError, match="is no scope"):
        Scope.parse(text)


@given(st.text())
def test_only_the_text_of_a_scope_is_a_scope(text: str) -> None:
    """There is one way to write each."""
    try:
        scope = Scope.parse(text)
    except ValueError:
        return
    assert str(scope) == text

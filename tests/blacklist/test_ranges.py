"""Networks are read as lists write them, and a range is the fewest networks."""

from ipaddress import ip_address, ip_network, summarize_address_range

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.blacklist.ranges import Holes, networks, parse
from responder.values import Prefix


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.7", ["192.0.2.7"]),
        ("192.0.2.0/24", ["192.0.2.0/24"]),
        ("192.0.2", ["192.0.2.0/24"]),
        ("192.0", ["192.0.0.0/16"]),
        ("127/8", ["127.0.0.0/8"]),
        ("127.16/12", ["127.16.0.0/12"]),
        ("192.0.2.0-192.0.2.255", ["192.0.2.0/24"]),
        ("192.0.2.1-9", ["192.0.2.1", "192.0.2.2/31", "192.0.2.4/30", "192.0.2.8/31"]),
        ("192.0.2.1 - 192.0.2.3", ["192.0.2.1", "192.0.2.2/31"]),
        ("127-127.0.0", ["127.0.0.0/24"]),
        ("127.16-31", ["127.16.0.0/12"]),
        ("127.16.0-127.31.255", ["127.16.0.0/12"]),
        ("2001:db8::/48", ["2001:db8::/48"]),
        ("2001:db8:1:2", ["2001:db8:1:2::/64"]),
        ("2001:db8:c000/36", ["2001:db8:c000::/36"]),
        ("2001:db8::1", ["2001:db8::1"]),
        ("2001:db8::-2001:db8::3", ["2001:db8::/126"]),
        ("::ffff:7f00:2", ["127.0.0.2"]),
    ],
)
def test_a_range_is_read_as_rbldnsd_reads_it(text: str, found: list[str]) -> None:
    """The forms of its manual."""
    assert [str(prefix) for prefix in parse(text)] == found


@pytest.mark.parametrize(
    "text", ["", "-", "x", "192.0.2.9-1", "192.0.2.0/24-192.0.3.0/24", "192.0.2.1-::1", "1.2.3.4.5", "300", "::/200"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)


_NUMBERS = st.integers(0, 2**32 - 1) | st.integers(0, 600)


@given(_NUMBERS, _NUMBERS)
def test_a_range_is_the_fewest_networks(one: int, other: int) -> None:
    """As the standard library counts them."""
    low, high = sorted((one, other))
    wanted = [str(net) for net in summarize_address_range(ip_address(low), ip_address(high))]

    assert [
        f"{text}/32" if "/" not in text else text for text in map(str, parse(f"{ip_address(low)}-{ip_address(high)}"))
    ] == wanted


_SMALL = st.builds(
    lambda number, bits: Prefix.parse(f"{ip_address(0xC0000200 + number)}/{bits}"),
    st.integers(0, 255),
    st.integers(24, 32),
)


@given(_SMALL, st.lists(_SMALL, max_size=6))
def test_what_is_excluded_is_not_in_what_remains(prefix: Prefix, taken: list[Prefix]) -> None:
    """And everything else of the network is, once."""
    rest = [address for part in Holes(taken).around(prefix) for address in ip_network(str(part))]
    excluded = {address for part in taken for address in ip_network(str(part))}

    assert rest == [address for address in ip_network(str(prefix)) if address not in excluded]


def test_the_whole_of_ipv6_is_one_network() -> None:
    assert list(networks(0, 2**128 - 1)) == [Prefix(0, 0)]

"""Elements of nftables' sets: what the kernel takes and lists is what was meant, however it lays it out."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.enforce.backend import Target
from responder.enforce.netlink import Netlink, attribute, nest
from responder.enforce.nftban import milliseconds, parse_name, place, read, set_name
from responder.enforce.nftset import FOREVER, Element, adding, decode, finding, listing, removing, transaction
from responder.values import Prefix, Scope
from tests.enforce.namespace import inside, nft

_NUMBERS = st.integers(0, (1 << 64) - 1)
_ENOUGH = 86_400_000


def keys(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def elements(size: int) -> st.SearchStrategy[list[Element]]:
    """Return lists of elements with different keys, as sets have them."""
    one = st.builds(Element, keys(size), _NUMBERS, _NUMBERS, _NUMBERS)
    return st.lists(one, unique_by=lambda element: element.key, max_size=20)


def counter(element: Element) -> bytes:
    octets, packets = attribute(1, element.octets.to_bytes(8)), attribute(2, element.packets.to_bytes(8))
    return nest(7, attribute(1, b"counter\0"), nest(2, octets, packets))


def as_listed(element: Element, *more: bytes) -> bytes:
    """Return an element as the kernel lists it."""
    times = attribute(4, bytes(7) + b"\1") + attribute(5, element.left.to_bytes(8))
    return nest(1, nest(1, attribute(1, element.key)), counter(element), *more, times)


def reply(*listed: bytes) -> memoryview:
    return memoryview(attribute(1, b"responder\0") + attribute(2, b"drop_v4_32\0") + nest(3, *listed))


@given(st.sampled_from((4, 16)).flatmap(elements), st.data())
def test_a_listing_is_read_in_whatever_layout(written: list[Element], data: st.DataObject) -> None:
    """All alike, or some with attributes that we know nothing of."""
    more = [data.draw(st.sampled_from(([], [attribute(3, bytes(4))], [attribute(6, b"word")]))) for _ in written]

    assert [*decode(reply(*map(as_listed, written)))] == written
    assert [*decode(reply(*(as_listed(one, *extra) for one, extra in zip(written, more, strict=True))))] == written


def test_an_element_without_an_end_or_a_counter_is_read() -> None:
    """As somebody else may have added it."""
    bare = nest(1, nest(1, attribute(1, b"\1\2\3\4")))

    assert [*decode(reply(bare))] == [Element(b"\1\2\3\4", FOREVER)]
    assert [*decode(reply(as_listed(Element(b"\1\2\3\5", 7, 1, 2)), bare))][1] == Element(b"\1\2\3\4", FOREVER)


@given(st.data(), elements(4))
def test_a_listing_that_is_broken_anywhere_is_read_without_end_or_error(
    data: st.DataObject, written: list[Element]
) -> None:
    """Bytes that are others than they should be, and a cut, make other elements or fewer, and nothing worse."""
    whole = bytearray(reply(*map(as_listed, written)))
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = memoryview(whole)[: data.draw(st.integers(0, len(whole)))]

    assert len([*decode(cut)]) <= len(whole) // 12


@given(st.binary(max_size=300))
def test_noise_holds_no_elements_that_are_not_there(noise: bytes) -> None:
    """Reading it ends."""
    assert len([*decode(reply(noise))]) <= len(noise) // 4


_SCOPES = st.builds(
    Scope,
    st.sampled_from(("drop", "reject")),
    st.lists(st.integers(1, 65535), max_size=4).map(tuple),
    st.lists(st.integers(1, 65535), max_size=4).map(tuple),
)


@st.composite
def prefixes(draw: st.DrawFn) -> Prefix:
    if draw(st.booleans()):
        return Prefix(0xFFFF << 32 | draw(st.integers(0, (1 << 32) - 1)), 128).widen(draw(st.integers(0, 32)), 128)
    address = draw(st.integers(0, (1 << 128) - 1))
    return Prefix(address, 128).widen(32, draw(st.integers(0, 128)))


@given(prefixes(), _SCOPES, st.integers(1, 1 << 40), _NUMBERS)
def test_a_ban_is_known_again_by_its_set_and_key(prefix: Prefix, scope: Scope, left: int, packets: int) -> None:
    """Every prefix and scope has a place of its own, and its ending comes back to the millisecond."""
    target = Target(prefix, scope)
    name, key = place(target)

    ((found, held),) = read(name, [Element(key, left, packets, 7)], 0.0)

    assert found == target
    assert abs(milliseconds(held.expires) - left) <= 1
    assert held[1:] == (packets, 7)
    assert nameable(name)


def nameable(name: str) -> bool:
    """Tell whether the kernel takes *name*."""
    return len(name) < 256 and name.replace("_", "").isalnum()


@pytest.mark.parametrize(
    "name", ["never4", "__set0", "drop_v4_33", "drop_v6_129", "drop_025_v4_32", "drop", "x_drop_v4_32", "drop_v5_1"]
)
def test_sets_of_others_are_not_taken_for_ours(name: str) -> None:
    """Nor those that only look like ours."""
    assert parse_name(name) is None
    assert [*read(name, [Element(bytes(4), 1)], 0.0)] == []


def test_a_key_of_the_wrong_size_is_no_ban() -> None:
    """Somebody else may have made a set of our name with keys of his own."""
    assert [*read(set_name(Scope(), 4, 32), [Element(bytes(16), 1)], 0.0)] == []


@pytest.fixture(scope="module")
def netlink() -> Iterator[Netlink]:
    """Return a way to a kernel that has a set of each family."""
    with inside():
        made = Netlink()
        nft("add table inet responder")
        for name, kind in (("four", "ipv4_addr"), ("sixteen", "ipv6_addr")):
            nft(f"add set inet responder {name} {{ type {kind}; flags timeout; counter; }}")
        yield made
        made.close()


_COUNTS = st.integers(0, 1 << 60)


@pytest.mark.kernel
@settings(max_examples=50, deadline=None)
@given(st.sampled_from((("four", 4), ("sixteen", 16))), st.data())
def test_the_kernel_holds_what_was_added_and_not_what_was_removed(
    netlink: Netlink, kind: tuple[str, int], data: st.DataObject
) -> None:
    """With counters that go on and times that run, in one transaction, many at a time; asked for all or for some."""
    name, size = kind
    element = st.builds(Element, keys(size), st.integers(_ENOUGH, 1 << 40), st.integers(1, 1 << 60), _COUNTS)
    some = data.draw(st.lists(element, unique_by=lambda one: one.key, min_size=1, max_size=30))
    fresh = data.draw(keys(size).filter(lambda key: key not in {one.key for one in some}))
    more = [Element(n.to_bytes(size), _ENOUGH) for n in range(1, 1500)] if data.draw(st.integers(0, 9)) == 9 else []
    added = {one.key: one for one in [*more, Element(fresh, _ENOUGH), *some]}
    removed = data.draw(st.lists(st.sampled_from(sorted(added)), unique=True, max_size=5))
    netlink.do(transaction([*adding(name, added.values())]))
    if removed:
        netlink.do(transaction([*removing(name, removed)]))
    kept = {key: one for key, one in added.items() if key not in removed}

    found = {one.key: one for one in finding(netlink, name, added)}
    listed = {one.key: one for one in listing(netlink, name)}

    assert found.keys() == kept.keys()
    if not more:  # a set that is still being enlarged may be listed in part
        assert listed.keys() == kept.keys()
    for key, one in {**found, **listed}.items():
        assert one[2:] == kept[key][2:]
        assert 0 <= kept[key].left - one.left < _ENOUGH
    nft(f"flush set inet responder {name}")

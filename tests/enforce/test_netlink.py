"""Netlink messages: what is written is read back, and nothing that is broken keeps the reader."""

import errno
import struct
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.enforce.netlink import NLM_F_ACK, NLM_F_DUMP, Netlink, attribute, attributes, messages, nest, request
from tests.enforce.namespace import nft

_TYPES = st.integers(0, 0x3FFF)
_ATTRIBUTES = st.lists(st.tuples(_TYPES, st.binary(max_size=40)))


def read(payload: bytes) -> list[tuple[int, bytes]]:
    return [(kind, bytes(value)) for kind, value in attributes(memoryview(payload))]


@given(_ATTRIBUTES)
def test_attributes_are_read_as_they_were_written(written: list[tuple[int, bytes]]) -> None:
    """Of any type and length, one after the other or nested; each begins at a multiple of four."""
    payload = b"".join(attribute(kind, value) for kind, value in written)

    assert len(payload) % 4 == 0
    assert read(payload) == written
    assert read(nest(7, payload)) == [(7, payload)]


@given(_ATTRIBUTES, st.data())
def test_attributes_that_are_cut_off_are_read_up_to_the_cut(
    written: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    """What is left are the first of them, whole."""
    payload = b"".join(attribute(kind, value) for kind, value in written)
    left = read(payload[: data.draw(st.integers(0, len(payload)))])

    assert left == written[: len(left)]


@given(st.binary(max_size=200))
def test_whatever_the_attributes_are_reading_ends(payload: bytes) -> None:
    """Noise holds no more than fits into it."""
    assert sum(4 + len(value) for _, value in read(payload)) <= len(payload)


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40))))
def test_messages_are_read_as_they_were_written(written: list[tuple[int, bytes]]) -> None:
    """With what they carry; each begins at a multiple of four."""
    datagram = b"".join(request(kind, 1, value + bytes(-len(value) % 4)) for kind, value in written)

    found = [(kind, bytes(payload[4:])) for kind, _, _, payload in messages(memoryview(datagram))]

    assert found == [(kind, value + bytes(-len(value) % 4)) for kind, value in written]


@given(st.one_of(st.binary(max_size=100), st.integers(0, 40).map(lambda end: (request(9, 1, b"") * 2)[:end])))
def test_a_broken_datagram_is_read_to_where_it_breaks_and_refused(datagram: bytes) -> None:
    """Whatever its lengths say."""
    found: list[memoryview] = []
    broken = ""
    try:
        found.extend(payload for _, _, _, payload in messages(memoryview(datagram)))
    except OSError as error:
        broken = errno.errorcode[error.errno or 0]

    assert broken == "EBADMSG" or sum(-(-len(payload) // 4) * 4 + 16 for payload in found) >= len(datagram)


GETTABLE, INET = 10 << 8 | 1, 1


@pytest.fixture
def netlink(network: None) -> Iterator[Netlink]:
    with closing(Netlink()) as made:
        yield made


@pytest.mark.kernel
def test_a_refusal_is_the_error_that_it_is_and_the_next_question_is_answered(netlink: Netlink) -> None:
    """Each answer goes to its own question, though another was given up."""
    nft("add table inet here")

    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            netlink.ask(request(GETTABLE, INET, attribute(1, b"nowhere\0")))
        with pytest.raises(FileNotFoundError):
            netlink.do([request(GETTABLE, INET, attribute(1, b"nowhere\0"), NLM_F_ACK)] * 5)
        (reply, *_) = netlink.ask(request(GETTABLE, INET, b"", NLM_F_DUMP))
        assert bytes(dict(attributes(reply.payload))[1]) == b"here\0"
        found = netlink.ask_each([request(GETTABLE, INET, attribute(1, name), 0) for name in (b"here\0", b"nowhere\0")])
        assert [reply is not None for reply in found] == [True, False]


@pytest.mark.kernel
def test_a_batch_of_which_all_is_refused_is_one_refusal(netlink: Netlink) -> None:
    """The refusals of thousands of large messages do not fill the socket for those who come after."""
    begin, end = (request(kind, 0, b"", 0, resource=10) for kind in (16, 17))
    element = nest(1, nest(1, attribute(1, bytes(4))))
    broken = attribute(1, b"nowhere\0") + attribute(2, b"nothing\0") + nest(3, *[element] * 600)

    with pytest.raises(FileNotFoundError):
        netlink.do([begin, *[request(10 << 8 | 12, INET, broken)] * 2000, end])

    assert netlink.ask(request(GETTABLE, INET, b"", NLM_F_DUMP)) == []


def test_a_header_is_as_the_kernel_reads_it() -> None:
    """Lengths and types in the machine's order, the resource in the network's."""
    assert request(0x0A01, 1, b"data", 4, 10) == struct.pack("=IHHII", 24, 0x0A01, 5, 0, 0) + b"\x01\x00\x00\x0adata"

"""The same messages come out of Frames however the bytes were cut, and hostile bytes are refused."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.errors import ProtocolError
from responder.framing import Frames, Message, encode

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MESSAGES = st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=5)


def feed_in_pieces(data: bytes, cuts: list[int], longest: int = 1 << 20) -> list[Message]:
    frames, messages = Frames(longest), []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for begin, end in pairwise(edges):
        messages += frames.feed(data[begin:end])
    return messages


@given(MESSAGES, st.lists(st.integers(0, 10_000)))
def test_any_cut_of_any_messages_gives_the_same_messages(messages: list[Message], cuts: list[int]) -> None:
    """A stream socket knows no borders."""
    data = b"".join(map(encode, messages))

    assert feed_in_pieces(data, cuts) == messages


@given(st.dictionaries(st.text(), VALUES))
def test_a_message_is_one_line(message: Message) -> None:
    """Whatever text is in it."""
    assert encode(message).count(b"\n") == 1


def test_empty_lines_are_nothing() -> None:
    """A peer may end lines with CRLF or send blank ones."""
    assert Frames().feed(b'\r\n\n{"a": 1}\r\n \n') == [{"a": 1}]


@given(st.integers(1, 40), st.lists(st.integers(0, 100)))
def test_a_line_is_too_long_or_not_however_it_is_cut(length: int, cuts: list[int]) -> None:
    """Or a peer could have more memory by sending more at once."""
    line = encode({"a": "x" * length})

    if len(line) - 1 <= 28:
        assert feed_in_pieces(line, cuts, longest=28) == [{"a": "x" * length}]
    else:
        with pytest.raises(ProtocolError, match="more than 28 bytes"):
            feed_in_pieces(line, cuts, longest=28)


def test_a_line_without_end_is_refused_once_it_is_too_long() -> None:
    """It is not kept until its end comes."""
    frames = Frames(longest=100)
    frames.feed(b"x" * 60)

    with pytest.raises(ProtocolError, match="more than 100 bytes"):
        frames.feed(b"x" * 60)


def test_many_lines_may_together_be_longer_than_one() -> None:
    """Only a line is bounded."""
    assert len(Frames(longest=10).feed(b"{}\n" * 100)) == 100


@pytest.mark.parametrize("line", ["[]", "1", '"text"', "null", "true"])
def test_json_that_is_no_object_is_refused(line: str) -> None:
    """A message has names for its parts."""
    with pytest.raises(ProtocolError, match="no object"):
        Frames().feed(line.encode() + b"\n")


@pytest.mark.parametrize(
    "line",
    [b"x", b"{", b"{'a': 1}", b'{"a": \xff}', b"\x00", b"{" * 100_000, b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000],
)
def test_what_is_no_json_is_refused(line: bytes) -> None:
    """Deep nesting and long numbers, too: they must not end the process."""
    with pytest.raises(ProtocolError, match="no JSON"):
        Frames().feed(line + b"\n")


@given(st.lists(st.binary(), max_size=5))
def test_any_bytes_give_messages_or_a_protocol_error(pieces: list[bytes]) -> None:
    """The peer may be hostile."""
    frames = Frames(longest=50)
    try:
        for piece in pieces:
            for message in frames.feed(piece):
                assert isinstance(message, dict)
    except ProtocolError:
        return

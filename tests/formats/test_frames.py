"""Messages in a stream, in either framing: whole, in order, however they arrive."""

from hypothesis import given
from hypothesis import strategies as st

from responder.formats.frames import Frames
from responder.formats.uniform import LONGEST, MARK
from tests.formats.test_export import CUTS, pieces


def read(parts: list[bytes]) -> list[bytes]:
    """Return the messages that come out when *parts* are fed one after another."""
    frames = Frames()
    return [message for part in parts for message in frames.feed(part)]


TEXT = st.binary(max_size=50)
COUNTED = TEXT.map(lambda text: b"<13>" + text).map(lambda text: (text, b"%d %b" % (len(text), text)))
ENDED = st.tuples(
    TEXT.map(lambda text: b"<13>" + text.replace(b"\n", b"").replace(b"\0", b"")), st.sampled_from([b"\n", b"\0"])
).map(lambda both: (both[0], both[0] + both[1]))


@given(st.lists(st.one_of(COUNTED, ENDED), max_size=8), CUTS)
def test_messages_come_out_as_they_went_in(messages: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    """Both framings may be mixed, and a counted message may hold line ends."""
    data = b"".join(framed for _, framed in messages)

    assert read(pieces(data, cuts)) == [text for text, _ in messages]


HOSTILE = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from([b"\n", b"\0", b"5 <13>", b"999999999 <", b"9999999999 <", b"0 <", b"12", b"12 ", b" <"]),
        st.sampled_from([b"x" * LONGEST, b"y" * 2 * LONGEST, b"20000 <" + b"z" * 19_999]),
    ),
    max_size=20,
).map(b"".join)


@given(HOSTILE, CUTS)
def test_any_bytes_are_messages_or_none(data: bytes, cuts: list[int]) -> None:
    """The same ones however they are cut up, and never an exception; none is too long."""
    messages = read(pieces(data, cuts))

    assert messages == read([data])
    assert all(0 < len(message) <= LONGEST + len(MARK) for message in messages)


def test_what_is_too_long_is_cut_and_marked() -> None:
    """Lest an address be made by where it was cut; what follows is read as ever."""
    long = b"<13>" + b"x" * LONGEST
    for framed in (long + b"\n", b"%d %b" % (len(long), long)):
        cut, after = read([framed + b"<13>after\n"])
        assert cut == long[:LONGEST] + MARK
        assert after == b"<13>after"


def test_memory_stays_bounded_whatever_a_peer_sends() -> None:
    """No line end ever, or a count that never ends."""
    for begin in (b"x", b"999999999 <"):
        frames = Frames()
        frames.feed(begin)
        for _ in range(100):
            frames.feed(b"x" * 65536)
            assert len(frames._rest) <= LONGEST + 16


def test_a_message_that_breaks_off_is_none() -> None:
    """``from 192.0.2.1`` may be the beginning of ``from 192.0.2.10``."""
    frames = Frames()

    assert frames.feed(b"<13>from 192.0.2.1") == []
    assert frames.unfinished
    assert frames.feed(b"0\n") == [b"<13>from 192.0.2.10"]
    assert not frames.unfinished

"""What differs in names, numbers and addresses only has one shape; a draft is a pattern of its message."""

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from responder.detect import syntax
from responder.detect.pieces import expand
from responder.detect.shape import draft, first_address, shape

REJECT = "NOQUEUE: reject: RCPT from {}: 550 5.1.1 <{}>: unknown; from=<{}> proto=ESMTP helo=<{}>"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            REJECT.format("unknown[192.0.2.7]", "a@b", "", "x"),
            REJECT.format("mx.y[2001:db8::7]:25", "", "c@d e", "[1]"),
        ),
        ("Failed for x from 192.0.2.7 port 1", "Failed for x from 2001:db8::7 port 65535"),
        ("4B2F3A11C0DE: removed", "9F2F3A11C0D1: removed"),
        ('user "a b" at 1.5', 'user "" at 22.75'),
        ("key SHA256:AbCdEfGhIjKlMnOpQrStUvWxYz1 ok", "key SHA256:ZZZdEfGhIjKlMnOpQrStUvWxYz9 ok"),
        ("rip=192.0.2.7, lip=x", "rip=192.0.2.8, lip=y"),
        ("mail to a.b+c@example.org done", "mail to x@y.z done"),
    ],
)
def test_messages_of_one_sentence_have_one_shape(one: str, other: str) -> None:
    """However their variable parts look."""
    assert shape(one) == shape(other)


@pytest.mark.parametrize(("one", "other"), [("let in x", "let out x"), ("at 10:22:33", "at 1.2.3.4"), ("a", "a b")])
def test_other_sentences_have_other_shapes(one: str, other: str) -> None:
    """A time is no address."""
    assert shape(one) != shape(other)


def test_a_draft_blames_the_first_address_and_leaves_the_rest_open() -> None:
    """Pieces where there are some."""
    message = "[192.0.2.7] said (2+2) to mx[192.0.2.1] for <a> at 198.51.100.1"

    assert draft(message) == r"\[<address>\] said \(\d+\+\d+\) to mx\[192\.0\.2\.1\] for <[^>]*> at <ip>"
    assert first_address(message) == "192.0.2.7"
    assert draft("RCPT from a[192.0.2.7]: x") == "RCPT from <client>: x"
    assert first_address("RCPT from a[2001:db8::7]: x") == "2001:db8::7"
    assert first_address("nobody at 10:22:33") == ""


_WORDS = st.lists(
    st.sampled_from(
        [
            "from",
            "192.0.2.7",
            "mx[192.0.2.7]",
            "2001:db8::7",
            "[::1]",
            '"a"',
            "<b>",
            "x=1",
            "a@b",
            "12",
            "(",
            "\\",
            "*",
            "4B2F3A11C0",
        ]
    ),
    max_size=10,
).map(" ".join)


@given(st.text(max_size=60) | _WORDS)
@example("\u0663")  # a digit, but none of ASCII's
def test_a_draft_is_a_pattern_that_matches_its_message(message: str) -> None:
    """Whatever is in it, so that there is something to begin with."""
    message = "".join(char for char in message if char.isprintable())
    made = draft(message)

    assert regex.fullmatch(expand(made), message, regex.ASCII), made
    if message.isascii():
        syntax.parse(made)
    shape(message)

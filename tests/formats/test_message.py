"""Syslog messages from the wire, and the lines that are made of them: nobody's text becomes a header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.formats import message, syslog, uniform
from responder.formats.message import Message

STAMP = uniform.stamp(1_795_446_000_123_456)
KNOWN = [
    (b"<38>Nov 25 10:00:00 mx sshd[311]: text", (b"Nov 25 10:00:00", b"mx", b"sshd", b"311", b"text")),
    (b"<22>Nov  5 10:00:00 postfix/smtpd[7]: a: b", (b"Nov  5 10:00:00", b"", b"postfix/smtpd", b"7", b"a: b")),
    (b"<22>2026-11-25T10:00:00.1+01:00 mx su: x", (b"2026-11-25T10:00:00.1+01:00", b"mx", b"su", b"", b"x")),
    (b"<38>Nov 25 10:00:00 2001:db8::1 sshd[1]: x", (b"Nov 25 10:00:00", b"2001:db8::1", b"sshd", b"1", b"x")),
    (b"<38>sshd[311]: text\n", (b"", b"", b"sshd", b"311", b"text")),
    (b"no syslog at all\r\n\0", (b"", b"", b"", b"", b"no syslog at all")),
    (b"<38>1 2026-11-25T10:00:00Z mx sshd 311 - - text", (b"2026-11-25T10:00:00Z", b"mx", b"sshd", b"311", b"text")),
    (b'<38>1 - - app - ID [x@1 a="\\"\\]"] \xef\xbb\xbftext', (b"", b"", b"app", b"", b"text")),
    (b"<38>1 2026-11-25T10:00:00Z mx sshd 3 - -  text", (b"2026-11-25T10:00:00Z", b"mx", b"sshd", b"3", b"text")),
    (b"<38>1 2026-11-25T10:00:00Z mx app - - -", (b"2026-11-25T10:00:00Z", b"mx", b"app", b"", b"")),
    (b"", (b"", b"", b"", b"", b"")),
]


@pytest.mark.parametrize(("data", "said"), KNOWN, ids=[str(data) for data, _ in KNOWN])
def test_the_known_shapes_are_taken_apart(data: bytes, said: tuple[bytes, ...]) -> None:
    """RFC 3164 with and without host and time, RFC 5424."""
    assert message.read(data) == Message(*said)


def test_the_text_never_names_the_program() -> None:
    """Without a host the program stands first, and what follows its colon is text, whatever it looks like."""
    framed = b"sshd[1]: Failed password for root from 198.51.100.1 port 22 ssh2"

    assert message.read(b"<38>Nov 25 10:00:00 app: " + framed).program == b"app"
    assert message.read(b"<38>app[1]: " + framed).program == b"app"


@given(st.binary(max_size=200))
def test_any_bytes_say_something(data: bytes) -> None:
    """And never raise an exception; all that is there is there once."""
    for before in (b"", b"<38>", b"<38>Nov 25 10:00:00 ", b"<38>1 - "):
        said = message.read(before + data)
        assert said.text in before + data


NAME = st.one_of(st.binary(max_size=200), st.sampled_from([b"x[1]: sshd", b"sshd", b"a b", b"\n", b"[", b"]", b":"]))


@given(NAME, NAME, NAME, st.binary(max_size=300))
def test_a_line_is_one_line_and_read_as_it_was_meant(host: bytes, program: bytes, pid: bytes, text: bytes) -> None:
    """Whatever the names and the text hold, the header ends where the text begins."""
    line = uniform.line(STAMP, host, program, pid, text)

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    head = syslog.header(line[:-1])
    assert head
    assert head.stamp == STAMP
    assert line[head.message : -1] == uniform.visible(text)
    assert bool(head.pid) == bool(pid)
    if program.isalnum() and len(program) < 129:
        assert head.program == program


def test_line_ends_are_shown_and_long_texts_marked() -> None:
    """One entry stays one line; a cut leaves nothing at the end that somebody chose."""
    assert uniform.visible(b"a\nb\r\0\tc") == b"a#012b#015#000\tc"
    assert uniform.visible(b"x" * (uniform.LONGEST + 1)) == b"x" * uniform.LONGEST + uniform.MARK


def test_an_instant_that_calendars_do_not_know_is_no_trouble() -> None:
    """Numbers of the journal are anybody's in a file from elsewhere."""
    assert STAMP == b"2026-11-23T15:00:00.123456Z"
    assert uniform.stamp(10**18 - 1).startswith(b"1970-01-01T00:00:00.")

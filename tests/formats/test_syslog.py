"""The header of a line is read as its daemon wrote it, and nothing in the message moves it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.formats import syslog
from responder.formats.stamps import Stamps
from responder.values import Record

REFERENCE = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
AT = datetime(2026, 11, 23, 13, 46, 37, tzinfo=UTC).timestamp()


def read(line: bytes) -> Record | None:
    return syslog.read(line, Stamps(UTC, REFERENCE))


@pytest.mark.parametrize("pri", [b"", b"<22>", b"<0>"])
@pytest.mark.parametrize(
    "stamp",
    [
        b"Nov 23 13:46:37", b"2026-11-23T13:46:37Z", b"2026-11-23T13:46:37", b"2026-11-23T13:46:37.123456Z",
        b"2026-11-23T14:46:37+01:00", b"2026-11-23T08:16:37.5-05:30", b"2026-11-23T14:46:37+0100",
        b"2026-11-23T13:46:37,123+00:00",
    ],
)  # fmt: skip
def test_every_stamp_names_its_instant(stamp: bytes, pri: bytes) -> None:
    """RFC 3164 and RFC 3339, with and without the priority that stands before it on the wire."""
    record = read(pri + stamp + b" mx postfix/smtpd[311]: connect from unknown[192.0.2.7]")

    assert record == Record(AT, "mx", "postfix/smtpd", "311", "connect from unknown[192.0.2.7]")


def test_a_day_of_one_digit_is_padded_with_a_blank() -> None:
    """RFC 3164, 4.1.2."""
    record = read(b"Nov  3 03:04:05 mx sshd[1]: x")

    assert record is not None
    assert record.time == datetime(2026, 11, 3, 3, 4, 5, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("tag", "program", "pid"),
    [
        (b"postfix/smtpd[311]:", "postfix/smtpd", "311"), (b"postfix2525/smtpd[1]:", "postfix2525/smtpd", "1"),
        (b"postfix/submission/smtpd[1]:", "postfix/submission/smtpd", "1"), (b"sshd-session[2]:", "sshd-session", "2"),
        (b"dovecot:", "dovecot", ""), (b"CRON[9]:", "CRON", "9"), (b"kernel:", "kernel", ""),
        (b"systemd-logind[1]:", "systemd-logind", "1"), (b"p\xc3\xb6stfix[1]:", "p\u00f6stfix", "1"),
    ],
)  # fmt: skip
def test_every_tag_names_its_program(tag: bytes, program: str, pid: str) -> None:
    """With a process id or without."""
    assert read(b"Nov 23 13:46:37 mx " + tag + b" message") == Record(AT, "mx", program, pid, "message")


@pytest.mark.parametrize("end", [b"", b" "])
def test_a_message_may_be_empty(end: bytes) -> None:
    """Programs log empty lines."""
    assert read(b"Nov 23 13:46:37 mx sshd[1]:" + end) == Record(AT, "mx", "sshd", "1", "")


@pytest.mark.parametrize(
    "data",
    [
        rb"-", rb'[x@1 a="b"]', rb'[x@1 a="b" c=""][y]', rb'[x a="a \"quoted\" word"]', rb'[x a="a \] bracket"]',
        rb'[x a="a back\\"]', rb'[x a="postfix/smtpd[1\]: connect from"]', b'[x a="\xc3\xa4"]',
    ],
)  # fmt: skip
def test_structured_data_is_stepped_over(data: bytes) -> None:
    """RFC 5424, 6.3: quotes, brackets and backslashes in values are escaped."""
    line = b"<22>1 2026-11-23T13:46:37.1Z mx postfix/smtpd 311 ID47 " + data + b" \xef\xbb\xbfwarning: x"

    assert read(line) == Record(AT, "mx", "postfix/smtpd", "311", "warning: x")


def test_the_space_that_rsyslog_puts_before_the_text_is_none_of_it() -> None:
    """Its RSYSLOG_SyslogProtocol23Format does, on the wire and in files; one more is the program's own."""
    line = b"<22>1 2026-11-23T13:46:37.1Z mx sshd 311 - -  text"

    assert read(line) == Record(AT, "mx", "sshd", "311", "text")
    assert read(line.replace(b"text", b" text")) == Record(AT, "mx", "sshd", "311", " text")


def test_rfc_5424_may_have_no_message() -> None:
    """Then it ends with the structured data."""
    assert read(b"<22>1 2026-11-23T13:46:37Z mx sshd 1 - -") == Record(AT, "mx", "sshd", "1", "")


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\n", b" ", b"-- Logs begin at Mon 2026-11-23 --", b"Nov 23 13:46:37 mx", b"Nov 23 13:46:37 mx sshd[1]",
        b"Nov 23 13:46:37 mx sshd[1] x", b"nov 23 13:46:37 mx sshd[1]: x", b"Nov 23 13:46 mx sshd[1]: x",
        b"sshd[1]: Nov 23 13:46:37 mx sshd[1]: x", b" Nov 23 13:46:37 mx sshd[1]: x",
        b"<22>1 2026-11-23T13:46:37Z mx sshd 1 - [x message", b'<22>1 2026-11-23T13:46:37Z mx sshd 1 - [x a="b] m',
        b'<22>1 2026-11-23T13:46:37Z mx sshd 1 - [x a="b"]message', b"2026-11-23 13:46:37 mx sshd[1]: x",
        b"Nov 23 13:46:37 mx the cat sat: x", b"<1234>Nov 23 13:46:37 mx sshd[1]: x",
        b"Nov 23 13:46:37 mx ssh:d[1]:x", b"Nov 23 13:46:37 mx sshd[1 2]: x", b"Nov 23 13:46:37 mx sshd[]: x",
    ],
)  # fmt: skip
def test_a_line_of_no_shape_is_no_record(line: bytes) -> None:
    """It is passed over, never read by guess."""
    assert read(line) is None


MESSAGE = st.binary().map(lambda raw: raw.replace(b"\n", b""))
IMITATED = st.sampled_from(
    [
        b"Nov 23 13:46:37 mx sshd[1]: ",
        b": ",
        b"]: ",
        b'"] ',
        b"\\",
        b"<22>1 2026-11-23T13:46:37Z h p 1 - - ",
        b"\r",
        b"\x00",
    ]
)
HOSTILE = st.lists(MESSAGE | IMITATED, max_size=5).map(b"".join)


@given(HOSTILE, st.booleans())
def test_nothing_in_a_message_moves_the_header(message: bytes, new: bool) -> None:
    """A message that imitates whole lines is still just a message."""
    before = b"<22>1 2026-11-23T13:46:37Z mx sshd 7 - - " if new else b"Nov 23 13:46:37 mx sshd[7]: "

    record = read(before + message)

    said = message.removeprefix(b"\xef\xbb\xbf").removeprefix(b" ") if new else message
    assert record == Record(AT, "mx", "sshd", "7", said.removesuffix(b"\r").decode("utf-8", "replace"))


@given(HOSTILE)
def test_nothing_in_structured_data_moves_the_header(text: bytes) -> None:
    """What RFC 5424 has escaped stays inside its quotes."""
    value = text.replace(b"\\", rb"\\").replace(b'"', rb"\"").replace(b"]", rb"\]")

    record = read(b'<22>1 2026-11-23T13:46:37Z mx sshd 7 - [x a="' + value + b'"] said')

    assert record == Record(AT, "mx", "sshd", "7", "said")


@given(HOSTILE)
def test_any_bytes_are_a_record_or_none(line: bytes) -> None:
    """And never an exception."""
    head = syslog.header(line)

    assert (read(line) is None) == (head is None)
    assert head is None or 0 < head.message <= len(line)


STAMP = st.builds(
    lambda date, hour, minute, second, zone: (
        b"%s %02d:%02d:%02d" % (date, hour, minute, second)
        if len(date) == 6
        else b"%sT%02d:%02d:%02d%s" % (date, hour, minute, second, zone)
    ),
    st.sampled_from(
        [
            b"Nov 31",
            b"Feb 29",
            b"Xyz 10",
            b"Jan  0",
            b"Dec 99",
            b"2026-02-30",
            b"0000-00-00",
            b"9999-12-31",
            b"0001-01-01",
        ]
    ),
    *[st.integers(0, 99)] * 3,
    st.sampled_from([b"", b"Z", b"+99:99", b"-99:99", b"+23:59", b"-2359", b".123456789+00:60"]),
)


@given(STAMP)
def test_any_stamp_that_looks_like_one_is_read_or_counted(stamp: bytes) -> None:
    """30 February does not stop the daemon."""
    stamps = Stamps(timezone(timedelta(hours=1)), REFERENCE)

    record = syslog.read(stamp + b" mx sshd[1]: x", stamps)

    assert record is not None
    assert stamps.unreadable == 0 or record.time == REFERENCE


def test_text_that_is_no_utf_8_is_marked() -> None:
    """Mail logs hold every encoding there is."""
    record = read(b"Nov 23 13:46:37 mx sshd[1]: \xff\xfe user \xc3\xa4\r")

    assert record is not None
    assert record.message == "\ufffd\ufffd user \u00e4"


def test_a_stamp_of_journalctl_may_have_a_fraction() -> None:
    """``journalctl -o short-precise`` is read like ``-o short``: fractions are dropped."""
    head = syslog.header(b"Nov 23 13:46:37.123456 mx sshd[1]: Invalid user a from 192.0.2.7 port 22")

    assert head
    assert (head.stamp, head.program) == (b"Nov 23 13:46:37", b"sshd")

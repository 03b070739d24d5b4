"""However a mail is pasted or piped, it is the same mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.blacklist.mail.pasted import LARGEST, unpaste

MAIL = b"Received: from a\n\tby b\nFrom: x@spam.example\nSubject: x\n\nhello\n\nworld > all\n"


@pytest.mark.parametrize(
    "pasted",
    [
        MAIL,
        MAIL.replace(b"\n", b"\r\n"),
        b"\n  \n\r\n" + MAIL,
        b"From x@spam.example Fri Jul 17 03:12:45 2026\n" + MAIL,
        b"\xef\xbb\xbf" + MAIL,
        MAIL.decode().encode("utf-16"),
        b"\xfe\xff" + MAIL.decode().encode("utf-16-be"),
        b"".join(b"> " + line for line in MAIL.splitlines(keepends=True)),
        b"".join(b">" + line for line in MAIL.splitlines(keepends=True)),
        b"".join(b"> > " + line for line in MAIL.splitlines(keepends=True)),
        b"\n".join(b"> " + line if line else b">" for line in MAIL.split(b"\n")),
        b"".join(b"    " + line for line in MAIL.splitlines(keepends=True)),
        b"> From x@spam.example Fri Jul 17 03:12:45 2026\n"
        + b"".join(b"> " + line for line in MAIL.splitlines(keepends=True)),
    ],
)
def test_what_a_paste_adds_is_taken_away(pasted: bytes) -> None:
    assert unpaste(pasted).data.rstrip(b"> \n") == MAIL.rstrip(b"\n")


def test_of_a_mailbox_the_first_mail_is_read() -> None:
    """And that there were more is noted."""
    line = b"From x@spam.example Fri Jul 17 03:12:45 2026\n"

    found = unpaste(line + MAIL + b"\n" + line + MAIL)

    assert found.data == MAIL
    assert found.notes == ("this is a mailbox with more than one mail; only the first was read",)


def test_a_lone_carriage_return_begins_no_header_field() -> None:
    """A server that took the mail did not take it for a line end, either."""
    assert unpaste(b"Subject: x\rReceived: from y\n\n").data == b"Subject: x\rReceived: from y\n\n"


def test_the_end_of_a_mail_that_is_too_large_is_noted() -> None:
    found = unpaste(b"From: x\n\n" + b"x" * LARGEST)

    assert len(found.data) == LARGEST
    assert found.notes == ("only the first 64 MB were read",)


@given(st.binary(max_size=300))
def test_anything_can_be_pasted(data: bytes) -> None:
    """And what came out is not changed by CRLF."""
    found = unpaste(data).data

    assert b"\r\n" not in found or b"\r\r\n" in data

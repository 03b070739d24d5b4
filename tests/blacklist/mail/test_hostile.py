"""No mail trips its reader, whoever wrote it, and none makes our server testify against somebody else."""

import base64
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from responder.blacklist.mail.message import DEEPEST
from responder.blacklist.mail.proposals import Findings
from responder.blacklist.subject import parse
from tests.blacklist.mail.mails import FORGED, TAKEN, judged, mail, seen

_LINES = st.sampled_from(
    [
        *(FORGED.encode(), b"Received: by mx.example.org (Postfix) with SMTP; x", TAKEN.replace("7]", "8]").encode()),
        *(b"From x@y Fri Jul 17 03:12:45 2026", b"> Received: x", b"\tby mx.example.org", b" (unknown [198.51.100.1])"),
        *(b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: message/rfc822", b"--b", b"--b--", b"", b""),
        *(b"Content-Type: text/html; charset=utf-16", b"Content-Transfer-Encoding: base64", b'Content-Type: (((;;;"='),
        *(b"Content-Type: message/feedback-report", b"Source-IP: 198.51.100.1", b"X-ARF: YES", b'From: <a@b>,;:"(<'),
        *(b"http://spam.example/", b"hxxp://[198.51.100.1", b"=?utf-8?q?=FF?=", b"aHR0cDovL3NwYW0uZXhhbXBsZS8="),
        *(b"Received: from [198.51.100.1] by mx.example.org with LMTP; x", b"Return-Path: <x@spam.example>"),
    ]
)
_HOSTILE = st.lists(_LINES | st.binary(max_size=12), max_size=40).map(b"\n".join)


def sound(found: Findings) -> None:
    """Every subject is canonical, every text can be printed, every proposal says why."""
    for proposal in found.proposals:
        assert parse(proposal.subject.value) == proposal.subject
        assert proposal.why
        proposal.evidence.encode()
    for note in found.notes:
        note.encode()


@given(st.binary(max_size=400) | _HOSTILE)
@example(b"From: \xed\xa0\x80@spam.example\n\n")
@example(b"From: x\nContent-Type: text/plain; charset=utf-16\n\n\x00\xd8\x00\xd8")
def test_any_bytes_can_be_read(data: bytes) -> None:
    """And the same bytes always give the same."""
    found = judged(data)

    sound(found)
    assert judged(data) == found


@given(_HOSTILE)
def test_what_came_with_a_mail_never_makes_our_server_testify(came: bytes) -> None:
    """Below what our server wrote, anybody writes; whether the mail is stored, in a mailbox, or quoted."""
    data = TAKEN.encode() + b"\n" + came
    quoted = b"".join(b"> " + line for line in data.splitlines(keepends=True))

    for one in (data, data.replace(b"\n", b"\r\n"), b"From x@y Fri Jul 17 03:12:45 2026\n" + data, quoted):
        assert seen(judged(one)) in (["203.0.113.7"], [])


# Postfix writes a question mark for what is none of these.
_HELO = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='<>()\\";@'), min_size=1)


@given(_HELO | st.sampled_from(["[198.51.100.1]", "mx.example.org", "[192.0.2.25]"]), _HOSTILE)
def test_nor_does_what_a_client_calls_itself(helo: str, came: bytes) -> None:
    taken = TAKEN.replace("client.spam.example", helo)

    assert seen(judged(mail(taken, body=came))) == ["203.0.113.7"]


def test_a_name_that_looks_like_the_address_of_another_frames_nobody() -> None:
    """HELO was [198.51.100.1], and the client's own name is what a Postfix writes behind it."""
    taken = TAKEN.replace("client.spam.example (unknown", "[198.51.100.1] (198.51.100.1.spam.example")

    assert seen(judged(mail(taken))) == ["203.0.113.7"]


@pytest.mark.parametrize(
    "where", ["Subject: x\r", "Subject: x\x0b", "Subject: x\x85", "Subject: x\u2028", "Subject: x\0"]
)
def test_no_character_but_a_line_end_begins_a_field(where: str) -> None:
    """Above our own field would be the place for a forged one."""
    found = judged(mail(TAKEN, f"{where}{FORGED}"))

    assert len(found.hops) == 1
    assert seen(found) == ["203.0.113.7"]


def test_ten_thousand_received_fields_are_no_trouble() -> None:
    found = judged(mail(TAKEN, *[FORGED] * 10_000))

    assert seen(found) == ["203.0.113.7"]
    assert any("Received fields were read" in note for note in found.notes)
    assert any("fields of the header were read" in note for note in found.notes)


def test_fifty_megabytes_of_base64_are_no_trouble() -> None:
    """As a text, as an attachment, and in parts nested as deep as they are read."""
    encoded = base64.encodebytes(os.urandom(2**20)) * 38
    nested = b"".join(b"--%d\nContent-Type: multipart/mixed; boundary=%d\n\n" % (n, n + 1) for n in range(DEEPEST - 1))
    base = "text/plain\nContent-Transfer-Encoding: base64"
    assert len(encoded) > 50 * 2**20

    for kind, body in (
        (base, encoded),
        (base.replace("text", "image"), encoded),
        ("multipart/mixed; boundary=0", nested + encoded),
    ):
        found = judged(mail(TAKEN, kind=kind, body=body))

        sound(found)
        assert seen(found) == ["203.0.113.7"]


@pytest.mark.parametrize(
    "fragment", ["a;", '";', 'a="', "(", "<a@", "\\", "=?utf-8?q?", "a@b,", " ", "[", "from ", "by "]
)
def test_long_header_fields_are_no_trouble(fragment: str) -> None:
    """On some of these, general parsers take a time that grows with the square of the length, or raise."""
    value = fragment * (500_000 // len(fragment))

    sound(judged(mail(*(f"{name}: {value}" for name in ("Content-Type", "From", "Received", "Return-Path", "To")))))


def test_a_charset_that_decompresses_is_not_used() -> None:
    """A hundred bytes do not become a gigabyte."""
    found = judged(
        mail(kind="text/plain; charset=zlib", body=b"x\x9c\xed\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee\x08")
    )

    assert any("'zlib' is unknown" in note for note in found.notes)

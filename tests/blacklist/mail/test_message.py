"""A mail is read in all its parts, whatever is wrong with it."""

import base64
import quopri

import pytest

from responder.blacklist.mail.message import DEEPEST, LONGEST_TEXT, Message, Read, read

TWO = b"""Content-Type: multipart/alternative; boundary="=_b 1"
From: x@spam.example

before, for nobody to read
--=_b 1
Content-Type: text/plain; charset=iso-8859-15

caf\xe9
--=_b 1
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

PGI+aMOpPC9iPg==
--=_b 1--
after, for nobody to read
"""


def texts(found: Message) -> list[tuple[str, str]]:
    return [(part.kind, part.text.strip()) for part in found.parts]


def text_of(body: bytes, charset: str = "utf-8", encoding: str = "8bit") -> tuple[str, tuple[str, ...]]:
    head = (
        f"From: x@spam.example\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    )
    found = read(head.encode() + body)
    return found.message.parts[0].text, found.notes


def test_the_parts_are_told_apart_and_decoded() -> None:
    found = read(TWO)

    assert texts(found.message) == [("text/plain", "café"), ("text/html", "<b>hé</b>")]
    assert found.notes == ()


def test_header_fields_are_unfolded_and_named_alike() -> None:
    header = read(b"FROM : a@b.example\nX-Long: one\n\ttwo\n three\nfrom: c@d.example\n\n").message.header

    assert header.all("from") == ("a@b.example", "c@d.example")
    assert header.first("x-long") == "one two three"
    assert header.first("x-none") == ""


@pytest.mark.parametrize(
    "charset", ["utf-8", "UTF8", "windows-1252", "iso-8859-1", "utf-16", "utf-7", "cp1252", "Latin1"]
)
def test_charsets_of_mails_are_known(charset: str) -> None:
    assert text_of("prénom".encode(charset), charset) == ("prénom", ())


@pytest.mark.parametrize(
    "charset", ["zlib", "bz2", "hex", "rot13", "unicode_escape", "punycode", "idna", "x-mac-klingon", "../x"]
)
def test_what_is_no_charset_is_read_as_utf8_and_noted(charset: str) -> None:
    """Python calls compression and worse a codec, too."""
    text, notes = text_of(b"hxxp://spam[.]example \\u0041", charset)

    assert text == "hxxp://spam[.]example \\u0041"
    assert any(f"charset {charset!r} is unknown" in note for note in notes)


@pytest.mark.parametrize("encoding", ["base64", "BASE64 ", "quoted-printable"])
def test_transfer_encodings_are_undone(encoding: str) -> None:
    data = "prénom =".encode()
    encoded = base64.encodebytes(data) if "64" in encoding.lower() else quopri.encodestring(data)

    assert text_of(encoded, encoding=encoding)[0].rstrip("\n") == "prénom ="


@pytest.mark.parametrize(
    "spoiled", [b"aGVsbG8", b"aGVs\n!!bG8=\n=====", b"aGVsbG8=trailing", b"aGVsbG8a"[:7] + b"\x00\xff"]
)
def test_broken_base64_gives_what_can_be_read(spoiled: bytes) -> None:
    assert text_of(spoiled, encoding="base64")[0] == "hello"


def test_an_unknown_transfer_encoding_is_noted() -> None:
    text, notes = text_of(b"hello", encoding="x-own")

    assert text == "hello"
    assert any("'x-own' is unknown" in note for note in notes)


def test_attached_mails_are_mails() -> None:
    """As they are, and in base64, which no standard allows and some programs do."""
    inner = b"From: inner@spam.example\nReceived: from a\n\nhello\n"
    outer = (
        b"From: outer@spam.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
    )
    outer += inner + b"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
    outer += base64.encodebytes(inner.replace(b"\n", b"\r\n")) + b"\n--b--\n"

    attached = read(outer).message.attached

    assert [one.header.first("from") for one in attached] == ["inner@spam.example"] * 2
    assert [texts(one) for one in attached] == [[("text/plain", "hello")]] * 2


def test_what_is_neither_text_nor_mail_is_left_alone() -> None:
    assert read(b"From: x\nContent-Type: image/png\n\nhttp://spam.example/\n").message.parts == ()


def nested(depth: int, innermost: bytes) -> bytes:
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return b"From: x@spam.example\n" + head + b"\n" + innermost


def test_an_inner_part_ends_with_the_one_around_it() -> None:
    """Even where its own last delimiter is missing."""
    inner = b"\n--b0\nContent-Type: text/plain\n\noutside\n--b0--\n"

    assert texts(read(nested(3, b"inside" + inner)).message)[-1] == ("text/plain", "outside")


def test_nesting_is_followed_so_deep_and_no_deeper() -> None:
    assert texts(read(nested(DEEPEST, b"hello")).message) == [("text/plain", "hello")]
    found = read(nested(1000, b"hello"))
    assert found.message.parts == ()
    assert found.notes == (f"parts nested more than {DEEPEST} deep were not read",)
    letters = read(b"From: x\nContent-Type: message/rfc822\n\n" * 1000)
    assert any("deep were not read" in note for note in letters.notes)


def test_so_many_parts_are_read_and_no_more() -> None:
    found = read(b"From: x\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 5000)

    assert len(found.message.parts) == 999
    assert found.notes == ("only the first 1000 parts were read",)


def test_a_long_text_is_read_in_part_and_that_is_noted() -> None:
    text, notes = text_of(base64.encodebytes(b"x" * (LONGEST_TEXT + 1)), encoding="base64")

    assert len(text) == LONGEST_TEXT
    assert notes == ("long texts were read in part",)


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b"just a text\nwith http://spam.example/\n", "there is no header"),
        (b"Dear: you\n\nhttp://spam.example/\n", "there is no header"),
        (b"From: x\nhttp://spam.example/\nmore\n", "the blank line between header and body is missing"),
        (b"From: x\nsome stray\nTo: y\n\nhttp://spam.example/\n", "some lines of the header are no fields"),
        (b"From: x\nContent-Type: multipart/mixed\n\nhttp://spam.example/\n", "could not be told apart"),
        (b"From: x\nContent-Type: multipart/mixed; boundary=b\n\nhttp://spam.example/\n", "could not be told apart"),
    ],
)
def test_a_malformed_mail_gives_what_can_be_read(data: bytes, note: str) -> None:
    found = read(data)

    assert any("http://spam.example/" in part.text for part in found.message.parts)
    assert any(note in one for one in found.notes)


def test_nothing_is_nothing() -> None:
    found: Read = read(b"")

    assert (texts(found.message), found.notes) == ([("text/plain", "")], ())

"""decoding - the bytes of a part as text: transfer encodings and charsets, whatever they claim to be.

Only charsets are decoded, and only those that mails use: Python calls other
things codecs, too, compression for one.
"""

import binascii
import re
from typing import NamedTuple

_OTHERS = """
    utf-8 utf8 us-ascii ascii utf-7 utf-16 utf-16le utf-16be utf-16-le utf-16-be utf-32 koi8-r koi8-u macintosh tis-620
    gb2312 gbk gb18030 hz-gb-2312 big5 big5-hkscs shift-jis sjis cp932 euc-jp euc-kr iso-2022-jp iso-2022-kr cp949
    ks-c-5601-1987 cp437 cp850 cp852 cp866 cp874 latin1 latin-1"""
_CHARSETS = frozenset(
    (
        *_OTHERS.split(),
        *(f"{family}{n}" for family in ("iso-8859-", "iso8859-") for n in range(1, 17) if n != 12),
        *(f"{family}125{n}" for family in ("windows-", "cp") for n in range(9)),
    )
)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_OTHER = bytes(sorted(set(range(256)) - set(_BASE64)))
_PLAIN = ("", "7bit", "8bit", "binary")


class Decoded(NamedTuple):
    """A part's bytes, or its text, and what was wrong with it."""

    data: bytes
    note: str = ""


def transfer(data: bytes, encoding: str, most: int) -> Decoded:
    """Return the first *most* bytes of what *data* is in the Content-Transfer-Encoding *encoding*."""
    encoding = encoding.strip().lower()
    if encoding == "base64":
        return Decoded(_base64(data[: 2 * most + 4])[:most])
    if encoding == "quoted-printable":
        return Decoded(binascii.a2b_qp(data[: 3 * most])[:most])
    note = "" if encoding in _PLAIN else f"transfer encoding {encoding[:40]!r} is unknown; the part was read as it is"
    return Decoded(data[:most], note)


def _base64(data: bytes) -> bytes:
    letters = data.translate(None, _OTHER).partition(b"=")[0]
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def text(data: bytes, charset: str) -> tuple[str, str]:
    """Return *data* as text, and a note where its *charset* is none of those that mails use."""
    name = charset.strip().lower().replace("_", "-")
    note = "" if name in _CHARSETS or not name else f"charset {charset[:40]!r} is unknown; the part was read as UTF-8"
    if name in ("", "us-ascii", "ascii") or note:
        name = "utf-8"
    try:
        decoded = data.decode(name, "replace")
    except (LookupError, UnicodeError):  # a charset that this Python was built without
        decoded = data.decode("utf-8", "replace")
    return re.sub("[\ud800-\udfff]", "\ufffd", decoded), note

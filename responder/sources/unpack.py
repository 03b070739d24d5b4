"""unpack - compressed logs, known by their first bytes and never by their names.

Falls short: what needs more than the standard library (zstd, lz4) stays packed.
"""

import bz2
import gzip
import lzma
import zlib
from typing import BinaryIO

MAGIC = 6
BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)  # what reading a damaged or unfinished one raises


def is_packed(magic: bytes) -> bool:
    """Tell whether a file that begins with *magic* can be unpacked."""
    return magic.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"))


def unpacked(stream: BinaryIO, magic: bytes) -> BinaryIO | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    """Return a stream of what *stream*, which begins with *magic*, holds; plain bytes as they are."""
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream)
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(stream)
    if magic.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile(stream)
    return stream

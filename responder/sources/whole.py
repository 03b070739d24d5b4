"""whole - a log read once from beginning to end, as `responder scan` does.

A file may be compressed with gzip, bzip2 or xz, and so may standard input.
Memory stays bounded, whatever the length of the file or of a line.
"""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, cast

from responder.errors import UsageError
from responder.sources.chunk import MAX_LINE, Chunk, whole_lines
from responder.sources.unpack import BROKEN, MAGIC, unpacked

_BLOCK = 1 << 20


def read_whole(path: str | Path) -> Iterator[Chunk]:
    """Yield the lines of the file at *path*, or of standard input for ``-``, in chunks.

    The last line is given a newline if it has none.  Raises UsageError, after
    what could be read, for a file that cannot be read to its end.
    """
    name = str(path)
    try:
        with ExitStack() as files:
            if name == "-":
                stream = cast("BinaryIO", sys.stdin.buffer)
            else:
                stream = cast("BinaryIO", files.enter_context(Path(path).open("rb")))
            raw = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
            source = unpacked(raw, raw.peek(MAGIC)[:MAGIC])
            for data in _whole_lines(source.read):
                yield Chunk(name, data, live=False)
    except BROKEN as error:
        raise UsageError(f"{name} cannot be read to its end: {getattr(error, 'strerror', None) or error}") from error


def _whole_lines(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield what *read* gives, cut into whole lines."""
    rest, skipping = b"", False
    while block := read(_BLOCK):
        used = block.rfind(b"\n") + 1
        if skipping and used:
            begin = block.index(b"\n") + 1
            rest, skipping = b"", False
        else:
            begin = 0
        if used:
            lines, _ = whole_lines(rest + block[begin:used])
            rest = b""
            if lines:
                yield lines
        if skipping:
            continue
        rest = (rest + block[used:]).lstrip(b"\0")
        skipping = len(rest) > MAX_LINE
        rest = b"" if skipping else rest
    if rest:
        yield rest + b"\n"

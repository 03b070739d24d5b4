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
from responder.sources.chunk import MAX_LINE, Chunk, Cut, last_line_end, whole_lines
from responder.sources.unpack import BROKEN, MAGIC, unpacked

_BLOCK = 1 << 20


def read_whole(path: str | Path, cut: Cut = last_line_end) -> Iterator[Chunk]:
    """Yield the entries of the file at *path*, or of standard input for ``-``, in chunks that *cut* bounds.

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
            for data in _whole_entries(source.read, cut):
                yield Chunk(name, data, live=False)
    except BROKEN as error:
        raise UsageError(f"{name} cannot be read to its end: {getattr(error, 'strerror', None) or error}") from error


def _whole_entries(read: Callable[[int], bytes], cut: Cut) -> Iterator[bytes]:
    """Yield what *read* gives, cut into whole entries."""
    rest, skipping = b"", False
    while block := read(_BLOCK):
        begin = block.find(b"\n") + 1 if skipping else 0
        if skipping and not begin:
            continue
        data = rest + block[begin:]
        used = cut(data)
        lines, _ = whole_lines(data[:used])
        if lines:
            yield lines
        rest = data[used:].lstrip(b"\0")
        skipping = len(rest) > MAX_LINE
        rest = b"" if skipping else rest
    if rest:
        yield rest + b"\n"

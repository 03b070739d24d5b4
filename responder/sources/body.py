"""body - a file that holds a generation, plain or packed, read at any offset.

Nothing is ever written, and no other file is opened than the one asked for.

Falls short: a Packed body is read forwards; going back unpacks it again from
the start.  Its size is not known until its end has been met.
"""

import os
import stat
from typing import Protocol

from responder.sources.unpack import BROKEN, MAGIC, is_packed, unpacked

_KEEP = 256 * 1024  # unpacked bytes kept behind the place of reading


class Body(Protocol):
    """What a Generation needs of the file that holds it."""

    device: int
    inode: int
    fixed: bool

    def read(self, size: int, offset: int) -> bytes:
        """Return up to *size* bytes at *offset*; fewer only at the end."""

    def data_after(self, offset: int) -> int | None:
        """Return where the first byte at or after *offset* that is not NUL lies, if there is one."""

    def stat(self) -> os.stat_result:
        """Return what the system says of the open file."""

    def size(self) -> int:
        """Return how many bytes there are to read, as far as is known."""

    def close(self) -> None:
        """Let go of the file."""


class Plain:
    """A file as it is."""

    fixed = False

    def __init__(self, fd: int) -> None:
        self._fd = fd
        info = os.fstat(fd)
        self.device, self.inode = info.st_dev, info.st_ino

    def read(self, size: int, offset: int) -> bytes:
        """Return up to *size* bytes at *offset*."""
        return os.pread(self._fd, size, offset)

    def data_after(self, offset: int) -> int | None:
        """Return where the next byte other than NUL lies; holes are leapt over, not read."""
        size = 4096  # mostly there is no NUL at all
        while True:
            try:
                offset = os.lseek(self._fd, offset, os.SEEK_DATA)
            except OSError:  # ENXIO: nothing but a hole up to the end
                return None
            data = os.pread(self._fd, size, offset)
            rest = data.lstrip(b"\0")
            if rest or not data:
                return offset + len(data) - len(rest) if rest else None
            offset += len(data)
            size = _KEEP

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._fd

    def stat(self) -> os.stat_result:
        """Return what the system says of the open file."""
        return os.fstat(self._fd)

    def size(self) -> int:
        """Return the size of the file."""
        return self.stat().st_size

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


class Packed:
    """A compressed file, unpacked as it is read; it does not change any more."""

    fixed = True

    def __init__(self, fd: int, magic: bytes) -> None:
        self._file = os.fdopen(fd, "rb")
        self._magic = magic
        info = os.fstat(fd)
        self.device, self.inode = info.st_dev, info.st_ino
        self._rewind()

    def _rewind(self) -> None:
        self._file.seek(0)
        self._stream = unpacked(self._file, self._magic)
        self._kept, self._start, self._ended = bytearray(), 0, False

    def read(self, size: int, offset: int) -> bytes:
        """Return up to *size* unpacked bytes at *offset*; a file that breaks off ends there."""
        if offset < self._start:
            self._rewind()
        while not self._ended and self._start + len(self._kept) < offset + size:
            try:
                more = self._stream.read(_KEEP)
            except BROKEN:
                more = b""
            self._ended = not more
            self._kept += more
            stale = min(offset, self._start + len(self._kept)) - _KEEP - self._start
            if stale > _KEEP:
                del self._kept[:stale]
                self._start += stale
        at = offset - self._start
        return bytes(self._kept[at : at + size])

    def data_after(self, offset: int) -> int | None:
        """Return where the next byte other than NUL lies."""
        while data := self.read(_KEEP, offset):
            rest = data.lstrip(b"\0")
            if rest:
                return offset + len(data) - len(rest)
            offset += len(data)
        return None

    def stat(self) -> os.stat_result:
        """Return what the system says of the packed file."""
        return os.fstat(self._file.fileno())

    def size(self) -> int:
        """Return how many bytes have been unpacked so far, and one more while there may be more."""
        return self._start + len(self._kept) + (not self._ended)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def open_fd(path: str) -> int:
    """Return *path* opened for reading; raises OSError for anything that is no regular file."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        os.close(fd)
        raise OSError("is no regular file")
    return fd


def open_body(path: str) -> Body:
    """Return the file at *path*, to be unpacked if it is packed; raises OSError."""
    fd = open_fd(path)
    magic = os.pread(fd, MAGIC, 0)
    return Packed(fd, magic) if is_packed(magic) else Plain(fd)

"""draft - a file that takes the place of another as a whole, or not at all.

It is written beside, under a name with a dot before it, made durable, given mode
and owner of the file that it replaces, and renamed; readers see the old or the
new one.  A link is followed: what it points to is replaced.

One process at a time writes into a folder (`alone`), so the name beside is fixed
and what a crash left there is written over.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from responder.errors import ResponderError

_LINES = 2000
_BLOCK = 1 << 18
_MODE = 0o644


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only one of us who writes into *folder*."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


class Draft:
    """The next content of *path*: `write` it, then `publish` or `discard`."""

    def __init__(self, path: Path) -> None:
        self.path, self.beside = path, path.with_name(f".{path.name}.new")
        self.size, self.digest = 0, ""

    def write(self, lines: Iterable[str]) -> None:
        """Write *lines*, and make them durable."""
        digest = hashlib.sha256()
        self.beside.unlink(missing_ok=True)
        with os.fdopen(os.open(self.beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for data in encoded(lines):
                file.write(data)
                digest.update(data)
                self.size += len(data)
            file.flush()
            _inherit(file.fileno(), self.path)
            os.fsync(file.fileno())
        self.digest = digest.hexdigest()

    def publish(self) -> None:
        """Put it in its place."""
        self.beside.rename(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Leave everything as it was."""
        self.beside.unlink(missing_ok=True)

    def continues(self, old_top: bytes, new_top: bytes) -> bool:
        """Tell whether the file there begins with *old_top* and goes on as this one does behind *new_top*."""
        try:
            with self.path.open("rb") as old, self.beside.open("rb") as new:
                if os.fstat(old.fileno()).st_size - len(old_top) != self.size - len(new_top):
                    return False
                return old.read(len(old_top)) == old_top and new.read(len(new_top)) == new_top and _same(old, new)
        except FileNotFoundError:
            return False


def _same(one: BinaryIO, other: BinaryIO) -> bool:
    while data := one.read(_BLOCK):
        if data != other.read(_BLOCK):
            return False
    return not other.read(1)


def _inherit(file: int, path: Path) -> None:
    """Give an open file mode and owner of *path*, lest its readers be shut out."""
    try:
        old = path.stat()
    except FileNotFoundError:
        os.fchmod(file, _MODE)
        return
    mine = os.fstat(file)
    try:
        if mine.st_gid != old.st_gid:
            os.fchown(file, -1, old.st_gid)
        if mine.st_uid != old.st_uid:
            os.fchown(file, old.st_uid, -1)
    except PermissionError:
        what = f"is owned by {old.st_uid}:{old.st_gid}, and its replacement cannot be"
        raise ResponderError(f"{path}: {what}; give it to {mine.st_uid}:{mine.st_gid}, or remove it") from None
    os.fchmod(file, old.st_mode & 0o777)


def encoded(lines: Iterable[str]) -> Iterator[bytes]:
    """Yield *lines* as bytes, many at a time."""
    source = iter(lines)
    while batch := list(islice(source, _LINES)):
        yield "".join(batch).encode(errors="replace")

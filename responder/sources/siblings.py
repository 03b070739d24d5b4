"""siblings - the files beside a log that may hold its earlier generations.

Rotation names a file after the log (mail.log.1, mail.log-20240717, mail.log.old,
mail.log.2.gz) or, with logrotate's `extension`, puts the turn in between
(mail-20240717.log).  Where the log is a symbolic link, the files it pointed to
differ in their digits only (0001.log, 0002.log).  OSSEC and Wazuh keep alerts.log
and alerts.json as links to a file that is named for the day, two folders down
(2026/Nov/ossec-alerts-25.log), and pack it later.

Only folders are listed and heads read here; nothing is kept.

Falls short: a generation moved to another folder (logrotate's `olddir`) is not found.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from responder.sources.body import Body, open_body
from responder.sources.position import HEAD

_TURN = r"[-._@~](?:\d[\dTZ._:+-]*|(?:old|bak|prev|last|orig|save|rotated)(?:[-._]?\d+)*)?"
_AFTER = re.compile(rf"(?=.)(?:{_TURN})?(?:\.(?:gz|bz2|xz))?")
_BETWEEN = re.compile(r"\.\d{1,3}|[-._]\d{4}[-._T\d]*\d")
_DIGITS = re.compile(r"\d+")
_DATED = ("alerts.log", "alerts.json")
_MONTHS = "[0-9][0-9][0-9][0-9]/[A-Z][a-z][a-z]"
_LATEST_MONTHS = 24
_PACKING = re.compile(r"\.(?:gz|bz2|xz)\Z")


class Sibling(NamedTuple):
    """A file beside the log.  *turn* tells that its name is one that rotation gives."""

    path: str
    device: int
    inode: int
    size: int
    mtime: int
    turn: bool

    def open(self) -> Body | None:
        """Return the file opened, or None when it is gone, empty or may not be read."""
        try:
            return open_body(self.path)
        except OSError:
            return None

    def head(self) -> bytes:
        """Return what the file begins with, unpacked, leading NULs aside; nothing when it cannot be read."""
        body = self.open()
        if body is None:
            return b""
        start = body.data_after(0)
        head = b"" if start is None else body.read(HEAD, start)
        body.close()
        return head


def is_turn(name: str, base: str) -> bool:
    """Tell whether *name* is one that a rotation of the file named *base* gives."""
    if name.startswith(base):
        return _AFTER.fullmatch(name, len(base)) is not None
    stem, extension = Path(base).stem, Path(base).suffix
    name = _PACKING.sub("", name)
    return (
        bool(extension)
        and name.startswith(stem)
        and name.endswith(extension)
        and _BETWEEN.fullmatch(name, len(stem), len(name) - len(extension)) is not None
    )


def siblings(path: str) -> list[Sibling]:
    """Return the files that may hold, or have held, generations of the log at *path*, oldest first."""
    log = Path(path)
    own, stem = log.name, log.stem  # there may be thousands of names to compare with
    found = {
        sibling.path: sibling
        for sibling in _listed(log.parent, lambda name: name.startswith(stem) and name != own)
        for sibling in (sibling._replace(turn=is_turn(Path(sibling.path).name, log.name)),)
    }
    if log.is_symlink():
        target = log.resolve()
        shape = _DIGITS.sub("#", target.name)
        found |= {one.path: one for one in _listed(target.parent, lambda name: _DIGITS.sub("#", name) == shape)}
    if log.name in _DATED:
        beside = re.compile(rf"ossec-alerts-\d\d(?:-\d+)?\{log.suffix}(?:\.gz)?")
        for folder in sorted(log.parent.glob(_MONTHS))[-_LATEST_MONTHS:]:
            found |= {one.path: one for one in _listed(folder, lambda name: beside.fullmatch(name) is not None)}
    return sorted(found.values(), key=lambda sibling: (sibling.mtime, sibling.path))


def _listed(folder: Path, wanted: Callable[[str], bool]) -> Iterator[Sibling]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not wanted(entry.name):
                    continue
                try:
                    info = entry.stat()
                except OSError:
                    continue  # renamed or removed since it was listed
                if stat.S_ISREG(info.st_mode):
                    yield Sibling(entry.path, info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, turn=True)
    except OSError:
        return  # no such folder, or none of our business: then nothing is beside the log


def changed_at(path: str) -> int:
    """Return when a name was last added to, or removed from, the folder of *path*; 0 when there is none."""
    try:
        return Path(path).parent.stat().st_mtime_ns
    except OSError:
        return 0

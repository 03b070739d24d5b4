"""beside - the small files next to an exported one: its checksum for readers, and what the next run must know.

    NAME.sha256    as sha256sum writes it
    .NAME.export   the last serial number, and whether the reload command is owed

The checksum is written after the file, so a reader may meet the new file with the
old sum for a moment and asks again; a crash in between is mended by the next run,
changed or not.  The debt is written before the file: a crash leaves a reload too
many, never one forgotten.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple, Self

from responder.draft import Draft


class Memory(NamedTuple):
    """What the next run must know."""

    serial: int = 0
    owed: bool = False

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return what was kept beside *path*; nothing known where that is not there, or no longer readable."""
        try:
            kept = json.loads(_memory(path).read_bytes())
            return cls(int(kept["serial"]), bool(kept["owed"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return cls()

    def keep(self, path: Path) -> None:
        """Keep it beside *path*."""
        if self != Memory.of(path):
            _write(_memory(path), json.dumps(self._asdict()))


def write_sum(path: Path, digest: str = "") -> None:
    """Make the checksum beside *path* say *digest*, which is the file's own where none is given."""
    if not digest:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    line, place = f"{digest}  {path.name}\n", path.with_name(f"{path.name}.sha256")
    if not place.exists() or place.read_bytes() != line.encode():
        _write(place, line)


def _memory(path: Path) -> Path:
    return path.with_name(f".{path.name}.export")


def _write(path: Path, text: str) -> None:
    draft = Draft(path)
    draft.write([text])
    draft.publish()

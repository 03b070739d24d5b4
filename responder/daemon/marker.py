"""marker - a small file in the state folder that says what holds beyond this process.

It stands apart from the store, so that it can be set where no daemon runs, and is
still there when the store is lost.  It is on the disk when `write` returns.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from responder.errors import StoreError


class Marker:
    """The file *path*."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Any] | None:
        """Return what it says, or None where it is not there; one that makes no sense says nothing but that it is."""
        try:
            said = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    def write(self, said: Mapping[str, Any]) -> None:
        """Have it say *said*; raises StoreError."""
        draft = self._path.with_name(f"{self._path.name}.new")
        try:
            with draft.open("w") as file:
                json.dump(said, file)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._path)
            self._sync()
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from None

    def remove(self) -> None:
        """Have it not be there; raises StoreError."""
        try:
            self._path.unlink(missing_ok=True)
            self._sync()
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be removed: {error.strerror}") from None

    def _sync(self) -> None:
        """Wait until the disk knows the name, or its end."""
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def number(said: Mapping[str, Any], key: str, default: float) -> float:
    """Return the number called *key* in what a marker *said*, or *default*."""
    value = said.get(key)
    return float(value) if isinstance(value, (int, float)) and abs(value) < 1e15 else default

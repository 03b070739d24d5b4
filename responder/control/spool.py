"""spool - requests that were left in a folder because the daemon was not there.

``responder-ar`` writes each into a file of its own, named for its token, so the
order of the names is the order in which they were made.  A file is removed
only when what it asks for is durable; one that makes no sense is moved to bad/.

The folder is the daemon's own: only root and its user can write there.
"""

import json
import logging
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

from responder.errors import StoreError
from responder.framing import Message

_NAME = re.compile(r"\d{20}-\d{1,10}-[0-9a-f]{8}\.json")
_LONGEST = 64 * 1024
_STALE = 3600.0  # seconds after which a file that never got its name is nobody's any more
_log = logging.getLogger("responder")


class Spooled(NamedTuple):
    """A request, and the name of its file."""

    name: str
    request: Message


class Spool:
    """The folder at *path*."""

    def __init__(self, path: Path) -> None:
        """Make the folder if there is none; raises StoreError."""
        self._path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path}: the spool folder cannot be made: {error.strerror}") from None

    def waiting(self, most: int) -> list[Spooled]:
        """Return the first *most* requests, in the order in which they were made."""
        try:
            names = os.listdir(self._path)  # noqa: PTH208 - asked for every second
        except OSError as error:
            _log.error("%s: the spool folder cannot be read: %s", self._path, error.strerror)
            return []
        found: list[Spooled] = []
        for name in sorted(names):
            if len(found) == most:
                break
            if _NAME.fullmatch(name) and (request := self._read(name)):
                found.append(Spooled(name, request))
            elif name.startswith("."):
                self._forget_stale(name)
        return found

    def remove(self, name: str) -> None:
        """Remove the file called *name*, whose request was carried out."""
        try:
            (self._path / name).unlink(missing_ok=True)
        except OSError as error:
            _log.error("%s: cannot be removed: %s", self._path / name, error.strerror)

    def refuse(self, name: str, why: str) -> None:
        """Put aside the file called *name*, whose request makes no sense."""
        bad = self._path / "bad"
        try:
            bad.mkdir(mode=0o700, exist_ok=True)
            (self._path / name).rename(bad / name)
        except OSError as error:
            why = f"{why}; and it cannot be put aside: {error.strerror}"
        _log.error("%s: %s; it is kept in %s", self._path / name, why, bad)

    def _read(self, name: str) -> Message | None:
        try:
            with os.fdopen(os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                content = file.read(_LONGEST + 1)
            request = json.loads(content[:_LONGEST])
        except (OSError, ValueError, RecursionError) as error:
            self.refuse(name, f"cannot be read: {error}")
            return None
        if isinstance(request, dict) and f"{request.get('token')}.json" == name:
            return request
        self.refuse(name, "is no request with that token")
        return None

    def _forget_stale(self, name: str) -> None:
        """Remove what a script wrote and was killed before it gave it a name; it did not report success."""
        path = self._path / name
        try:
            if time.time() - path.lstat().st_mtime > _STALE:
                path.unlink()
        except OSError:
            return  # it has its name by now

"""textfile - the figures in a file, for the textfile collector of Prometheus' node_exporter; from a thread of its own.

Written every few seconds, and replaced as a whole.  A disk that hangs holds up
nobody but this.
"""

import contextlib
import logging
import os
import threading
from pathlib import Path

from prometheus_client import generate_latest

from responder.metrics.exposition import Exposition

EVERY = 10.0  # seconds
_PATIENCE = 1.0  # seconds that `close` gives a write that has begun
_log = logging.getLogger("responder")


class Textfile:
    """Keeps *exposition* in the file *path*; looks *every* so many seconds whether it is closed."""

    def __init__(self, path: Path, exposition: Exposition, every: float = EVERY) -> None:
        self._path, self._exposition, self._every = path, exposition, every
        self._trouble = ""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="textfile", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and remove the file: figures of a daemon that is gone are none."""
        self._closed.set()
        self._thread.join(_PATIENCE)  # else what it has begun to write would be there again
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _write(self) -> None:
        draft = self._path.with_name(f".{self._path.name}.new")  # what a crash leaves there is written over
        try:
            with draft.open("wb") as file:
                os.fchmod(file.fileno(), 0o644)  # whoever reads it is another user
                file.write(generate_latest(self._exposition.registry))
            draft.rename(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise

    def _keep(self) -> None:
        while not self._closed.wait(self._every):
            try:
                self._write()
                trouble = ""
            except OSError as error:
                trouble = f"{self._path}: cannot be written: {error.strerror}"
            if trouble and trouble != self._trouble:
                _log.warning("metrics: %s", trouble)
            self._trouble = trouble

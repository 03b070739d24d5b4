"""command - the command line as a person calls it, in this process."""

import io
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from responder.cli.main import main


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return what was printed, as JSON."""
        return json.loads(self.out)


class Command:
    """Calls ``responder`` with a settings file of the test's own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.config = folder, folder / "responder.toml"
        self._patch, self._capture = patch, capture
        self.configure("")

    def configure(self, settings: str) -> None:
        """Write the settings: state and socket in the test's folder, and *settings*."""
        own = {"state": self.folder / "state", "control": self.folder / "control.sock"}
        lines = "".join(f"{key} = {json.dumps(str(path))}\n" for key, path in own.items())
        self.config.write_text(lines + settings)

    def __call__(self, *words: str | Path, stdin: str = "") -> Said:
        """Run a command to its end."""
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self._patch.setattr(sys, "argv", ["responder", *map(str, words)])
        self._patch.setenv("RESPONDER_CONFIG", str(self.config))
        self._capture.readouterr()
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return Said(status, *self._capture.readouterr())

"""here - the lab's daemon in the network that the test itself is in."""

import os
from collections.abc import Sequence
from pathlib import Path

from tests.lab.daemon import Daemon
from tests.lab.host import Host


class Here(Host):
    """The host whose network we are in."""

    def __init__(self) -> None:
        super().__init__("here", "", "127.0.0.1", "::1")

    def command(self, argv: Sequence[str | os.PathLike[str]]) -> list[str]:
        """Return *argv*: it is called from here."""
        return [os.fspath(word) for word in argv]


def daemon_here(folder: Path, settings: str) -> Daemon:
    """Return a daemon to run here."""
    return Daemon(Here(), folder, settings)

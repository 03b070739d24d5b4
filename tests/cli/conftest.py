"""The command line, and a daemon for it to speak to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.daemon.here import daemon_here
from tests.lab.daemon import Daemon

SETTINGS = """
[firewall]
backend = "dry-run"

[[source]]
path = "{folder}/mail.log"
timezone = "UTC"

[policy.login]
limit = 3

[allow]
networks = ["203.0.113.8"]
"""


@pytest.fixture
def responder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


@pytest.fixture
def daemon(responder: Command, tmp_path: Path) -> Iterator[Daemon]:
    """Run a daemon with the settings that `responder` uses."""
    (tmp_path / "mail.log").touch()
    responder.configure(SETTINGS.format(folder=tmp_path))
    with daemon_here(tmp_path, SETTINGS.format(folder=tmp_path)) as running:
        yield running

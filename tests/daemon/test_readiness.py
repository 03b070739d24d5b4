"""Whoever starts the daemon hears when its bans are in the kernel, and that its loop turns."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from responder.framing import Frames, Message, encode

SETTINGS = """
state = "{folder}/state"
control = "{folder}/control.sock"
source = []

[firewall]
backend = "dry-run"
socket = "{actor}"
"""


class ServiceManager:
    """Starts a daemon in *folder*, and hears what it says."""

    def __init__(self, folder: Path, actor: Path | str = "") -> None:
        self.folder, self.config = folder, folder / "responder.toml"
        self.config.write_text(SETTINGS.format(folder=folder, actor=actor))
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder / "notify"))
        self.socket.settimeout(120)

    @contextmanager
    def daemon(self, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"), **environment}
        command = [sys.executable, "-m", "responder", "--config", str(self.config), "run"]
        with (self.folder / "said").open("wb") as said:
            process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            self.socket.close()

    def hears(self, wanted: str) -> dict[str, str]:
        """Return the next message that has *wanted*, as a table."""
        while True:
            message = dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())
            if wanted in message:
                return message


class Actor:
    """A firewall actor that a test answers for."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._listener.settimeout(120)
        self._frames, self._waiting = Frames(), list[Message]()

    def greet(self) -> None:
        self._connection, _ = self._listener.accept()
        self.tell(id=0, backend="dry-run", why="a test", error="")

    def tell(self, **message: object) -> None:
        self._connection.sendall(encode(message))

    def asked(self) -> Message:
        while not self._waiting:
            self._waiting += self._frames.feed(self._connection.recv(1 << 16))
        return self._waiting.pop(0)

    def close(self) -> None:
        self._connection.close()
        self._listener.close()


@pytest.fixture
def actor(tmp_path: Path) -> Iterator[Actor]:
    made = Actor(tmp_path / "actor.sock")
    yield made
    made.close()


def test_it_is_not_ready_before_its_bans_are_in_the_kernel(tmp_path: Path, actor: Actor) -> None:
    """The loop turns, as its signs of life show, but it is not ready until the actor has answered."""
    manager = ServiceManager(tmp_path, tmp_path / "actor.sock")
    with manager.daemon(WATCHDOG_USEC="300000"):
        actor.greet()
        request = actor.asked()
        assert request["do"] == "sync"
        before = [manager.socket.recv(4096).decode() for _ in range(4)]
        assert before == ["WATCHDOG=1"] * 4

        actor.tell(id=request["id"], applied=0, error="")

        assert "following 0 logs with" in manager.hears("READY")["STATUS"]
        manager.hears("WATCHDOG")


def test_it_is_ready_without_a_firewall_and_says_so(tmp_path: Path, actor: Actor) -> None:
    """It detects and records; whoever waits for it must not wait for ever.  Later news is told, too."""
    manager = ServiceManager(tmp_path, tmp_path / "actor.sock")
    with manager.daemon():
        actor.greet()
        actor.tell(id=actor.asked()["id"], applied=0, error="the kernel has no nf_tables")

        assert "the kernel has no nf_tables" in manager.hears("READY")["STATUS"]

        actor.tell(id=actor.asked()["id"], applied=0, error="")
        assert "nf_tables" not in manager.hears("STATUS")["STATUS"]


def test_a_reload_and_the_end_are_told(tmp_path: Path) -> None:
    """With an actor of its own, which hears nothing of all this."""
    manager = ServiceManager(tmp_path)
    with manager.daemon() as process:
        manager.hears("READY")

        process.send_signal(signal.SIGHUP)
        assert manager.hears("RELOADING")["MONOTONIC_USEC"].isdecimal()
        manager.hears("READY")

        process.terminate()
        manager.hears("STOPPING")
        assert process.wait(60) == 0

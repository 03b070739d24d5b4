"""policyd - ``responder policyd`` in a folder of its own, and a client that asks it as Postfix does."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection

from responder import config, databases
from responder.quota import counters, reports
from responder.quota.quota import ready
from tests.lab.wait import until


class Client:
    """One connection to a policy service."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.settimeout(20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *requests: dict[bytes, bytes]) -> None:
        """Send *requests* at once."""
        self.socket.sendall(b"".join(b"".join(b"%b=%b\n" % pair for pair in one.items()) + b"\n" for one in requests))

    def answers(self, count: int) -> list[str]:
        """Return so many answers; fewer when the service hangs up."""
        data = b""
        while data.count(b"\n\n") < count and (piece := self.socket.recv(65536)):
            data += piece
        return [part.removeprefix("action=") for part in data.decode().split("\n\n")[:-1]]

    def ask(self, *requests: dict[bytes, bytes]) -> list[str]:
        """Return the actions that *requests* are answered with."""
        self.send(*requests)
        return self.answers(len(requests))


class Policyd:
    """The service, listening on a Unix socket in *folder*; use it in a ``with``.  What it prints goes to `output`."""

    def __init__(self, folder: Path, quotas: str, policyd: str = "", command: Sequence[str] = ()) -> None:
        self.folder, self.socket, self.output = folder, folder / "policy.sock", folder / "policyd.log"
        self.config = folder / "responder.toml"
        self._before = list(command)
        self.configure(quotas, policyd)
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, quotas: str, policyd: str = "") -> None:
        """Write the settings."""
        listen = "" if "listen" in policyd else f"listen = [{json.dumps(f'unix:{self.socket}')}]\n"
        state = json.dumps(str(self.folder / "state"))
        self.config.write_text(f"state = {state}\nsource = []\n[policyd]\n{listen}{policyd}\n{quotas}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it listens."""
        with self.output.open("ab") as output:
            before = self.said().count("listening on")
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        until(lambda: self.said().count("listening on") > before or self._ended(), within=30, what=self.said())

    @property
    def command(self) -> list[str]:
        """Return how it is called."""
        return [*self._before, sys.executable, "-m", "responder", "--config", str(self.config), "policyd"]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal and return its status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        status, self.process = self.process.wait(20), None
        return status

    def reload(self, quotas: str, policyd: str = "") -> None:
        """Have it read other settings, and wait until it has."""
        assert self.process
        self.configure(quotas, policyd)
        before = self.said().count("settings")
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.said().count("settings") > before, what="a word about the settings")

    def client(self) -> Client:
        """Return a new connection."""
        return Client(self.socket)

    def stored(self, key: str, field: str = "used") -> Any:
        """Return what the database has of *key*, as ``responder quota show`` tells it; of ``used`` the sum."""
        settings = config.load(self.config).settings
        engine = counters.connect(counters.url(settings.policyd.database, settings.state))
        try:
            known = reports.known(engine, ready(settings.quota), key, time.time())
        finally:
            engine.dispose()
        return sum(one.used for one in known.used) if field == "used" else getattr(known, field)

    def change(self, change: Callable[[Connection], object]) -> None:
        """Change overrides or suspensions, as administrators do."""
        settings = config.load(self.config).settings
        engine = counters.connect(counters.url(settings.policyd.database, settings.state))
        try:
            with databases.transaction(engine) as connection:
                change(connection)
        finally:
            engine.dispose()

    def said(self) -> str:
        """Return what it has printed so far."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def _ended(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended with {self.process.returncode}: {self.said()[-2000:]}")
        return False


@contextmanager
def reachable(quotas: str, more: str = "") -> Iterator[Policyd]:
    """Run one in a folder that the user postfix can walk into, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="rsp-policyd-"))
    folder.chmod(0o755)
    try:
        with Policyd(folder, quotas, more) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)

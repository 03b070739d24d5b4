"""rbldnsd - a real rbldnsd on a port of loopback, serving files from a folder of its own."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.lab import dns
from tests.lab.wait import until


def missing() -> str:
    """Return what keeps this machine from running one, or nothing."""
    return "" if shutil.which("rbldnsd") else "rbldnsd is not installed"


class Rbldnsd:
    """Serves *zones*, each a type of data set and a text; `log` is what it said."""

    def __init__(self, zones: Mapping[str, tuple[str, str]]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rsp-rbldnsd-"))
        self.folder.chmod(0o755)  # it gives up root
        self.port = dns.free_port()
        self._zones = [f"{zone}:{kind}:{zone}" for zone, (kind, _) in zones.items()]
        for zone, (_, text) in zones.items():
            (self.folder / zone).write_text(text)
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        words = ["rbldnsd", "-n", "-b", f"127.0.0.1/{self.port}", "-w", str(self.folder), "-c", "0"]
        with (self.folder / "log").open("wb") as log:
            self._server = subprocess.Popen([*words, *self._zones], stdout=log, stderr=log)
        try:
            until(self._answers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.terminate()
            self._server.wait()
        shutil.rmtree(self.folder)

    @property
    def log(self) -> str:
        """Return what it has said so far."""
        return (self.folder / "log").read_text()

    @property
    def pid(self) -> int:
        """Return whom a SIGHUP makes read changed files again."""
        assert self._server
        return self._server.pid

    def _answers(self) -> bool:
        assert self._server
        if self._server.poll() is not None:
            raise RuntimeError(self.log)
        try:
            return dns.ask(self.port, self._zones[0].partition(":")[0], dns.SOA).code >= 0
        except (TimeoutError, OSError):
            return False

"""daemon - responder itself on a host of the lab, with settings, state and socket in one folder.

`ask` and `tell` are the command line as a program and as a person use it.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.host import Host
from tests.lab.wait import until


class Daemon:
    """``responder run`` on *host* with *settings* (TOML, without state and control); use it in a ``with``.

    Leaving ends it with SIGTERM.  What it prints goes to `output`.
    """

    def __init__(self, host: Host, folder: Path, settings: str) -> None:
        self.host, self.folder = host, folder
        self.config, self.output = folder / "responder.toml", folder / "responder.log"
        own = {"state": str(folder / "state"), "control": str(folder / "control.sock")}
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in own.items())
        self.config.write_text(lines + settings)
        self.process: subprocess.Popen[Any] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers on its socket."""
        with self.output.open("ab") as output:
            self.process = self.host.popen(self.command("run"), stdout=output, stderr=subprocess.STDOUT)
        until(self._answers, within=30, what=f"an answer of the daemon; see {self.output}", every=0.05)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal, wait for its end and return its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        status, self.process = self.process.wait(15), None
        return status

    def tell(self, *words: str, check: bool = True) -> str:
        """Run a command and return what it printed for a person; RuntimeError says what a failed one complained of."""
        done = self.host.run(self.command(*words), timeout=30)
        if check and done.returncode:
            raise RuntimeError(f"responder {' '.join(words)} exits with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def ask(self, *words: str) -> Any:
        """Run a command with --json and return what it answered, be that good news or not."""
        return json.loads(self.tell(*words, "--json", check=False))

    def said(self) -> str:
        """Return what the daemon has printed so far."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def _answers(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError(f"the daemon ended with status {self.process.returncode}: {self.said()[-2000:]}")
        return self.host.run(self.command("status", "--json"), timeout=30).returncode in (0, 1)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "responder", "--config", str(self.config), *words]

"""execd - what OSSEC's and Wazuh's execd do with an active-response script, byte for byte.

OSSEC: words on the command line, working directory /, the three standard files
on /dev/null, the environment inherited.

Wazuh: no words; its home is the working directory; one line of JSON on a
standard input that stays open, standard error on /dev/null.  ``add`` is answered
on standard output and answered back, ``delete`` has /dev/null there.

responder-ar is installed by its own installer, into homes of theirs that are empty otherwise.

Both wait for the script without a limit.  Here there is one, so that a script
that never ends fails a test instead of hanging it.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

PATIENCE = 60  # seconds, thirty times what is promised

ALERT = "1786701600.1234"
LOCATION = "/var/log/mail.log"


class Run(NamedTuple):
    """How a script ended, and what it wrote to standard output."""

    status: int
    out: bytes = b""


class Installed:
    """responder-ar, installed by its own installer into a home below *folder*."""

    def __init__(self, folder: Path, *, wazuh: bool = False) -> None:
        self.home, self.control, self.spool = folder / "ossec", folder / "control.sock", folder / "spool"
        self.programs = self.home / "active-response" / "bin"
        self.script, self.log = self.programs / "responder-ar", self.home / "logs" / "active-responses.log"
        for made in (self.programs, self.log.parent, self.home / "bin", self.home / "etc", self.spool):
            made.mkdir(parents=True)
        name = "wazuh" if wazuh else "ossec"
        for program in (f"{name}-control", f"{name}-execd", f"{name}-analysisd"):
            (self.home / "bin" / program).touch()
        self.install("--install", "--control", str(self.control), "--spool", str(self.spool))

    def install(self, *words: str) -> str:
        """Call the installer, and return what it printed."""
        command = [sys.executable, "-m", "responder.active_response", *words, "--home", str(self.home)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def logged(self) -> list[str]:
        """Return the lines in their log."""
        return self.log.read_text("utf-8").splitlines() if self.log.exists() else []

    def said(self) -> str:
        """Return the one line in their log."""
        [line] = self.logged()
        return line

    def kept(self) -> list[dict[str, str]]:
        """Return the requests in the spool, in the order in which the daemon takes them."""
        return [json.loads(path.read_text()) for path in sorted(self.spool.iterdir())]


class Execd:
    """Starts scripts, and looks whether anything of them is left when they have ended."""

    def __init__(self, installed: Installed) -> None:
        self.installed = installed
        self.environment: dict[str, str] = {}

    def _start(self, command: Sequence[str | Path], **files: Any) -> tuple["subprocess.Popen[bytes]", str]:
        mark = f"RESPONDER_TEST_MARK={uuid.uuid4()}"
        name, _, value = mark.partition("=")
        environment = {**os.environ, **self.environment, name: value}
        return subprocess.Popen(command, env=environment, **files), mark

    @staticmethod
    def _wait(process: "subprocess.Popen[bytes]", mark: str) -> int:
        try:
            status = process.wait(PATIENCE)
        finally:
            process.kill()
        assert not left(mark)
        return status


def left(mark: str) -> list[str]:
    """Return the processes that inherited *mark*, whatever session, group or parent they are in by now."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark.encode() in path.read_bytes().split(b"\0"):
                found.append(path.parent.name)
    return found


class Ossec(Execd):
    """OSSEC's, and that of Wazuh agents before 4.2."""

    def run(self, *words: str, **files: Any) -> Run:
        """Run the script with *words* and wait for its end; *files* are others than /dev/null."""
        return self.finish(*self.start(*words, **files))

    def start(self, *words: str, **files: Any) -> tuple["subprocess.Popen[bytes]", str]:
        """Start the script and do not wait."""
        null = subprocess.DEVNULL
        files = {"stdin": null, "stdout": null, "stderr": null, "cwd": "/"} | files
        return self._start([self.installed.script, *words], **files)

    def finish(self, process: "subprocess.Popen[bytes]", mark: str) -> Run:
        """Wait for its end."""
        with process:
            status = self._wait(process, mark)
            return Run(status, process.stdout.read() if process.stdout else b"")

    def add(self, address: str, **files: Any) -> Run:
        """Ban *address*, as after an alert of rule 3301."""
        return self.run("add", "-", address, ALERT, "3301", LOCATION, "-", **files)

    def delete(self, address: str, **files: Any) -> Run:
        """Let it go."""
        return self.run("delete", "-", address, ALERT, "3301", LOCATION, "-", **files)


class Wazuh(Execd):
    """Wazuh's since 4.2."""

    def add(self, message: dict[str, Any] | bytes, answer: str | bytes | Sequence[bytes] | None = "continue") -> Run:
        """Have *message* done; *answer* the script's question with a command, with bytes, in pieces, or not at all."""
        process, mark = self._start(["active-response/bin/responder-ar"], **self._files(subprocess.PIPE))
        with process:
            assert process.stdin
            assert process.stdout
            _write(process.stdin, _line(message))
            asked = process.stdout.readline()
            if isinstance(answer, str):
                assert isinstance(message, dict)
                answer = _line({**message, "command": answer})
            for piece in [answer] if isinstance(answer, bytes) else answer or []:
                _write(process.stdin, piece)
            return Run(self._wait(process, mark), asked + process.stdout.read())

    def delete(self, message: dict[str, Any] | bytes) -> Run:
        """Have *message* undone, or anything else that is not answered back."""
        process, mark = self._start(["active-response/bin/responder-ar"], **self._files(subprocess.DEVNULL))
        with process:
            assert process.stdin
            _write(process.stdin, _line(message))
            return Run(self._wait(process, mark))

    def say_nothing(self) -> Run:
        """Start the script and never tell it what for."""
        process, mark = self._start(["active-response/bin/responder-ar"], **self._files(subprocess.PIPE))
        with process:
            assert process.stdout
            return Run(self._wait(process, mark), process.stdout.read())

    def _files(self, out: int) -> dict[str, Any]:
        return {"stdin": subprocess.PIPE, "stdout": out, "stderr": subprocess.DEVNULL, "cwd": self.installed.home}


def alert(address: str, command: str = "add", **data: Any) -> dict[str, Any]:
    """Return a message of Wazuh 4 about *address*."""
    return {
        "version": 1,
        "origin": {"name": "node01", "module": "wazuh-execd"},
        "command": command,
        "parameters": {
            "extra_args": [],
            "alert": {
                "timestamp": "2026-08-14T10:00:00.123+0000",
                "rule": {"level": 10, "description": "Too many failures.", "id": "3357", "groups": ["postfix"]},
                "agent": {"id": "001", "name": "mx1", "ip": "10.0.0.5"},
                "manager": {"name": "mgr"},
                "id": ALERT,
                "full_log": "...",
                "decoder": {"name": "postfix"},
                "data": {"srcip": address} | data,
                "location": LOCATION,
            },
            "program": "active-response/bin/responder-ar",
        },
    }


def finding(address: str, command: str = "enable") -> dict[str, Any]:
    """Return a message of Wazuh 5 about *address*."""
    return {
        "@timestamp": "2026-03-31T15:30:45.000Z",
        "event": {"index": "wazuh-findings-v5-access", "doc_id": "AbCd"},
        "source": {"ip": address},
        "user": {"name": "bob"},
        "wazuh": {
            "active_response": {
                "name": "responder",
                "executable": "responder-ar",
                "extra_arguments": None,
                "type": "stateless",
                "stateful_timeout": None,
                "location": "local",
                "agent_id": None,
            },
            "agent": {"id": "001", "name": "mx1"},
            "protocol": {"location": LOCATION},
            "rule": {"id": "7001", "level": "high"},
        },
        "command": command,
    }


def _line(message: dict[str, Any] | bytes) -> bytes:
    return message if isinstance(message, bytes) else json.dumps(message, separators=(",", ":")).encode() + b"\n"


def _write(file: IO[bytes], data: bytes) -> None:
    with suppress(BrokenPipeError):  # the script may have ended already
        file.write(data)
        file.flush()

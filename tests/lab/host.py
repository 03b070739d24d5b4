"""host - a machine of the lab: one network namespace with addresses and programs.

Programs run by argument list.  What `popen` started is ended, by its process id,
when the host is taken down; so is anything that those programs left behind in
the namespace, a mail system for one.

Falls short: hosts have their own network only.  Files, users and process ids
are the machine's.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from tests.lab.wait import until

Reached = Literal["open", "refused", "timeout", "unreachable"]

# Prints one word for how far it came, and the peer's first line.
_CONNECT = """
import socket, sys
address, port, timeout, source = sys.argv[1:]
try:
    peer = socket.create_connection((address, int(port)), float(timeout), (source, 0) if source else None)
except ConnectionRefusedError:
    print("refused")
except TimeoutError:
    print("timeout")
except OSError as error:
    print("unreachable", error)
else:
    try:
        print("open", peer.recv(512).decode(errors="replace").partition("\\r\\n")[0])
    except OSError:
        print("open")
"""


class Contact(NamedTuple):
    """How far a connection came, and what the other side said first."""

    reached: Reached
    greeting: str


class Host:
    """A namespace called *namespace*; *ipv4* and *ipv6* are its own addresses."""

    def __init__(self, name: str, namespace: str, ipv4: str, ipv6: str) -> None:
        self.name, self.namespace, self.ipv4, self.ipv6 = name, namespace, ipv4, ipv6
        self._running: list[subprocess.Popen[Any]] = []

    def command(self, argv: Sequence[str | os.PathLike[str]]) -> list[str]:
        """Return *argv* as it must be called from outside to run on this host."""
        return ["ip", "netns", "exec", self.namespace, *(os.fspath(word) for word in argv)]

    def run(
        self, argv: Sequence[str | os.PathLike[str]], *, timeout: float = 30.0, check: bool = False, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return what it printed; *more* goes to `subprocess.run`."""
        more = {"stdin": subprocess.DEVNULL} | more if "input" not in more else more
        return subprocess.run(self.command(argv), capture_output=True, text=True, timeout=timeout, check=check, **more)

    def popen(self, argv: Sequence[str | os.PathLike[str]], **more: Any) -> subprocess.Popen[Any]:
        """Start a program and leave it running; its pid is the program's own.  *more* goes to Popen."""
        process = subprocess.Popen(self.command(argv), **({"stdin": subprocess.DEVNULL} | more))
        self._running.append(process)
        return process

    @staticmethod
    def end(process: subprocess.Popen[Any] | None) -> None:
        """Ask *process* to end, and wait a little for it; `down` is less patient."""
        if process:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)

    def connect(self, address: str, port: int, timeout: float = 2.0, source: str = "") -> Contact:
        """Open one TCP connection from here, from *source* if given, and wait for a greeting."""
        argv = [sys.executable, "-ISc", _CONNECT, address, str(port), str(timeout), source]
        said = self.run(argv, timeout=2 * timeout + 10, check=True).stdout.strip()
        reached, _, greeting = said.partition(" ")
        return Contact(reached, greeting)  # type: ignore[arg-type]

    def add_addresses(self, *addresses: str) -> None:
        """Give this host more addresses on the lab's link, thousands at once if need be; those it has it keeps."""
        lines = "".join(f"addr replace {_on_link(address)} dev eth0\n" for address in addresses)
        argv = ["ip", "-n", self.namespace, "-batch", "-"]
        subprocess.run(argv, input=lines, text=True, check=True, capture_output=True)

    def down(self) -> None:
        """End every program still running here: asked first, then killed."""
        for process in self._running:
            if process.poll() is None:
                process.terminate()
        for process in self._running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        self._running.clear()
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not self._pids(), within=5, what=f"{self.namespace} without processes")

    def _pids(self) -> list[int]:
        argv = ["ip", "netns", "pids", self.namespace]
        return [int(pid) for pid in subprocess.run(argv, capture_output=True, text=True, check=False).stdout.split()]


def _on_link(address: str) -> str:
    return f"{address}/32 nodad" if ":" in address else f"{address}/15"

"""hosted - the daemon as it is measured: on a host of the lab, with a mail log of its own and real nftables."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from responder.control import client
from tests.lab.daemon import Daemon
from tests.lab.network import Network

_SETTINGS = """
[[source]]
path = {log}
timezone = "UTC"
[policy.smtp-probe]
limit = 3
within = "10m"
ban = "1h"
"""
_TICKS = os.sysconf("SC_CLK_TCK")


def daemon(net: Network, folder: Path, settings: str = _SETTINGS) -> Daemon:
    """Return a daemon, not yet started, that follows *folder*/mail.log."""
    folder.mkdir()
    log = folder / "mail.log"
    log.touch()
    return Daemon(net.srv, folder, settings.format(log=json.dumps(str(log))))


def offences(address: str, count: int) -> bytes:
    """Return *count* lines of now, by which *address* offends."""
    line = (
        f"{stamp()}mx postfix/smtpd[4711]: NOQUEUE: reject: RCPT from unknown[{address}]: 550 5.1.1 <x@example.org>: "
        "Recipient address rejected: User unknown in local recipient table; from=<a@b.test> to=<x@example.org> "
        "proto=ESMTP helo=<b.test>\n"
    )
    return line.encode() * count


def stamp() -> str:
    """Return the stamp of a line of now, with the space after it."""
    return time.strftime("%b %e %H:%M:%S ", time.gmtime())


def append(one: Daemon, data: bytes) -> float:
    """Write *data* to the log; return when the write began, as its effect may be seen before it returns."""
    with (one.folder / "mail.log").open("ab", buffering=0) as log:
        begin = time.perf_counter()
        log.write(data)
    return begin


def status(one: Daemon) -> dict[str, Any]:
    """Return what the daemon says of itself."""
    return client.ask(one.folder / "control.sock", "status")


def memory(one: Daemon) -> float:
    """Return the proportional set size of the daemon and its actor, in MB."""
    return sum(_pss(Path(f"/proc/{pid}/smaps_rollup")) for pid in _processes(one)) / 1024


def processor_time(one: Daemon) -> float:
    """Return what the daemon and its actor have used so far, in seconds."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in _processes(one)]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / _TICKS


class Monitor:
    """Hears from the kernel (``nft monitor``) when it gets new elements; use it in a ``with``."""

    def __init__(self, one: Daemon) -> None:
        self._daemon = one

    def __enter__(self) -> Self:
        words = ["stdbuf", "-oL", "nft", "monitor", "new", "elements"]
        self._process = self._daemon.host.popen(words, stdout=subprocess.PIPE)
        self._daemon.tell("ban", "198.19.255.255")
        self.sees("198.19.255.255")  # and so all that comes from now on
        return self

    def sees(self, address: str) -> float:
        """Wait until the kernel has *address*; return when that was seen."""
        assert self._process.stdout
        while f" {address} ".encode() not in self._process.stdout.readline():
            pass
        return time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def _processes(one: Daemon) -> tuple[int, ...]:
    assert one.process
    pid = one.process.pid
    return pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def _pss(rollup: Path) -> int:
    return next(int(line.split()[1]) for line in rollup.read_text().splitlines() if line.startswith("Pss:"))

"""kernel - from the log line to the kernel: how soon one attacker, how soon ten thousand; how soon after a start.

The daemon and its actor run in a namespace with real nftables.  One line's way
is timed from the write to the kernel's own event (``nft monitor``); crowds are
timed until the actor has answered that the kernel has them, which the listing
then confirms.
"""

import contextlib
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from responder.control import client
from responder.enforce.backend import Target
from responder.values import Prefix, Scope
from tests.bench.figure import Figure
from tests.enforce.namespace import inside
from tests.enforce.opened import opened
from tests.lab import maillog
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

SAMPLES = 50
RUNS = 3
_SETTINGS = """
[[source]]
path = {log}
timezone = "UTC"
[policy.smtp-probe]
limit = 3
within = "10m"
ban = "1h"
"""


def measure(folder: Path, crowd: int) -> Iterator[Figure]:
    """Yield the figures; *crowd* attackers cross the limit at once."""
    with Network() as net:
        yield _latency(net, folder / "latency")
        floods, starts, idle, full = [], [], [], []
        for run in range(RUNS):
            with _daemon(net, folder / f"flood{run}") as daemon:
                idle.append(_memory(daemon))
                floods.append(_flood(daemon, crowd))
                full.append(_memory(daemon))
                daemon.stop()
                net.srv.run(["nft", "flush", "ruleset"], check=True)
                starts.append(_start(daemon, crowd))
                daemon.tell("firewall", "flush")
        yield Figure(f"{crowd:,} attackers at once, last line written to all in the kernel", "s", tuple(floods))
        yield Figure(f"start with {crowd:,} bans, process start to all in the kernel", "s", tuple(starts))
        yield Figure("memory of daemon and actor, idle", "MB", tuple(idle))
        yield Figure(f"memory of daemon and actor, {crowd:,} bans", "MB", tuple(full))


def _daemon(net: Network, folder: Path) -> Daemon:
    folder.mkdir()
    log = folder / "mail.log"
    log.touch()
    return Daemon(net.srv, folder, _SETTINGS.format(log=json.dumps(str(log))))


def _offences(address: str, count: int) -> bytes:
    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
    line = (
        f"{stamp} mx postfix/smtpd[4711]: NOQUEUE: reject: RCPT from unknown[{address}]: 550 5.1.1 <x@example.org>: "
        "Recipient address rejected: User unknown in local recipient table; from=<a@b.test> to=<x@example.org> "
        "proto=ESMTP helo=<b.test>\n"
    )
    return line.encode() * count


def _append(daemon: Daemon, data: bytes) -> float:
    """Write *data* to the log; return when the write began, as its effect may be seen before it returns."""
    with (daemon.folder / "mail.log").open("ab", buffering=0) as log:
        begin = time.perf_counter()
        log.write(data)
    return begin


def _latency(net: Network, folder: Path) -> Figure:
    samples = []
    with _daemon(net, folder) as daemon, contextlib.ExitStack() as at_end:
        monitor = net.srv.popen(["stdbuf", "-oL", "nft", "monitor", "new", "elements"], stdout=-1)
        at_end.callback(monitor.kill)
        assert monitor.stdout
        daemon.tell("ban", "198.19.255.255")
        while b"198.19.255.255" not in monitor.stdout.readline():
            pass  # the monitor sees what we do from now on
        for number in range(SAMPLES):
            address = maillog.attacker(10 * number)
            _append(daemon, _offences(address, 2))
            until(lambda number=number: _status(daemon)["offences"] == 3 * number + 2)  # type: ignore[misc]
            begin = _append(daemon, _offences(address, 1))
            while f" {address} ".encode() not in monitor.stdout.readline():
                pass
            samples.append((time.perf_counter() - begin) * 1000)
        daemon.tell("firewall", "flush")
    return Figure("line written to kernel drop, idle daemon", "ms", tuple(samples))


def _attackers(daemon: Daemon, crowd: int) -> Iterator[str]:
    """Yield as many addresses as *crowd*, none of which is the host's own and so never banned."""
    others = (maillog.attacker(number) for number in range(2 * crowd) if maillog.attacker(number) != daemon.host.ipv4)
    return itertools.islice(others, crowd)


def _flood(daemon: Daemon, crowd: int) -> float:
    """Time from the write of all lines, each attacker's three times over, until the kernel has the last attacker."""
    data = b"".join(_offences(address, 1) for address in _attackers(daemon, crowd))
    return _until_the_last(daemon, crowd, lambda: _append(daemon, data * 3))


def _start(daemon: Daemon, crowd: int) -> float:
    """Time from the start of the process until the kernel has the last of the bans, which come in one transaction."""

    def run() -> None:
        daemon.process = daemon.host.popen(daemon.command("run"), stdout=-3, stderr=-3)

    return _until_the_last(daemon, crowd, run)


def _until_the_last(daemon: Daemon, crowd: int, begin: Callable[[], object]) -> float:
    *_, last = _attackers(daemon, crowd)
    target = Target(Prefix.parse(last).widen(32, 64), Scope())
    with inside(daemon.host.namespace), opened("nftables") as backend:
        begun = time.perf_counter()
        begin()
        until(lambda: backend.find([target], time.time()), within=120, every=0.002)
        lasted = time.perf_counter() - begun
    _settle(daemon, crowd)
    return lasted


def _settle(daemon: Daemon, crowd: int) -> None:
    until(lambda: _has(daemon, crowd), within=120, every=0.1, what=f"{crowd} bans in the kernel")
    listing = daemon.host.run(["nft", "list", "table", "inet", "responder"], check=True).stdout
    found = listing.count(" expires ")
    if found != crowd:
        raise RuntimeError(f"the kernel holds {found} bans, not {crowd}")


def _has(daemon: Daemon, crowd: int) -> bool:
    try:
        status = _status(daemon)
    except client.UnreachableError:
        return False
    return bool(status["bans"] == crowd and status["firewall"]["settled"])


def _status(daemon: Daemon) -> dict[str, Any]:
    return client.ask(daemon.folder / "control.sock", "status")


def _memory(daemon: Daemon) -> float:
    """Return the proportional set size of the daemon and its actor, in MB."""
    assert daemon.process
    pid = daemon.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_pss(Path(f"/proc/{one}/smaps_rollup")) for one in (pid, *children)) / 1024


def _pss(rollup: Path) -> int:
    return next(int(line.split()[1]) for line in rollup.read_text().splitlines() if line.startswith("Pss:"))

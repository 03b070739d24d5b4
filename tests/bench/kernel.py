"""kernel - from the log line to the kernel: how soon one attacker, how soon ten thousand; how soon after a start.

The daemon and its actor run in a namespace with real nftables.  One line's way
is timed from the write to the kernel's own event (``nft monitor``); crowds are
timed until the actor has answered that the kernel has them, which the listing
then confirms.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from responder.control import client
from responder.enforce.backend import Target
from responder.values import Prefix, Scope
from tests.bench import hosted
from tests.bench.figure import Figure
from tests.enforce.namespace import inside
from tests.enforce.opened import opened
from tests.lab import maillog
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

SAMPLES = 50
RUNS = 3


def measure(folder: Path, crowd: int) -> Iterator[Figure]:
    """Yield the figures; *crowd* attackers cross the limit at once."""
    with Network() as net:
        yield _latency(net, folder / "latency")
        floods, starts, idle, full = [], [], [], []
        for run in range(RUNS):
            with hosted.daemon(net, folder / f"flood{run}") as one:
                idle.append(hosted.memory(one))
                floods.append(_flood(one, crowd))
                full.append(hosted.memory(one))
                one.stop()
                net.srv.run(["nft", "flush", "ruleset"], check=True)
                starts.append(_start(one, crowd))
                one.tell("firewall", "flush")
        yield Figure(f"{crowd:,} attackers at once, last line written to all in the kernel", "s", tuple(floods))
        yield Figure(f"start with {crowd:,} bans, process start to all in the kernel", "s", tuple(starts))
        yield Figure("memory of daemon and actor, idle", "MB", tuple(idle))
        yield Figure(f"memory of daemon and actor, {crowd:,} bans", "MB", tuple(full))


def _latency(net: Network, folder: Path) -> Figure:
    samples = []
    with hosted.daemon(net, folder) as one, hosted.Monitor(one) as monitor:
        for number in range(SAMPLES):
            address = maillog.attacker(10 * number)
            hosted.append(one, hosted.offences(address, 2))
            until(lambda number=number: hosted.status(one)["offences"] == 3 * number + 2)  # type: ignore[misc]
            begin = hosted.append(one, hosted.offences(address, 1))
            samples.append((monitor.sees(address) - begin) * 1000)
        one.tell("firewall", "flush")
    return Figure("line written to kernel drop, idle daemon", "ms", tuple(samples))


def _attackers(one: Daemon, crowd: int) -> Iterator[str]:
    """Yield as many addresses as *crowd*, none of which is the host's own and so never banned."""
    others = (maillog.attacker(number) for number in range(2 * crowd) if maillog.attacker(number) != one.host.ipv4)
    return itertools.islice(others, crowd)


def _flood(one: Daemon, crowd: int) -> float:
    """Time from the write of all lines, each attacker's three times over, until the kernel has the last attacker."""
    data = b"".join(hosted.offences(address, 1) for address in _attackers(one, crowd))
    return _until_the_last(one, crowd, lambda: hosted.append(one, data * 3))


def _start(one: Daemon, crowd: int) -> float:
    """Time from the start of the process until the kernel has the last of the bans, which come in one transaction."""

    def run() -> None:
        one.process = one.host.popen(one.command("run"), stdout=-3, stderr=-3)

    return _until_the_last(one, crowd, run)


def _until_the_last(one: Daemon, crowd: int, begin: Callable[[], object]) -> float:
    *_, last = _attackers(one, crowd)
    target = Target(Prefix.parse(last).widen(32, 64), Scope())
    with inside(one.host.namespace), opened("nftables") as backend:
        begun = time.perf_counter()
        begin()
        until(lambda: backend.find([target], time.time()), within=120, every=0.002)
        lasted = time.perf_counter() - begun
    _settle(one, crowd)
    return lasted


def _settle(one: Daemon, crowd: int) -> None:
    until(lambda: _has(one, crowd), within=120, every=0.1, what=f"{crowd} bans in the kernel")
    listing = one.host.run(["nft", "list", "table", "inet", "responder"], check=True).stdout
    found = listing.count(" expires ")
    if found != crowd:
        raise RuntimeError(f"the kernel holds {found} bans, not {crowd}")


def _has(one: Daemon, crowd: int) -> bool:
    try:
        status = hosted.status(one)
    except client.UnreachableError:
        return False
    return bool(status["bans"] == crowd and status["firewall"]["settled"])

"""enforcing - what one change and a batch cost each firewall at no, many and very many bans; a storm; what others lose.

Each backend works in a network namespace of its own, called directly, so that the
figures are the backend's and not the daemon's.  The storm goes the whole way:
five hundred processes at the control socket.  The baselines beside it are what
concurrent iptables processes, and python-iptables without a lock, lose.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from responder.enforce.backend import Backend, Target
from responder.values import Prefix, Scope
from tests.bench.figure import Figure
from tests.enforce.namespace import inside
from tests.enforce.opened import held_by, opened
from tests.lab.daemon import Daemon
from tests.lab.network import Network

LOADS = {"nftables": (0, 10_000, 100_000), "iptables-ipset": (0, 10_000, 100_000), "iptables-plain": (0, 1_000, 10_000)}
BATCH = 1000
STORM = 500
_HOUR = 3600.0
_V4 = 0xFFFF << 32
_SCOPE = Scope()
_INSERT = """
import iptc, sys
rule = iptc.Rule()
rule.src = sys.argv[1]
rule.target = rule.create_target("DROP")
iptc.Chain(iptc.Table(iptc.Table.RAW), "PREROUTING").insert_rule(rule)
"""


def measure(folder: Path) -> Iterator[Figure]:
    """Yield the figures of every backend, then the storm's."""
    os.environ["XTABLES_LOCKFILE"] = str(folder / "xtables.lock")
    for name, loads in LOADS.items():
        for load in loads:
            with inside(), opened(name) as backend:
                yield from _costs(backend, name, load)
    yield from _storms(folder)
    yield from _baselines()


def targets(first: int, count: int) -> list[Target]:
    """Return as many different addresses, a fifth of them IPv6 networks."""
    return [
        Target(Prefix(_V4 | 0xC6120000 + n, 128), _SCOPE)
        if n % 5
        else Target(Prefix(0x20010DB8 << 96 | n << 64, 64), _SCOPE)
        for n in range(first, first + count)
    ]


@contextmanager
def _timed(runs: list[float], unit: float = 1000.0) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    runs.append((time.perf_counter() - begin) * unit)


def _costs(backend: Backend, name: str, load: int) -> Iterator[Figure]:
    now = time.time()
    loaded = dict.fromkeys(targets(0, load), now + _HOUR)
    first: list[float] = []
    with _timed(first, 1.0):
        backend.sync(loaded, [Prefix.parse("127.0.0.0/8"), Prefix.parse("::1")], now)
    if load:
        yield Figure(f"{name}: sync of {load:,} onto nothing", "s", tuple(first))
        again: list[float] = []
        with _timed(again, 1.0):
            backend.sync(loaded, [Prefix.parse("127.0.0.0/8"), Prefix.parse("::1")], now)
        yield Figure(f"{name}: sync of {load:,} that are there", "s", tuple(again))
        listed: list[float] = []
        with _timed(listed, 1.0):
            held = backend.held(time.time())
        if len(held) != load:
            raise RuntimeError(f"{name} holds {len(held)} bans, not {load}")
        yield Figure(f"{name}: list of {load:,}", "s", tuple(listed))
    ones: list[float] = []
    for target in targets(load, 30):
        with _timed(ones):
            backend.apply({target: now + _HOUR}, now)
        backend.apply({target: None}, now)
    yield Figure(f"{name}: one ban beside {load:,}", "ms", tuple(ones))
    batches: list[float] = []
    for _ in range(5):
        crowd = targets(load, BATCH)
        with _timed(batches):
            backend.apply(dict.fromkeys(crowd, now + _HOUR), now)
        backend.apply(dict.fromkeys(crowd), now)
    yield Figure(f"{name}: {BATCH:,} bans at once beside {load:,}", "ms", tuple(batches))
    if load:
        gone: list[float] = []
        with _timed(gone, 1.0):
            backend.sync(dict.fromkeys(loaded, now + 1), [], now)
            while backend.held(time.time()):
                pass
        yield Figure(f"{name}: {load:,} bans cut to end in 1 s, until the last is over", "s", tuple(gone))
    backend.flush()


def _storms(folder: Path) -> Iterator[Figure]:
    for name in LOADS:
        place = folder / f"storm-{name}"
        place.mkdir()
        with Network() as net, Daemon(net.srv, place, f'source = []\n[firewall]\nbackend = "{name}"\n') as daemon:
            runs: list[float] = []
            with _timed(runs, 1.0):
                done = net.srv.run(
                    [sys.executable, "-m", "tests.lab.storm", str(place / "control.sock"), str(STORM)], timeout=300
                )
            with inside(net.srv.namespace):
                held = len(held_by(name, time.time()))
            yield Figure(f"{name}: {STORM} processes ban one each at once, all answered", "s", tuple(runs))
            yield Figure(f"{name}: of these lost", "bans", (float(STORM - min(held, int(done.stdout))),))
            daemon.tell("firewall", "flush")


def _baselines() -> Iterator[Figure]:
    """Yield what the same number of concurrent inserts leaves, by the ordinary ways."""
    ways = {
        "iptables-legacy processes": ["iptables-legacy", "-t", "raw", "-I", "PREROUTING", "-j", "DROP", "-s"],
        "python-iptables without a lock": [sys.executable, "-c", _INSERT],
    }
    for name, command in ways.items():
        with inside():
            runs: list[float] = []
            with _timed(runs, 1.0):
                started = [
                    subprocess.Popen([*command, f"198.18.{n >> 8}.{n & 255}"], stdout=-3, stderr=-3)
                    for n in range(STORM)
                ]
                told = sum(process.wait() == 0 for process in started)
            listing = subprocess.run(["iptables-legacy", "-w", "-t", "raw", "-S"], capture_output=True, text=True)  # noqa: PLW1510
            there = listing.stdout.count("-j DROP")
        yield Figure(f"baseline, {STORM} {name}", "s", tuple(runs))
        yield Figure("baseline, of these reported as done", "rules", (float(told),))
        yield Figure("baseline, of these lost", "rules", (float(STORM - there),))

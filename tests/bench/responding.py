"""responding - what a call of responder-ar costs, five hundred at once, and a shell script with a lock beside it.

The script is installed as for OSSEC and called as its execd calls it.  Against
nobody it keeps the request in the spool; against a peer that answers at once the
figure is the script's alone.  The baseline is what active-response scripts
usually do: take a lock that is a folder, sleep longer each time it is taken,
run iptables, and give it back.
"""

import contextlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.active_response.execd import Installed, Ossec
from tests.active_response.peer import answering
from tests.bench.figure import Figure
from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

CALLS = 50
STORM = 500
_LOCKING = """
slept=0
until mkdir "$1" 2>/dev/null; do
    slept=$((slept + 1))
    [ "$slept" -lt 50 ] || exit 1
    sleep "$slept"
done
iptables-legacy -I INPUT -s "$2" -j DROP
status=$?
rmdir "$1"
exit "$status"
"""


class Call(NamedTuple):
    """The wall clock and processor time of one, in milliseconds."""

    wall: float
    cpu: float


def measure(folder: Path) -> Iterator[Figure]:
    """Yield the figures of single calls, then those of the storms."""
    installed = Installed(folder / "ar")
    ossec = Ossec(installed)

    def call() -> None:
        ossec.start("add", "-", "198.19.0.1")[0].wait()

    yield from _single("python3 -IS -c pass, for comparison", lambda: _run([sys.executable, "-IS", "-c", "pass"]))
    yield from _single("responder-ar, nobody there: kept in the spool", call)
    with answering(installed.control):
        yield from _single("responder-ar, a peer that answers at once", call)
    installed.control.unlink()
    yield from _storm(ossec)
    yield from _served(folder, ossec)
    yield from _locking(folder)


def _run(command: Sequence[str | Path]) -> None:
    subprocess.run(command, check=True, stdin=-3, stdout=-3, stderr=-3)


def _timed(action: Callable[[], object]) -> Call:
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    action()
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Call(wall * 1000, cpu * 1000)


def _single(name: str, action: Callable[[], object]) -> Iterator[Figure]:
    calls = [_timed(action) for _ in range(CALLS)]
    yield Figure(name, "ms", tuple(call.wall for call in calls))
    yield Figure(f"{name}, processor", "ms", tuple(call.cpu for call in calls))


def _address(number: int) -> str:
    return f"198.19.{number >> 8}.{number & 255}"


def _storm(ossec: Ossec) -> Iterator[Figure]:
    for path in ossec.installed.spool.iterdir():
        path.unlink()

    def storm() -> None:
        started = [ossec.start("add", "-", _address(number)) for number in range(STORM)]
        for process, _ in started:
            process.wait()

    took = _timed(storm)
    kept = {request["address"] for request in ossec.installed.kept()}
    yield Figure(f"{STORM} responder-ar at once, until the last has ended", "s", (took.wall / 1000,))
    yield Figure("of these lost", "requests", (float(STORM - len(kept)),))


def _served(folder: Path, ossec: Ossec) -> Iterator[Figure]:
    """Yield what the whole way to the kernel takes, with the real daemon and nftables in a network of their own."""
    place = folder / "served"
    place.mkdir()
    with Network() as net, Daemon(net.srv, place, 'source = []\n[firewall]\nbackend = "nftables"\n') as daemon:
        ossec.environment["RESPONDER_CONTROL"] = str(place / "control.sock")
        ossec.environment["RESPONDER_SPOOL"] = str(place / "state" / "spool")
        others = iter(range(STORM, STORM + CALLS))

        def ban() -> None:
            ossec.start("add", "-", _address(next(others)))[0].wait()

        def storm() -> None:
            started = [ossec.start("add", "-", _address(number))[0] for number in range(STORM)]
            told.append(sum(process.wait() == 0 for process in started))

        yield from _single("responder-ar, until banned in the kernel", ban)
        told: list[int] = []
        took = _timed(storm)
        until(lambda: not list((place / "state" / "spool").iterdir()), within=60, what="an empty spool")
        with inside(net.srv.namespace):
            there = held_by("nftables", time.time())
        lost = sum(_address(number) not in there for number in range(STORM))
        yield Figure(f"{STORM} responder-ar at once with a daemon, until the last has ended", "s", (took.wall / 1000,))
        yield Figure("of these told that the ban is in force", "requests", (float(told[0]),))
        yield Figure("of these lost", "requests", (float(lost),))
        daemon.tell("firewall", "flush")


def _locking(folder: Path) -> Iterator[Figure]:
    lock = str(folder / "lock")
    os.environ["XTABLES_LOCKFILE"] = str(folder / "xtables.lock")
    with inside(), contextlib.suppress(FileNotFoundError):
        command = ["sh", "-c", _LOCKING, "lock", lock]
        yield from _single("shell with a lock, alone", lambda: _run([*command, _address(0)]))

        def storm() -> None:
            started = [
                subprocess.Popen([*command, _address(number)], stdin=-3, stdout=-3, stderr=-3)
                for number in range(1, STORM + 1)
            ]
            told.append(sum(process.wait() == 0 for process in started))

        told: list[int] = []
        took = _timed(storm)
        listing = subprocess.run(["iptables-legacy", "-S", "INPUT"], capture_output=True, text=True, check=True).stdout
        there = sum(f"-s {_address(number)}/32 " in listing for number in range(1, STORM + 1))
        yield Figure(f"{STORM} shells with a lock at once, until the last has ended", "s", (took.wall / 1000,))
        yield Figure("of these told that it was done", "rules", (float(told[0]),))
        yield Figure("of these lost", "rules", (float(STORM - there),))

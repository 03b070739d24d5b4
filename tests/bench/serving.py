"""serving - the units on a whole machine: from ``systemctl start`` to ready with few bans and many; what each takes.

The package of this checkout is installed in a Debian under systemd.  Before each
start nothing of ours runs and the kernel holds nothing, as after a boot.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figure import Figure
from tests.lab import maillog
from tests.lab.machine import Machine
from tests.lab.network import Network
from tests.lab.wait import until
from tests.machine import package

RUNS = 5
_LIMIT = '\n[policy.smtp-probe]\nlimit = 1\nban = "1d"\n'
_UNITS = ("responder.service", "responder-firewall.service")
_LINE = (
    "{} mx postfix/smtpd[4711]: NOQUEUE: reject: RCPT from unknown[{}]: 550 5.1.1 <x@example.org>: "
    "Recipient address rejected: User unknown\n"
)


def measure(folder: Path, crowd: int) -> Iterator[Figure]:
    """Yield the figures; *crowd* is how many bans are many."""
    for name in ("package", "machine"):
        (folder / name).mkdir()
    built = package.build(folder / "package")
    with Network() as net, Machine(net.srv, folder / "machine") as machine:
        machine.install(built.first)
        settings = machine.file("/etc/responder/responder.toml")
        settings.write_text(settings.read_text() + _LIMIT)
        yield Figure("systemctl start to ready, rules proven for the first time", "s", (_start(machine),))
        yield from _figures(machine, "no bans")
        _crowd(machine, crowd)
        yield from _figures(machine, f"{crowd:,} bans")
        if len(machine.held()) != crowd:
            raise RuntimeError(f"the kernel holds {len(machine.held())} bans, not {crowd}")


def _figures(machine: Machine, load: str) -> Iterator[Figure]:
    yield Figure(f"systemctl start to ready, {load}", "s", tuple(_start(machine) for _ in range(RUNS)))
    for unit in _UNITS:
        yield Figure(f"memory of {unit}, {load}", "MB", (_memory(machine.pid(unit)),))


def _start(machine: Machine) -> float:
    machine.run("systemctl", "stop", "responder.service", "responder-firewall.socket", "responder-firewall.service")
    machine.host.run(["nft", "flush", "ruleset"], check=True)
    begin = time.perf_counter()
    machine.run("systemctl", "start", "responder.service")
    return time.perf_counter() - begin


def _crowd(machine: Machine, crowd: int) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    addresses = (maillog.attacker(number) for number in range(2 * crowd))
    others = [address for address in addresses if address != machine.host.ipv4][:crowd]
    with machine.file("/var/log/mail.log").open("a") as log:
        log.writelines(_LINE.format(stamp, address) for address in others)
    until(lambda: _settled(machine, crowd), within=300, every=1.0, what=f"{crowd} bans")


def _settled(machine: Machine, crowd: int) -> bool:
    status = json.loads(machine.said("responder", "status", "--json") or "{}")
    return bool(status) and status["bans"] >= crowd and status["firewall"]["settled"] and not status["store"]["owed"]


def _memory(pid: int) -> float:
    """Return the proportional set size of a process, in MB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024

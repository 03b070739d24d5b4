"""network - a small network of namespaces: a server, an attacker and two who must not be hurt.

    srv     the server                            198.18.0.25     2001:db8::25
    att     the attacker                          198.18.66.1     2001:db8:66:1::1
    good    an innocent neighbour of the attacker 198.18.66.200   2001:db8:66:c8::1
    office  on the allowlist of the tests         198.18.2.1      2001:db8:2:1::1

All sit on one bridge, which has a namespace of its own: nothing of the machine's
network is touched.  One link holds the whole of 198.18.0.0/15 and 2001:db8::/32,
so a host can carry any number of addresses of them.  The addresses are those set
aside for tests and for documents.

Names begin with rsp-, the process id and a number, so that several networks live
side by side.  Everything goes when the network is left; what a killed process left
behind goes when the next one is made.

Needs root, ip(8) and a kernel with veth and bridge; see `missing`.
"""

import contextlib
import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.host import Host

_NAMESPACES = Path("/run/netns")
_OURS = re.compile(r"rsp-(\d+)-\d+-\w+")
_counter = itertools.count(1)


def missing() -> str:
    """Return what keeps this machine from having a lab, or nothing."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    return "" if shutil.which("ip") else "ip(8) is not installed"


class Network:
    """The lab's network; use it in a ``with``."""

    def __init__(self) -> None:
        self._prefix = f"rsp-{os.getpid()}-{next(_counter)}-"
        self._made = contextlib.ExitStack()
        self.hosts: list[Host] = []
        self.srv = self._host("srv", "198.18.0.25", "2001:db8::25")
        self.att = self._host("att", "198.18.66.1", "2001:db8:66:1::1")
        self.good = self._host("good", "198.18.66.200", "2001:db8:66:c8::1")
        self.office = self._host("office", "198.18.2.1", "2001:db8:2:1::1")

    def __enter__(self) -> Self:
        sweep()
        with contextlib.ExitStack() as undo:
            self._namespace(undo, self._prefix + "lan")
            self._ip(
                "lan",
                "link add lan type bridge mcast_snooping 0 forward_delay 0",
                "link set lan up",
            )
            for host in self.hosts:
                self._namespace(undo, host.namespace)
                undo.callback(host.down)
                self._plug(host)
            self._made = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._made.close()

    def _host(self, name: str, ipv4: str, ipv6: str) -> Host:
        host = Host(name, self._prefix + name, ipv4, ipv6)
        self.hosts.append(host)
        return host

    def _plug(self, host: Host) -> None:
        self._ip(
            "lan",
            f"link add {host.name} type veth peer name eth0 netns {host.namespace}",
            f"link set {host.name} master lan up",
        )
        self._ip(host.name, "link set lo up", "link set eth0 up")
        host.add_addresses(host.ipv4, host.ipv6)

    def _ip(self, name: str, *commands: str) -> None:
        argv = ["ip", "-n", self._prefix + name, "-batch", "-"]
        subprocess.run(argv, input="\n".join(commands), text=True, check=True, capture_output=True)

    @staticmethod
    def _namespace(undo: contextlib.ExitStack, name: str) -> None:
        subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
        undo.callback(_remove, name)


def sweep() -> None:
    """Remove the namespaces of labs whose process is gone."""
    for path in _NAMESPACES.glob("rsp-*"):
        ours = _OURS.fullmatch(path.name)
        if ours and not Path("/proc", ours[1]).exists():
            Host("", path.name, "", "").down()
            _remove(path.name)


def _remove(name: str) -> None:
    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

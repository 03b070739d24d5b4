"""Five hundred at once ask for a ban while others change the firewall: nobody loses anything."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.enforce.conftest import KERNELS
from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.enforce.targets import now
from tests.lab import storm
from tests.lab.daemon import Daemon
from tests.lab.host import Host
from tests.lab.network import Network

pytestmark = pytest.mark.kernel
PROCESSES = 500


@contextmanager
def meddling(host: Host, kind: str) -> Iterator[list[str]]:
    """Have somebody else change the firewall of *host*; the list gets what he has to say at the end."""
    said: list[str] = []
    command = [sys.executable, "-m", "tests.lab.meddler", kind]
    with host.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as meddler:
        assert meddler.stdout
        assert meddler.stdout.readline() == "begun\n"
        yield said
        said += meddler.communicate(timeout=60)[0].splitlines()


@pytest.mark.parametrize("backend", KERNELS)
def test_none_of_five_hundred_bans_at_once_is_lost(net: Network, tmp_path: Path, backend: str) -> None:
    """Each process hears that its ban is enforced, the kernel has all, the others' rules are intact."""
    settings = f'source = []\n[firewall]\nbackend = "{backend}"\n'
    with Daemon(net.srv, tmp_path, settings) as daemon:
        with meddling(net.srv, "iptables") as iptables, meddling(net.srv, "nft") as nft:
            command = [sys.executable, "-m", "tests.lab.storm", str(tmp_path / "control.sock"), str(PROCESSES)]
            done = net.srv.run(command, timeout=120)
        assert done.stdout.strip() == str(PROCESSES), done.stderr

        wanted = {storm.address(number) for number in range(PROCESSES)}
        assert {ban["prefix"] for ban in daemon.ask("bans")} == wanted
        with inside(net.srv.namespace):
            assert held_by(backend, now()) == wanted
        for said in (iptables, nft):
            assert said[:-1] == []
            assert int(said[-1].split()[1]) > 10, "he was there all the time"
        daemon.tell("firewall", "flush")

"""Hundreds of active responses at once, then twice as many: the last word on each address stands, whoever is killed."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.active_response.execd import PATIENCE, Installed, Ossec
from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.enforce.targets import now
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

COUNTS = [100, pytest.param(500, marks=pytest.mark.long)]
SETTINGS = 'source = []\n[firewall]\nbackend = "nftables"\n'


def address(number: int) -> str:
    """Return whom call *number* is about: every fifth has IPv6."""
    return f"198.18.{100 + number // 250}.{number % 250 + 1}" if number % 5 else f"2001:db8:99:{number + 1:x}::1"


def banned(numbers: range) -> set[str]:
    """Return what the firewall holds when those are banned."""
    return {address(number).replace("::1", "::/64") if number % 5 == 0 else address(number) for number in numbers}


def call(ossec: Ossec, action: str, number: int) -> "subprocess.Popen[bytes]":
    return ossec.start(action, "-", address(number), f"1795406483.{number}", "3351", "/var/log/maillog", "-")[0]


def held(net: Network) -> set[str]:
    with inside(net.srv.namespace):
        return held_by("nftables", now())


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_of_all_calls_none_is_lost_and_none_done_twice(
    net: Network, tmp_path: Path, *, count: int, killed: bool
) -> None:
    """First 500 adds; then a delete of each among 500 others: exactly the others are banned, each once."""
    ossec = Ossec(Installed(tmp_path / "ar"))
    folder = tmp_path / "daemon"
    folder.mkdir()
    spool = folder / "state" / "spool"
    ossec.environment |= {"RESPONDER_CONTROL": str(folder / "control.sock"), "RESPONDER_SPOOL": str(spool)}
    with Daemon(net.srv, folder, SETTINGS) as daemon:
        adds = [call(ossec, "add", number) for number in range(count)]
        if killed:
            until(lambda: daemon.ask("bans"), what="the first ban")
            daemon.stop(signal.SIGKILL)
            daemon.start()
        first = [one.wait(PATIENCE) for one in adds]
        until(lambda: not list(spool.glob("*.json")), within=30, what="an empty spool")
        assert {ban["prefix"] for ban in daemon.ask("bans")} == banned(range(count))

        calls = []
        for number in range(count):
            calls += [call(ossec, "delete", number), call(ossec, "add", count + number)]
            if killed and number == count // 2:
                assert daemon.process
                os.kill(daemon.process.pid, signal.SIGKILL)
                daemon.stop()
                daemon.start()
        second = [one.wait(PATIENCE) for one in calls]
        until(lambda: not list(spool.glob("*.json")), within=30, what="an empty spool")

        until(lambda: daemon.ask("status")["firewall"]["settled"], what="everything told to the kernel")
        bans = daemon.ask("bans")
        assert {ban["prefix"] for ban in bans} == banned(range(count, 2 * count))
        assert held(net) == banned(range(count, 2 * count))
        assert {ban["nth"] for ban in bans} == {1}, "none was made twice"
        assert {*first, *second} <= {0, 75}, "in force, or kept"
        daemon.tell("firewall", "flush")

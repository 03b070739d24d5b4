"""From execd's call to the kernel's rule, with the real daemon, or for as long as there is none."""

import signal
from pathlib import Path

import pytest

from tests.active_response.execd import Ossec, Run, Wazuh, alert
from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.enforce.targets import now
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

SETTINGS = 'source = []\n[firewall]\nbackend = "nftables"\n[allow]\nnetworks = ["198.18.2.0/24"]\n'
STORM = 200


@pytest.fixture
def daemon(net: Network, tmp_path: Path, ossec: Ossec) -> Daemon:
    """Return a daemon that does not run yet, at which responder-ar is aimed."""
    folder = tmp_path / "daemon"
    folder.mkdir()
    ossec.environment["RESPONDER_CONTROL"] = str(folder / "control.sock")
    ossec.environment["RESPONDER_SPOOL"] = str(folder / "state" / "spool")
    return Daemon(net.srv, folder, SETTINGS)


def held(net: Network) -> set[str]:
    with inside(net.srv.namespace):
        return held_by("nftables", now())


def test_who_is_banned_is_in_the_kernel_and_who_is_lifted_is_not(net: Network, daemon: Daemon, ossec: Ossec) -> None:
    """When the script has ended, not some time later; and the log says which."""
    with daemon:
        assert ossec.add("198.18.66.1") == Run(0)
        assert held(net) == {"198.18.66.1"}
        assert ossec.delete("198.18.66.1") == Run(0)
        assert held(net) == set()
        assert ossec.add("198.18.2.1") == Run(1)
        daemon.tell("firewall", "flush")

    banned, lifted, refused = ossec.installed.logged()
    assert " banned: 198.18.66.1 is banned for 1h, until " in banned
    assert " lifted: the ban of 198.18.66.1 by that alert is lifted" in lifted
    assert " refused: 198.18.2.1 is on the allowlist" in refused


def test_wazuh_s_way_leads_to_the_same_place(net: Network, daemon: Daemon, ossec: Ossec) -> None:
    """Asked back once, told once; IPv6 by its network."""
    wazuh = Wazuh(ossec.installed)
    wazuh.environment = ossec.environment
    with daemon:
        assert wazuh.add(alert("2001:db8:66:1::1")).status == 0
        assert held(net) == {"2001:db8:66:1::/64"}
        assert wazuh.delete(alert("2001:db8:66:1::1", "delete")).status == 0
        assert held(net) == set()


def test_what_was_asked_while_no_daemon_was_there_is_done_when_it_comes(
    net: Network, daemon: Daemon, ossec: Ossec
) -> None:
    """In the order in which it was asked, and the spool is empty then."""
    spool = daemon.folder / "state" / "spool"
    spool.mkdir(parents=True)
    for number in range(5):
        assert ossec.add(f"198.18.66.{number}") == Run(75)
    assert ossec.delete("198.18.66.3") == Run(75)
    with daemon:
        until(lambda: not list(spool.iterdir()), what="an empty spool")

        assert held(net) == {f"198.18.66.{number}" for number in (0, 1, 2, 4)}
        daemon.tell("firewall", "flush")


def test_two_hundred_at_once_survive_a_daemon_that_is_killed(net: Network, daemon: Daemon, ossec: Ossec) -> None:
    """Each hears the truth: in force, or kept; and all are in the kernel once the daemon is back."""
    wanted = {f"198.18.67.{number}" for number in range(STORM)}
    spool = daemon.folder / "state" / "spool"
    with daemon:
        started = [ossec.start("add", "-", address, "1.1", "3301") for address in wanted]
        until(lambda: daemon.ask("bans"), what="the first ban")
        daemon.stop(signal.SIGKILL)
        statuses = [ossec.finish(*one).status for one in started]
        daemon.start()
        until(lambda: not list(spool.iterdir()), what="an empty spool")

        assert set(statuses) <= {0, 75}
        assert {ban["prefix"] for ban in daemon.ask("bans")} == wanted
        until(lambda: held(net) == wanted, what="all in the kernel")
        daemon.tell("firewall", "flush")

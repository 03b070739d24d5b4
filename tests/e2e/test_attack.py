"""The main job, whole: a real Postfix is attacked, its own log is followed, the kernel drops the attacker."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.lab.daemon import Daemon
from tests.lab.host import Host
from tests.lab.network import Network
from tests.lab.postfix import Postfix
from tests.lab.smtp import rapid
from tests.lab.wait import until

pytestmark = pytest.mark.kernel
LIMIT = 4
_given: set[tuple[str, str]] = set()  # addresses that a host carries already

SETTINGS = """
[[source]]
path = {log}
timezone = "UTC"

[policy.smtp-probe]
limit = {limit}
within = "10m"
ban = {ban}
escalate = 1.0

[allow]
networks = ["198.18.2.0/24", "2001:db8:2::/48"]
"""


@pytest.fixture
def daemon(net: Network, mail: Postfix, tmp_path: Path) -> Iterator[Daemon]:
    with a_daemon(net, mail, tmp_path, ban="1h") as running:
        yield running


def a_daemon(net: Network, mail: Postfix, folder: Path, ban: str) -> Daemon:
    # The log of earlier tests is not this one's: begin with a fresh one.
    mail.command("logrotate")
    settings = SETTINGS.format(log=json.dumps(str(mail.log)), limit=LIMIT, ban=json.dumps(ban))
    return Daemon(net.srv, folder, settings)


def attack(host: Host, server: str, source: str, times: int) -> None:
    if source not in (host.ipv4, host.ipv6) and (host.namespace, source) not in _given:
        host.add_addresses(source)
        _given.add((host.namespace, source))
    answers = rapid(host, server, [(source, f"nobody{number}@example.org") for number in range(times)], at_once=1)
    assert {answer.what for answer in answers} <= {"refused", "dropped"}, answers


def banned(daemon: Daemon, prefix: str) -> dict[str, Any] | None:
    return next((ban for ban in daemon.ask("bans") if ban["prefix"] == prefix), None)


def reaches(host: Host, server: str, source: str = "") -> str:
    return host.connect(server, 25, timeout=1, source=source).reached


@pytest.mark.parametrize(
    ("source", "prefix"), [("198.18.70.1", "198.18.70.1"), ("2001:db8:70:1::bad", "2001:db8:70:1::/64")]
)
def test_an_attacker_is_refused_a_few_times_and_then_dropped(
    net: Network, daemon: Daemon, source: str, prefix: str
) -> None:
    """Postfix says no as often as the policy allows; after that the kernel says nothing at all."""
    server = net.srv.ipv6 if ":" in source else net.srv.ipv4
    attack(net.att, server, source, LIMIT - 1)
    assert reaches(net.att, server, source) == "open"

    attack(net.att, server, source, 1)
    until(lambda: banned(daemon, prefix), what=f"a ban of {prefix}")

    assert reaches(net.att, server, source) == "timeout"
    assert reaches(net.good, server) == "open"


def test_another_address_of_the_same_ipv6_network_is_dropped_too(net: Network, daemon: Daemon) -> None:
    """A /64 belongs to one customer; changing the address inside it is no way round a ban."""
    attack(net.att, net.srv.ipv6, "2001:db8:71:1::1", LIMIT)
    until(lambda: banned(daemon, "2001:db8:71:1::/64"))
    net.att.add_addresses("2001:db8:71:1::2")

    assert reaches(net.att, net.srv.ipv6, "2001:db8:71:1::2") == "timeout"


def test_whom_the_allowlist_names_is_never_touched(net: Network, daemon: Daemon) -> None:
    """An allow-listed host may offend as often as it likes; it is recorded, and explained."""
    attack(net.office, net.srv.ipv4, net.office.ipv4, 3 * LIMIT)
    until(lambda: len(daemon.ask("explain", net.office.ipv4)["offences"]) == 3 * LIMIT)

    answer = daemon.ask("explain", net.office.ipv4)
    assert answer["allowed"]["prefix"] == "198.18.2.0/24"
    assert {offence["effect"] for offence in answer["offences"]} == {"allowed"}
    assert reaches(net.office, net.srv.ipv4) == "open"


def test_a_banned_network_does_not_cut_off_an_allowed_host_inside_it(net: Network, daemon: Daemon) -> None:
    """The never-ban set is in the kernel, and asked before any ban."""
    daemon.tell("ban", "198.18.0.0/16", "--for", "1h")

    assert reaches(net.good, net.srv.ipv4) == "timeout"
    assert reaches(net.office, net.srv.ipv4) == "open"


def test_an_unban_takes_effect_at_once(net: Network, daemon: Daemon) -> None:
    """When the command returns, the address is free."""
    attack(net.att, net.srv.ipv4, "198.18.72.1", LIMIT)
    until(lambda: banned(daemon, "198.18.72.1"))
    assert reaches(net.att, net.srv.ipv4, "198.18.72.1") == "timeout"

    daemon.tell("unban", "198.18.72.1")

    assert reaches(net.att, net.srv.ipv4, "198.18.72.1") == "open"


def test_a_ban_ends_on_time_even_if_the_daemon_does_not_live_to_see_it(
    net: Network, mail: Postfix, tmp_path: Path
) -> None:
    """The kernel ends a ban by itself, not before its time and soon after it."""
    with a_daemon(net, mail, tmp_path, ban="5s") as daemon:
        attack(net.att, net.srv.ipv4, "198.18.73.1", LIMIT)
        until(lambda: banned(daemon, "198.18.73.1"))
        left = ["nft", "-j", "list", "set", "inet", "responder", "drop_v4_32"]
        elements = json.loads(net.srv.run(left, check=True).stdout)["nftables"][1]["set"]["elem"]
        assert [element["elem"]["timeout"] for element in elements] in ([4], [5])

    assert reaches(net.att, net.srv.ipv4, "198.18.73.1") == "timeout"
    until(partial(_open, net, "198.18.73.1"), within=15, what="the end of the ban")


def _open(net: Network, source: str) -> bool:
    return reaches(net.att, net.srv.ipv4, source) == "open"


def test_an_established_connection_dies_with_the_ban(net: Network, daemon: Daemon) -> None:
    """A ban stops packets, not only new connections."""
    net.att.add_addresses("198.18.74.1")
    talk = (
        "import socket, sys\n"
        "peer = socket.create_connection((sys.argv[1], 25), 5, ('198.18.74.1', 0))\n"
        "peer.settimeout(2)\n"
        "peer.recv(512); print('talking', flush=True); sys.stdin.readline()\n"
        "peer.sendall(b'NOOP\\r\\n')\n"
        "try:\n    print('answered', peer.recv(512))\nexcept TimeoutError:\n    print('silence')\n"
    )
    peer = net.att.popen(["python3", "-c", talk, net.srv.ipv4], stdin=-1, stdout=-1, text=True)
    assert peer.stdout
    assert peer.stdout.readline() == "talking\n"

    daemon.tell("ban", "198.18.74.1", "--for", "1h")
    said, _ = peer.communicate("\n", timeout=10)

    assert said == "silence\n"


def test_the_log_may_be_rotated_under_attack(net: Network, mail: Postfix, daemon: Daemon) -> None:
    """Postfix's own rotation in the middle of an attack loses no offence and counts none twice."""
    source = "198.18.75.1"
    attack(net.att, net.srv.ipv4, source, 1)
    mail.command("logrotate")
    attack(net.att, net.srv.ipv4, source, 1)
    mail.command("logrotate")
    attack(net.att, net.srv.ipv4, source, LIMIT - 3)
    until(lambda: len(daemon.ask("explain", source)["offences"]) == LIMIT - 1)
    assert not banned(daemon, source)

    attack(net.att, net.srv.ipv4, source, 1)

    until(lambda: banned(daemon, source))
    assert len(daemon.ask("explain", source)["offences"]) == LIMIT


def test_flush_removes_everything_and_leaves_nothing_to_come_back(net: Network, daemon: Daemon) -> None:
    """After a flush the kernel holds no rule of ours, and the next ban works again."""
    daemon.tell("ban", "198.18.76.1")
    daemon.tell("firewall", "flush")
    assert "responder" not in net.srv.run(["nft", "list", "tables"], check=True).stdout
    assert daemon.ask("bans") == []

    daemon.tell("ban", "198.18.76.2")

    assert "198.18.76.2" in net.srv.run(["nft", "list", "table", "inet", "responder"], check=True).stdout

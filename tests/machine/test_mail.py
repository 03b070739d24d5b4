"""A whole mail server under attack: files and journal, rotation, reboot, a new version of the package, removal."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab import smtp
from tests.lab.host import Host
from tests.lab.machine import Machine
from tests.lab.network import Network
from tests.lab.wait import until
from tests.machine.package import Packages

pytestmark = [pytest.mark.kernel, pytest.mark.long]

LIMIT = 10
"""Of the policy smtp-probe."""
JOURNAL = '\n[[source]]\njournal = ["postfix@-.service"]\n'


def dropped(host: Host, whole: Machine, source: str = "") -> bool:
    return host.connect(whole.host.ipv4, 25, timeout=0.5, source=source).reached == "timeout"


def attack(net: Network, source: str = "", times: int = LIMIT + 2) -> None:
    tries = [(source or net.att.ipv4, f"nobody{number}@example.org") for number in range(times)]
    smtp.rapid(net.att, net.srv.ipv4, tries, timeout=5.0, at_once=2)


def attacked_until_dropped(net: Network, whole: Machine, source: str = "") -> None:
    """Attack from *source*, and see it dropped and the neighbours served."""
    assert smtp.probe(net.att, net.srv.ipv4, "nobody@example.org", source=source, timeout=20.0).what == "refused"
    attack(net, source)
    until(lambda: dropped(net.att, whole, source), within=30, what="a dropped attacker")
    assert smtp.probe(net.good, net.srv.ipv4, "ok@example.org", timeout=20.0).what == "accepted"


def banned(whole: Machine) -> set[str]:
    return {row["prefix"] for row in json.loads(whole.said("responder", "bans", "--json"))}


def logged(whole: Machine, address: str, times: int = LIMIT) -> None:
    """Have syslog say what Postfix would of an attacker."""
    text = "NOQUEUE: reject: RCPT from unknown[{}]: 550 5.1.1 <x@example.org>: Recipient address rejected: User unknown"
    whole.run("logger", "--tag=postfix/smtpd[99]", "--priority=mail.info", input=f"{text.format(address)}\n" * times)


@contextmanager
def watched(host: Host, whole: Machine) -> Iterator[set[str]]:
    """Try to reach the mail port from *host* again and again; the set that this yields tells how that went."""
    seen: set[str] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(host.connect(whole.host.ipv4, 25, timeout=0.3).reached)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def test_attackers_in_the_mail_log_are_dropped_across_its_rotation(net: Network, whole: Machine) -> None:
    """rsyslog writes what only members of adm may read, and logrotate turns it over."""
    assert whole.said("stat", "--format=%U:%G %a", "/var/log/mail.log") == "root:adm 640"
    attacked_until_dropped(net, whole)

    whole.run("logrotate", "--force", "/etc/logrotate.d/rsyslog")

    assert whole.file("/var/log/mail.log.1").exists()
    net.att.add_addresses("198.18.66.2")
    attacked_until_dropped(net, whole, "198.18.66.2")
    assert {net.att.ipv4, "198.18.66.2"} <= banned(whole)


def test_attackers_in_the_journal_are_dropped(net: Network, whole: Machine) -> None:
    """Without rsyslog, and with journald's own rotation and vacuum."""
    whole.run("systemctl", "disable", "--now", "rsyslog.service", "syslog.socket")
    whole.file("/var/log/mail.log").unlink(missing_ok=True)
    settings = whole.file("/etc/responder/responder.toml")
    settings.write_text(settings.read_text() + JOURNAL)
    whole.run("systemctl", "restart", "responder.service")
    attacked_until_dropped(net, whole)

    whole.run("journalctl", "--rotate")
    whole.run("journalctl", "--vacuum-files=1")

    net.att.add_addresses("198.18.66.3")
    attacked_until_dropped(net, whole, "198.18.66.3")
    assert not whole.file("/var/log/mail.log").exists()


@pytest.mark.parametrize("sudden", [False, True], ids=["in-order", "power-cut"])
def test_bans_are_back_before_the_mail_port_opens(net: Network, whole: Machine, *, sudden: bool) -> None:
    """Nobody who was banned ever reaches it; everybody else does as soon as it is there."""
    attacked_until_dropped(net, whole)
    until(lambda: json.loads(whole.said("responder", "status", "--json"))["store"]["owed"] == 0, within=30)
    (whole.pull_the_plug if sudden else whole.halt)()
    assert whole.held() == set()

    with watched(net.att, whole) as seen:
        whole.boot(wait=False)
        until(lambda: net.good.connect(whole.host.ipv4, 25, timeout=0.3).reached == "open", within=240, every=0)
        assert dropped(net.att, whole)

    assert "open" not in seen
    assert whole.held() == banned(whole) == {net.att.ipv4}
    ready = int(whole.show("responder.service", "ActiveEnterTimestampMonotonic"))
    assert 0 < ready <= int(whole.show("postfix@-.service", "InactiveExitTimestampMonotonic"))


def test_an_upgrade_in_the_middle_of_an_attack_loses_nothing(net: Network, whole: Machine, packages: Packages) -> None:
    """Bans stay in the kernel, and lines that come meanwhile count: none is lost, none counts twice."""
    attacked_until_dropped(net, whole)
    innocent, guilty = [f"203.0.113.{n}" for n in range(1, 6)], [f"203.0.113.{n}" for n in range(101, 106)]
    before = whole.pid("responder.service")

    def log() -> None:
        for number in range(5):
            logged(whole, guilty[number])
            logged(whole, innocent[number], LIMIT - 1)

    with watched(net.att, whole) as seen:
        logging = threading.Thread(target=log)
        logging.start()
        whole.install(packages.second)
        logging.join()
        until(lambda: whole.active("responder.service") and whole.pid("responder.service") != before, within=120)
        until(lambda: banned(whole) >= set(guilty), within=60)

    assert "-2" in whole.said("dpkg-query", "--show", "responder")
    assert seen == {"timeout"}
    assert whole.held() == banned(whole) == {net.att.ipv4, *guilty}


def test_removal_opens_the_firewall_and_purging_forgets(net: Network, whole: Machine) -> None:
    """Settings and state are kept until then."""
    attacked_until_dropped(net, whole)
    settings, state = whole.file("/etc/responder/responder.toml"), whole.file("/var/lib/responder/state.db")

    whole.run("dpkg", "--remove", "responder")

    assert net.att.connect(whole.host.ipv4, 25, timeout=5.0).reached == "open"
    assert whole.held() == set()
    assert settings.exists()
    assert state.exists()
    assert whole.said("pgrep", "--full", "responder") == ""

    whole.run("dpkg", "--purge", "responder")

    assert not settings.exists()
    assert not state.parent.exists()
    assert (
        whole.said("sh", "-c", "find / -xdev -path '*respond*' -not -path '/root/*' -not -path '/var/lib/dpkg/*'") == ""
    )
    assert whole.said("systemctl", "list-unit-files", "--quiet", "responder*") == ""

"""A whole mail server under attack: files and journal, rotation, reboot, a new version of the package, removal."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from responder.store.database import HEAD
from tests.lab import smtp
from tests.lab.host import Host
from tests.lab.machine import Machine
from tests.lab.network import Network
from tests.lab.wait import until
from tests.machine import package
from tests.machine.package import Packages

pytestmark = [pytest.mark.kernel, pytest.mark.long]

LIMIT = 10
"""Of the policy smtp-probe."""
JOURNAL = '\n[[source]]\njournal = ["postfix@-.service"]\n'


def dropped(host: Host, whole: Machine, source: str = "") -> bool:
    return host.connect(whole.host.ipv4, 25, timeout=0.5, source=source).reached == "timeout"


def attack(net: Network, source: str = "", times: int = LIMIT + 2) -> None:
    attempt(net, [source or net.att.ipv4] * times, timeout=5.0)


def attempt(net: Network, sources: Iterable[str], timeout: float = 20.0) -> None:
    """Try to mail somebody who does not exist from each of *sources*, one after the other."""
    tries = [(source, f"nobody{number}@example.org") for number, source in enumerate(sources)]
    smtp.rapid(net.att, net.srv.ipv4, tries, timeout=timeout, at_once=2)


def attacked_until_dropped(net: Network, whole: Machine, source: str = "") -> None:
    """Attack from *source*, and see it dropped and the neighbours served."""
    assert smtp.probe(net.att, net.srv.ipv4, "nobody@example.org", source=source, timeout=20.0).what == "refused"
    attack(net, source)
    until(lambda: dropped(net.att, whole, source), within=30, what="a dropped attacker")
    assert smtp.probe(net.good, net.srv.ipv4, "ok@example.org", timeout=20.0).what == "accepted"


def banned(whole: Machine) -> set[str]:
    return {row["prefix"] for row in json.loads(whole.said("responder", "bans", "--json"))}


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


def rotate(whole: Machine) -> None:
    whole.run("logrotate", "--force", "/etc/logrotate.d/rsyslog")


def log_to_the_journal_alone(whole: Machine) -> None:
    """Have it keep no mail.log any more, and follow the journal instead."""
    whole.run("systemctl", "disable", "--now", "rsyslog.service", "syslog.socket")
    whole.file("/var/log/mail.log").unlink(missing_ok=True)
    settings = whole.file("/etc/responder/responder.toml")
    settings.write_text(settings.read_text() + JOURNAL)
    whole.run("systemctl", "restart", "responder.service")


def test_attackers_in_the_mail_log_are_dropped_across_its_rotation(net: Network, whole: Machine) -> None:
    """rsyslog writes what only members of adm may read, and logrotate turns it over."""
    assert whole.said("stat", "--format=%U:%G %a", "/var/log/mail.log") == "root:adm 640"
    attacked_until_dropped(net, whole)

    rotate(whole)

    assert whole.file("/var/log/mail.log.1").exists()
    net.att.add_addresses("198.18.66.2")
    attacked_until_dropped(net, whole, "198.18.66.2")
    assert {net.att.ipv4, "198.18.66.2"} <= banned(whole)


def test_nobody_is_lost_when_the_log_is_rotated_in_the_middle_of_an_attack(net: Network, whole: Machine) -> None:
    """Twice, while a real Postfix writes: who reaches the limit is dropped, and who stays one below is not."""
    guilty, innocent = [f"198.18.67.{n}" for n in range(1, 21)], [f"198.18.67.{n}" for n in range(101, 121)]
    net.att.add_addresses(*guilty, *innocent)
    tries = [*[*guilty, *innocent] * (LIMIT - 1), *guilty]
    attacking = threading.Thread(target=attempt, args=(net, tries[: -len(guilty)]))
    attacking.start()
    for number in (1, 2):
        until(lambda number=number: rejected(whole) >= number * len(tries) / 4, within=120)  # type: ignore[misc]
        rotate(whole)
    attacking.join()
    assert banned(whole) == set()
    attempt(net, tries[-len(guilty) :])
    until(lambda: rejected(whole) == len(tries), within=60, what="every refusal in the logs")

    until(lambda: banned(whole) >= set(guilty), within=60)
    assert banned(whole) == set(guilty)
    assert all(dropped(net.att, whole, source) for source in guilty[::7])
    assert smtp.probe(net.att, net.srv.ipv4, "ok@example.org", source=innocent[0], timeout=20.0).what == "accepted"


def rejected(whole: Machine) -> int:
    """Return how often Postfix refused somebody, as all mail logs tell, the packed ones too."""
    return int(whole.said("sh", "-c", "zcat --force /var/log/mail.log* | grep --count 'NOQUEUE: reject'"))


def test_attackers_in_the_journal_are_dropped(net: Network, whole: Machine) -> None:
    """Without rsyslog, and with journald's own rotation and vacuum."""
    log_to_the_journal_alone(whole)
    attacked_until_dropped(net, whole)

    whole.run("journalctl", "--rotate")
    whole.run("journalctl", "--vacuum-files=1")

    net.att.add_addresses("198.18.66.3")
    attacked_until_dropped(net, whole, "198.18.66.3")
    assert not whole.file("/var/log/mail.log").exists()


@pytest.mark.parametrize(
    ("sudden", "journal"),
    [(False, False), (True, False), (True, True)],
    ids=["in-order", "power-cut", "power-cut-with-a-journal-alone"],
)
def test_bans_are_back_before_the_mail_port_opens(net: Network, whole: Machine, *, sudden: bool, journal: bool) -> None:
    """Nobody who was banned ever reaches it; everybody else does as soon as it is there."""
    if journal:
        log_to_the_journal_alone(whole)
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


def upgraded_in_the_middle_of_an_attack(net: Network, whole: Machine, package: Path) -> None:
    """See that bans stay in the kernel, and that lines that come meanwhile count: none is lost, none counts twice."""
    attacked_until_dropped(net, whole)
    guilty, innocent = [f"198.18.67.{n}" for n in range(1, 6)], [f"198.18.67.{n}" for n in range(101, 106)]
    net.att.add_addresses(*guilty, *innocent)
    some = LIMIT // 2
    attempt(net, [*guilty, *innocent] * some)
    before = whole.pid("responder.service")

    def go_on() -> None:
        for source in [*guilty, *innocent] * (LIMIT - some - 1):
            attempt(net, [source])
        attempt(net, guilty)

    with watched(net.att, whole) as seen:
        attacking = threading.Thread(target=go_on)
        attacking.start()
        whole.install(package)
        attacking.join()
        until(lambda: whole.active("responder.service") and whole.pid("responder.service") != before, within=120)
        until(lambda: banned(whole) >= set(guilty), within=60)

    assert seen == {"timeout"}
    assert whole.held() == banned(whole) == {net.att.ipv4, *guilty}
    explained = json.loads(whole.said("responder", "explain", "--json", net.att.ipv4))
    assert len(explained["offences"]) >= LIMIT
    assert len(explained["bans"]) == 1


@pytest.mark.parametrize("journal", [False, True], ids=["mail-log", "journal-alone"])
def test_an_upgrade_in_the_middle_of_an_attack_loses_nothing(
    net: Network, whole: Machine, packages: Packages, *, journal: bool
) -> None:
    """Neither bans nor lines, whichever way they come."""
    if journal:
        log_to_the_journal_alone(whole)
    upgraded_in_the_middle_of_an_attack(net, whole, packages.second)

    assert "-2" in whole.said("dpkg-query", "--show", "responder")


def test_an_upgrade_from_an_older_schema_loses_nothing(
    net: Network, whole: Machine, packages: Packages, tmp_path: Path
) -> None:
    """What the last version before the newest migration stored is brought over; bans stay, and lines count."""
    commit = package.last_of_an_older_schema()
    if not commit:
        pytest.skip("git does not tell what there was before")
    whole.run("dpkg", "--purge", "responder")
    whole.install(package.of_commit(commit, packages.first, tmp_path))
    whole.run("systemctl", "start", "responder.service")
    assert schema(whole) < HEAD

    upgraded_in_the_middle_of_an_attack(net, whole, packages.first)

    assert schema(whole) == HEAD
    assert "0.0.1" not in whole.said("dpkg-query", "--show", "responder")
    assert json.loads(whole.said("responder", "status", "--json"))["troubles"] == []


def schema(whole: Machine) -> str:
    with closing(sqlite3.connect(whole.file("/var/lib/responder/state.db"))) as raw:
        [(version,)] = raw.execute("SELECT version_num FROM alembic_version")
    return str(version)


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

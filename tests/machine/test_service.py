"""The units on a whole Debian under systemd: ready, reloaded, restarted, killed, hung, stopped, and boxed in."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.lab.machine import Machine
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.long]

DAEMON, ACTOR, POLICYD = "responder.service", "responder-firewall.service", "responder-policyd.service"
QUOTA = '\n[[quota]]\nname = "all"\nkey = "sender"\nlimits = ["2 messages per 10m"]\n'
CAP_NET_ADMIN, CAP_NET_RAW = 1 << 12, 1 << 13


def ban(whole: Machine, address: str) -> None:
    whole.run("responder", "ban", address, "--for", "1h")


def status(whole: Machine) -> dict[str, object]:
    return json.loads(whole.said("responder", "status", "--json"))  # type: ignore[no-any-return]


def journal(whole: Machine, unit: str = DAEMON) -> str:
    return whole.said("journalctl", "--no-pager", "--output=cat", f"--unit={unit}")


def drop_in(whole: Machine, unit: str, text: str) -> None:
    folder = whole.file(f"/etc/systemd/system/{unit}.d")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "test.conf").write_text(f"[Service]\n{text}\n")
    whole.run("systemctl", "daemon-reload")


def of_process(pid: int, key: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{key}:"))


def test_it_is_ready_when_started_and_says_what_it_does(whole: Machine) -> None:
    """After boot nothing failed, and systemd knows how many rules and logs there are."""
    assert whole.active(DAEMON, ACTOR, "responder-firewall.socket")
    assert whole.said("systemctl", "--failed", "--quiet") == ""
    assert "following 2 logs with" in whole.show(DAEMON, "StatusText")
    assert status(whole)["troubles"] == []


def test_a_reload_takes_new_settings_and_no_bad_ones(whole: Machine) -> None:
    """And is over when systemd says so; the process stays the same."""
    before, settings = whole.pid(DAEMON), whole.file("/etc/responder/responder.toml")
    whole.run("systemctl", "reload", DAEMON)
    until(lambda: "reloaded: " in journal(whole), within=60)
    settings.write_text(settings.read_text() + "\nnonsense = true\n")

    whole.run("systemctl", "reload", DAEMON)
    until(lambda: "the settings and rules that were running go on" in journal(whole), within=60)

    until(lambda: whole.show(DAEMON, "ActiveState") == "active", within=60)
    assert whole.pid(DAEMON) == before


def test_settings_that_cannot_be_used_are_not_tried_again_and_again(whole: Machine) -> None:
    """The start fails, the log says why, and bans stay in force."""
    ban(whole, "203.0.113.7")
    settings = whole.file("/etc/responder/responder.toml")
    settings.write_text(settings.read_text() + "\nnonsense = true\n")

    assert whole.run("systemctl", "restart", DAEMON, check=False).returncode != 0

    assert whole.show(DAEMON, "ActiveState") == "failed"
    assert "nonsense" in journal(whole)
    assert whole.held() == {"203.0.113.7"}


def test_killed_parts_come_back_and_nothing_is_missing_meanwhile(whole: Machine) -> None:
    """Daemon and actor, each in turn: the kernel holds the ban all the time, and takes new ones afterwards."""
    ban(whole, "203.0.113.7")
    for number, unit in enumerate((DAEMON, ACTOR)):
        before = whole.pid(unit)

        os.kill(before, signal.SIGKILL)

        assert "203.0.113.7" in whole.held()
        until(lambda unit=unit, before=before: whole.pid(unit) not in (0, before), within=60, every=0.1)  # type: ignore[misc]
        until(lambda: whole.run("responder", "status", check=False).returncode == 0, within=60, every=0.2)
        ban(whole, f"203.0.113.{20 + number}")
    assert whole.held() == {"203.0.113.7", "203.0.113.20", "203.0.113.21"}


def test_an_actor_that_is_stopped_is_started_when_it_is_needed(whole: Machine) -> None:
    """The socket waits for it."""
    whole.run("systemctl", "stop", ACTOR)

    until(lambda: whole.active(ACTOR), within=60, every=0.1)
    ban(whole, "203.0.113.7")

    assert whole.held() == {"203.0.113.7"}


def test_a_daemon_that_hangs_is_replaced(whole: Machine) -> None:
    """Its loop gives no sign of life any more; the bans go on."""
    drop_in(whole, DAEMON, "WatchdogSec=3s")
    whole.run("systemctl", "restart", DAEMON)
    ban(whole, "203.0.113.7")
    before = whole.pid(DAEMON)

    os.kill(before, signal.SIGSTOP)

    until(lambda: whole.pid(DAEMON) not in (0, before), within=120, every=0.2)
    until(lambda: whole.active(DAEMON), within=60, every=0.2)
    assert "Watchdog timeout" in journal(whole)
    assert whole.held() == {"203.0.113.7"}


def test_an_actor_that_hangs_is_replaced(whole: Machine) -> None:
    """systemd notices before the daemon does, which was told nothing; the next actor takes what was owed."""
    drop_in(whole, ACTOR, "WatchdogSec=3s")
    whole.run("systemctl", "restart", ACTOR)
    ban(whole, "203.0.113.7")
    before = whole.pid(ACTOR)

    os.kill(before, signal.SIGSTOP)

    until(lambda: whole.pid(ACTOR) not in (0, before), within=120, every=0.2)
    until(lambda: whole.run("responder", "status", check=False).returncode == 0, within=60, every=0.2)
    ban(whole, "203.0.113.8")
    assert "Watchdog timeout" in journal(whole, ACTOR)
    assert whole.held() == {"203.0.113.7", "203.0.113.8"}


def test_it_stops_without_opening_the_firewall(whole: Machine) -> None:
    """All of it; `responder firewall flush` opens it, with nobody at work."""
    ban(whole, "203.0.113.7")

    whole.run("systemctl", "stop", DAEMON, "responder-firewall.socket", ACTOR)

    assert not whole.pid(DAEMON)
    assert not whole.pid(ACTOR)
    assert whole.held() == {"203.0.113.7"}
    whole.run("responder", "firewall", "flush")
    assert whole.held() == set()


def test_root_tries_by_hand_what_the_settings_say(whole: Machine) -> None:
    """A dry run leaves the kernel as it is; a trial bans, undoes that, and leaves the service what it had."""
    ban(whole, "198.51.100.9")
    whole.run("systemctl", "stop", DAEMON)
    held = whole.held()
    assert whole.run("timeout", "5", "responder", "run", "--dry-run", check=False).returncode == 124
    assert whole.held() == held

    with subprocess.Popen(whole.command(["responder", "run", "--trial", "20s"]), stderr=subprocess.PIPE) as trial:
        until(lambda: "198.51.100.8 is banned" in whole.said("responder", "ban", "198.51.100.8"), within=15)
        assert "198.51.100.8" in whole.held()
        _, said = trial.communicate(timeout=60)

    assert trial.returncode == 1
    assert b"cannot be reached" not in said
    assert whole.held() == set()
    whole.run("systemctl", "start", DAEMON)
    assert whole.held() == held


@pytest.mark.parametrize("words", [["panic"], ["firewall", "flush"]], ids=" ".join)
def test_what_is_cleared_without_a_daemon_is_not_put_back(whole: Machine, words: list[str]) -> None:
    """The actor, which goes on by itself and looks after the rules, is told."""
    ban(whole, "203.0.113.7")
    whole.run("systemctl", "stop", DAEMON)
    assert whole.active(ACTOR)
    assert whole.held() == {"203.0.113.7"}

    whole.run("responder", *words)

    whole.run("nft", "add", "table", "inet", "other")  # would have the actor look
    whole.run("responder", "firewall", "show")
    assert whole.held() == set()
    assert whole.active(ACTOR)


def test_who_is_unbanned_by_root_is_free(whole: Machine) -> None:
    """The daemon takes orders over its socket although it runs as somebody else."""
    ban(whole, "203.0.113.7")
    assert [row["prefix"] for row in json.loads(whole.said("responder", "bans", "--json"))] == ["203.0.113.7"]

    whole.run("responder", "unban", "203.0.113.7")

    assert whole.held() == set()


def test_nobody_else_gives_orders(whole: Machine) -> None:
    """Neither to the daemon nor to the actor."""
    as_nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "responder")

    assert whole.run(*as_nobody, "unban", "203.0.113.7", check=False).returncode == 69
    assert whole.said("stat", "--format=%U %a", "/run/responder-firewall.sock") == "responder 600"


def test_each_part_has_the_privileges_it_needs_and_no_other(whole: Machine) -> None:
    """As the kernel tells of the processes: none, and CAP_NET_ADMIN."""
    for unit, user, wanted in ((DAEMON, "responder", 0), (ACTOR, "responder-firewall", CAP_NET_ADMIN)):
        pid = whole.pid(unit)
        assert int(of_process(pid, "Uid").split()[0]) == int(whole.said("id", "--user", user)) != 0
        assert {int(of_process(pid, key), 16) for key in ("CapEff", "CapPrm", "CapBnd")} == {wanted}
        assert of_process(pid, "NoNewPrivs") == "1"
        assert of_process(pid, "Seccomp") == "2"


def test_legacy_iptables_works_with_its_drop_in(whole: Machine) -> None:
    """The lock that all share included."""
    drop_in(
        whole,
        ACTOR,
        whole.file("/usr/share/doc/responder/examples/legacy-iptables.conf").read_text().partition("[Service]")[2]
        + "ExecStart=\nExecStart=/usr/bin/responder firewall --user responder --backend iptables-plain\n",
    )
    whole.run("systemctl", "restart", ACTOR, DAEMON)

    ban(whole, "203.0.113.7")

    assert "-s 203.0.113.7/32" in whole.said("iptables-legacy", "-t", "raw", "-S")
    assert int(of_process(whole.pid(ACTOR), "CapEff"), 16) == CAP_NET_ADMIN | CAP_NET_RAW


def test_postfix_asks_the_policy_service_through_its_socket(net: Network, whole: Machine) -> None:
    """The first question starts it, as the same user and boxed in as the daemon is."""
    settings = whole.file("/etc/responder/responder.toml")
    settings.write_text(settings.read_text() + QUOTA)
    whole.run("systemctl", "enable", "--now", "responder-policyd.socket")
    whole.run("postconf", "-e", "smtpd_end_of_data_restrictions=check_policy_service inet:127.0.0.1:10040")
    whole.run("postfix", "reload")
    assert not whole.pid(POLICYD)

    words = ["swaks", "--server", net.srv.ipv4, "--to", "ok@example.org", "--from", "a@client.test", "--timeout", "60"]
    sent = [net.good.run(words, timeout=120) for _ in range(3)]

    assert [done.returncode == 0 for done in sent] == [True, True, False]
    assert "over the limit of 2 messages" in sent[2].stdout
    refused = ["--unit", POLICYD, "--identifier=responder-policyd", "RESPONDER_ACTION=defer", "--output=cat"]
    assert "quota: defer client=" in until(lambda: whole.said("journalctl", *refused), every=0.1)
    pid = whole.pid(POLICYD)
    assert int(of_process(pid, "Uid").split()[0]) == int(whole.said("id", "--user", "responder"))
    assert int(of_process(pid, "CapBnd"), 16) == 0
    assert whole.said("stat", "--format=%a", "/run/responder/policy.sock") == "666"


def test_figures_in_a_file_need_a_folder_that_the_unit_may_write(whole: Machine) -> None:
    """Without it the log says why there are none, and everything else goes on."""
    folder = "/var/lib/node_exporter"
    whole.run("install", "-d", "-o", "responder", folder)
    settings = whole.file("/etc/responder/responder.toml")
    settings.write_text(settings.read_text() + f'\n[metrics]\ntextfile = "{folder}/responder.prom"\n')
    whole.run("systemctl", "restart", DAEMON)
    until(lambda: "responder.prom: cannot be written: Read-only file system" in journal(whole), within=60)
    ban(whole, "203.0.113.7")

    drop_in(whole, DAEMON, f"ReadWritePaths={folder}")
    whole.run("systemctl", "restart", DAEMON)

    until(whole.file(f"{folder}/responder.prom").exists, within=60)
    assert "responder_bans_active" in whole.file(f"{folder}/responder.prom").read_text()

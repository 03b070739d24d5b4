"""The daemon as a process: signals, a second one, sudden death; the kernel's rules outlive all of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from tests.daemon.here import Here, daemon_here
from tests.enforce.namespace import inside, nft
from tests.enforce.opened import held_by
from tests.enforce.targets import now
from tests.lab.daemon import Daemon
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

SETTINGS = """
[[source]]
path = "{folder}/mail.log"
timezone = "UTC"

[policy.login]
limit = 3
"""
LINE = "mx sshd[1]: Failed password for root from {} port 22 ssh2\n"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    (tmp_path / "mail.log").touch()
    with inside(), daemon_here(tmp_path, SETTINGS.format(folder=tmp_path)) as running:
        yield running


def write(daemon: Daemon, address: str, times: int = 3) -> None:
    stamp = subprocess.run(["date", "-u", "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, text=True, check=True).stdout
    with (daemon.folder / "mail.log").open("a") as log:
        log.write(f"{stamp.strip()} {LINE.format(address)}" * times)


def banned(daemon: Daemon) -> set[str]:
    return {ban["prefix"] for ban in daemon.ask("bans")}


def held() -> set[str]:
    return held_by("nftables", now())


def test_rules_stay_when_the_daemon_is_told_to_stop(daemon: Daemon) -> None:
    """SIGTERM ends it in order; bans go on in the kernel, and the next daemon takes them up."""
    write(daemon, "203.0.113.7")
    until(lambda: held() == {"203.0.113.7"})

    assert daemon.stop() == 0
    assert held() == {"203.0.113.7"}
    assert "stopped; the rules stay in the kernel until they end" in daemon.said()
    assert not (daemon.folder / "control.sock").exists()

    daemon.start()
    assert banned(daemon) == held() == {"203.0.113.7"}


def test_a_killed_daemon_leaves_its_rules_and_no_process(daemon: Daemon) -> None:
    """Its actor ends with it; the next start finds everything, repairs the kernel and goes on in the log."""
    write(daemon, "203.0.113.7")
    until(lambda: held() == {"203.0.113.7"})
    assert daemon.process
    (actor,) = psutil.Process(daemon.process.pid).children()

    assert daemon.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not actor.is_running() or actor.status() == psutil.STATUS_ZOMBIE)
    assert held() == {"203.0.113.7"}
    nft("flush", "ruleset")
    write(daemon, "203.0.113.8")
    daemon.start()

    until(lambda: held() == {"203.0.113.7", "203.0.113.8"})
    assert len(daemon.ask("explain", "203.0.113.7")["offences"]) == 3


def test_a_killed_actor_is_replaced_and_the_kernel_repaired(daemon: Daemon) -> None:
    """Even if the rules went with it."""
    write(daemon, "203.0.113.7")
    until(lambda: held() == {"203.0.113.7"})
    assert daemon.process
    (actor,) = psutil.Process(daemon.process.pid).children()

    nft("flush", "ruleset")
    os.kill(actor.pid, signal.SIGKILL)

    until(lambda: held() == {"203.0.113.7"})
    assert daemon.ask("status")["firewall"]["actor_starts"] == 2


def test_a_hangup_reads_the_settings_again(daemon: Daemon) -> None:
    """Bad settings leave what ran; good ones take effect without a restart, and free whom they allow."""
    write(daemon, "203.0.113.7")
    until(lambda: held() == {"203.0.113.7"})
    assert daemon.process
    before = daemon.config.read_text()

    daemon.config.write_text(before + "limit = 3\nnonsense = 5\n[allow]\nnetworks = 7\n")
    os.kill(daemon.process.pid, signal.SIGHUP)
    until(lambda: "the settings and rules that were running go on" in daemon.said())
    write(daemon, "198.51.100.7")
    until(lambda: held() == {"203.0.113.7", "198.51.100.7"})

    daemon.config.write_text(before + '[allow]\nnetworks = ["203.0.113.0/24"]\n')
    os.kill(daemon.process.pid, signal.SIGHUP)
    until(lambda: held() == {"198.51.100.7"})
    assert banned(daemon) == {"198.51.100.7"}


def test_a_second_daemon_refuses_and_says_who_is_there(daemon: Daemon) -> None:
    """One sentence, with the pid of the first, and status 74; the first one goes on."""
    assert daemon.process
    second = subprocess.run(
        [sys.executable, "-m", "responder", "--config", daemon.config, "run"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert second.returncode == 74
    assert f"another responder (process {daemon.process.pid}) uses this state folder" in second.stderr
    assert "Traceback" not in second.stderr
    write(daemon, "203.0.113.7")
    until(lambda: held() == {"203.0.113.7"})


def test_a_flush_removes_every_rule_with_the_daemon_and_without(daemon: Daemon) -> None:
    """With it, for good; without it, from the kernel."""
    write(daemon, "203.0.113.7")
    until(lambda: held() == {"203.0.113.7"})
    assert "1 addresses are free" in daemon.tell("firewall", "flush")
    assert "responder" not in nft("list", "tables")
    assert banned(daemon) == set()

    daemon.tell("ban", "203.0.113.8")
    assert held() == {"203.0.113.8"}
    daemon.stop()
    assert "no daemon runs" in daemon.tell("firewall", "flush")
    assert "responder" not in nft("list", "tables")
    daemon.start()
    until(lambda: held() == {"203.0.113.8"})


def test_a_firewall_that_may_not_be_changed_is_said_and_detecting_goes_on(tmp_path: Path) -> None:
    """Bans are decided, recorded and shown as owed; the status exits with 1 and says why."""
    missing = f'[firewall]\nsocket = "{tmp_path}/nobody.sock"\n'
    with inside(), daemon_here(tmp_path, missing + SETTINGS.format(folder=tmp_path)) as daemon:
        write(daemon, "203.0.113.7")
        until(lambda: banned(daemon) == {"203.0.113.7"})

        status = daemon.ask("status")
        assert not status["firewall"]["settled"]
        assert any("cannot be reached" in trouble for trouble in status["troubles"])
        with pytest.raises(RuntimeError, match="exits with 1"):
            daemon.tell("status")


class _Frugal(Here):
    """A host that lets each process open 160 files at first."""

    def command(self, argv: Sequence[str | os.PathLike[str]]) -> list[str]:
        return ["prlimit", "--nofile=160:", *super().command(argv)]


def test_more_logs_are_followed_than_a_process_may_open_files_at_first(tmp_path: Path) -> None:
    """As a host with many sites has them: the soft limit is raised as far as the hard one lets it."""
    for number in range(200):
        (tmp_path / f"site{number}.log").touch()
    settings = SETTINGS.format(folder=tmp_path).replace("mail.log", "site*.log")
    with inside(), Daemon(_Frugal(), tmp_path, settings) as running:
        (source,) = running.ask("status")["sources"]

    assert {file["state"] for file in source["files"]} == {"present"}
    assert len(source["files"]) == 200

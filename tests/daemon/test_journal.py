"""The journal and syslog sockets in the daemon: who is banned, who is not, and that a crash doubles nothing."""

import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.engine import Engine
from tests.daemon.here import daemon_here
from tests.lab import journal
from tests.lab.daemon import Daemon
from tests.lab.journal import Journald
from tests.lab.wait import until
from tests.sources.test_receiver import free_port

pytestmark = pytest.mark.skipif(bool(journal.missing()), reason=journal.missing())
ATTACK = "Failed password for root from {} port {} ssh2"
KILLS, SHARE = 2, 3000


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[Journald]:
    with Journald(tmp_path / "journal") as running:
        yield running


def test_a_service_is_judged_by_its_journal_and_nobody_in_its_name(engine: Engine, journald: Journald) -> None:
    """Who is blamed in a forged entry is not banned, and the status tells of the forger."""
    engine.configure(f'[[source]]\njournal = ["ssh.service", "sshd"]\ndirectory = "{journald.folder}"\n')
    forged = ["logger", "-u", "/run/systemd/journal/dev-log", "-t", "sshd", ATTACK.format("198.51.100.1", 22)]
    with engine.running():
        for _ in range(5):
            subprocess.run(journald.command(forged, uid=1000), check=True)
        journald.say([ATTACK.format("198.51.100.2", 22)] * 5, unit="ssh.service", uid=1000)
        journald.say([ATTACK.format("203.0.113.7", 22)] * 5, unit="ssh.service")

        engine.until(lambda: engine.bans() and engine.ask("status")["sources"][1]["journal"]["refused"] == 10)

        (source,) = engine.ask("status")["sources"][1:]
        assert engine.bans() == {"203.0.113.7"}
        assert (source["path"], source["offences"]) == (f"journal:{journald.folder}:ssh.service,sshd", 5)
        assert (source["files"], source["received"]) == ([], None)
        known = source["journal"]
        assert known["running"]
        assert (known["entries"], known["restarts"], known["reason"], known["losses"]) == (5, 0, "", ())
        assert 0 <= known["lag"] < 60
        assert source["stamps_ahead"] == source["stamps_behind"] == 0


def test_what_a_peer_sends_is_judged(engine: Engine) -> None:
    """And the loop is woken by it, from its wait for something to happen."""
    port = free_port("udp", "127.0.0.1")
    engine.configure(f'[[source]]\nlisten = "udp:127.0.0.1:{port}"\ntimezone = "UTC"\n')
    with engine.running(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        engine.settle()
        engine.until(lambda: not engine.daemon._selector.select(0))
        for _ in range(3):
            peer.sendto(b"<38>sshd[1]: " + ATTACK.format("203.0.113.7", 22).encode(), ("127.0.0.1", port))

        until(lambda: engine.daemon._selector.select(0))
        engine.until(lambda: engine.bans() == {"203.0.113.7"})

        (source,) = engine.ask("status")["sources"][1:]
        assert (source["journal"], source["offences"], source["received"]["messages"]) == (None, 3, 3)
        ((line,),) = set(engine.rows("SELECT line FROM offences"))
        assert line.endswith(f"Z 127.0.0.1 sshd[1]: {ATTACK.format('203.0.113.7', 22)}")


def test_the_same_process_id_on_two_hosts_is_two_processes(engine: Engine) -> None:
    """A line of one host never gives the address for a failure of the other."""
    rules = engine.folder / "rules"
    rules.mkdir()
    (rules / "app.toml").write_text(RULE)
    port = free_port("udp", "127.0.0.1")
    engine.configure(f'[[source]]\nlisten = "udp:127.0.0.1:{port}"\ntimezone = "UTC"\n')
    engine.file.write_text(f'rules = ["{rules}"]\n' + engine.file.read_text())
    with engine.running(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.connect(("127.0.0.1", port))
        stamp = subprocess.run(["date", "-u", "+%b %e %T"], capture_output=True, check=True).stdout.strip()
        peer.send(b"<38>" + stamp + b" one app[7]: connect from 203.0.113.1")
        peer.send(b"<38>" + stamp + b" two app[7]: connect from 203.0.113.2")
        peer.send(b"<38>" + stamp + b" one app[7]: gave up after 3s")

        engine.until(lambda: engine.daemon.logs.each[1].offences and not engine.daemon.ledger.owed)

        assert engine.rows("SELECT rule, hex(address) FROM offences") == [("app-gave-up", "0" * 20 + "FFFFCB007101")]


RULE = """
service = "app"
program = ["app"]
[[rule]]
id      = "app-gave-up"
title   = "Gave up"
policy  = "login"
key     = "pid"
from    = 'connect from <address>$'
pattern = 'gave up after <number>s'
example = [{ line = \"\"\"Jul 17 03:12:45 mx app[7]: connect from 192.0.2.7
Jul 17 03:12:46 mx app[7]: gave up after 3s\"\"\", address = "192.0.2.7" },
           { line = "Jul 17 03:12:46 mx app[7]: gave up after 3s", address = "" }]
"""

SETTINGS = """
[firewall]
backend = "dry-run"
[[source]]
journal = ["ssh.service"]
directory = "{}"
[[source]]
listen = "tcp:127.0.0.1:{}"
"""


def test_a_daemon_killed_amid_a_flood_counts_each_entry_once(journald: Journald, tmp_path: Path) -> None:
    """kill -9 again and again, and a journal that rotates: nothing is lost, nothing doubled, nobody is left behind."""
    port = free_port("tcp", "127.0.0.1")
    daemon = daemon_here(tmp_path, SETTINGS.format(journald.folder, port))
    addresses = iter(f"203.0.113.{number % 250}" for number in range(1, KILLS * SHARE + 1))
    for turn in range(KILLS):
        process = daemon.host.popen(daemon.command("run"), stdout=-3, stderr=-3)
        before = count(daemon)
        numbers = range(turn * SHARE, (turn + 1) * SHARE)
        journald.say([ATTACK.format(next(addresses), number) for number in numbers], unit="ssh.service")
        if turn % 2:
            journald.rotate()
        until(lambda before=before: count(daemon) > before, within=60, what="an entry stored")  # type: ignore[misc]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    with daemon:
        until(lambda: count(daemon) >= KILLS * SHARE, within=60, what="every entry")
        shown = daemon.tell("status", check=False)
    lines = stored(daemon)
    assert len(lines) == len({line.rpartition("]: ")[2] for line in lines}) == KILLS * SHARE
    assert f"journal:{journald.folder}:ssh.service" in shown
    assert f"tcp:127.0.0.1:{port}" in shown


def count(daemon: Daemon) -> int:
    """Return how many offences are stored."""
    return sum(stored(daemon, "SELECT count(*) FROM offences"))


def stored(daemon: Daemon, query: str = "SELECT line FROM offences") -> list[Any]:
    """Return the lines of the offences in the store; none while there is no store."""
    path = daemon.folder / "state" / "state.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as raw, suppress(sqlite3.OperationalError):
        return [value for (value,) in raw.execute(query)]
    return []

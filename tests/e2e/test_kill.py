"""Pulling the plug: whatever is killed, whenever, store, kernel and log agree afterwards."""

import json
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.lab import maillog
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = pytest.mark.kernel
KILLS = 50
LINES = 60_000

SETTINGS = """
[[source]]
path = {log}
timezone = "UTC"
"""


def a_daemon(net: Network, folder: Path, log: Path) -> Daemon:
    folder.mkdir()
    return Daemon(net.srv, folder, SETTINGS.format(log=json.dumps(str(log))))


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    now = time.time()
    return list(maillog.lines(LINES, maillog.Mix(offences=0.5, attackers=900, span=240, start=now - 250)))


def judged(daemon: Daemon) -> Counter[tuple[Any, ...]]:
    """Return what the store says was judged: how often each address offended how, with what effect."""
    with sqlite3.connect(daemon.folder / "state" / "state.db") as database:
        rows = database.execute("SELECT address, rule, effect, count(*) FROM offences GROUP BY 1, 2, 3")
        return Counter({tuple(key): count for *key, count in rows})


def bans(daemon: Daemon) -> set[tuple[Any, ...]]:
    return {(ban["prefix"], ban["policy"], ban["rule"], ban["nth"]) for ban in daemon.ask("bans")}


def in_kernel(net: Network) -> set[str]:
    listing = json.loads(net.srv.run(["nft", "-j", "list", "table", "inet", "responder"], check=True).stdout)
    return {
        element["elem"]["val"] + ("/64" if item["set"]["name"] == "drop_v6_64" else "")
        for item in listing["nftables"]
        if item.get("set", {}).get("name", "").startswith("drop_")
        for element in item["set"].get("elem", [])
    }


def done(daemon: Daemon, size: int) -> bool:
    """Tell whether everything in the log was judged and committed."""
    query = "SELECT max(offset) FROM positions WHERE device > 0 AND inode > 0"
    with sqlite3.connect(daemon.folder / "state" / "state.db") as database:
        return bool(database.execute(query).fetchone()[0] == size)


@pytest.fixture(scope="module")
def undisturbed(net: Network, lines: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a daemon that nobody kills makes of the same log."""
    folder = tmp_path_factory.mktemp("undisturbed")
    log = folder / "mail.log"
    log.write_bytes(b"".join(lines))
    with a_daemon(net, folder / "daemon", log) as daemon:
        until(lambda: done(daemon, log.stat().st_size), within=60, what="the whole log to be judged")
        found = judged(daemon), bans(daemon)
        daemon.tell("firewall", "flush")
    return found


def test_a_daemon_killed_fifty_times_comes_to_the_same_bans_and_counts(
    net: Network, undisturbed: Any, lines: list[bytes], tmp_path: Path
) -> None:
    """kill -9 at random instants under load: nothing is lost, nothing counted twice, the kernel agrees."""
    choose = random.Random(20)
    log = tmp_path / "mail.log"
    log.touch()
    daemon = a_daemon(net, tmp_path / "daemon", log)
    share = len(lines) // KILLS + 1
    with log.open("ab", buffering=0) as writer:
        for turn in range(KILLS):
            process = net.srv.popen(daemon.command("run"), stdout=-3, stderr=-3)
            for line in lines[turn * share : (turn + 1) * share]:
                writer.write(line)
            # From before it has opened its store to well into its work: a start takes about half a second.
            time.sleep(choose.random() * 1.2)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    with daemon:
        until(lambda: done(daemon, log.stat().st_size), within=60, what="the whole log to be judged")
        expected_counts, expected_bans = undisturbed
        assert len(expected_bans) > 100
        assert bans(daemon) == expected_bans
        assert judged(daemon) == expected_counts
        until(lambda: daemon.ask("status")["firewall"]["settled"])
        assert in_kernel(net) == {ban[0] for ban in expected_bans}
        daemon.tell("firewall", "flush")


def test_a_killed_actor_is_replaced_and_the_kernel_made_right(net: Network, tmp_path: Path) -> None:
    """Whatever the kernel lost meanwhile is there again as soon as the new actor is."""
    log = tmp_path / "mail.log"
    log.touch()
    with a_daemon(net, tmp_path / "daemon", log) as daemon:
        daemon.tell("ban", "198.18.80.1", "--for", "1h")
        assert daemon.process
        children = Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children").read_text().split()
        net.srv.run(["nft", "flush", "set", "inet", "responder", "drop_v4_32"], check=True)

        os.kill(int(children[0]), signal.SIGKILL)

        until(lambda: "198.18.80.1" in in_kernel(net), within=5, what="the ban in the kernel again")
        daemon.tell("ban", "198.18.80.2", "--for", "1h")
        assert {"198.18.80.1", "198.18.80.2"} <= in_kernel(net)
        daemon.tell("firewall", "flush")


def test_a_table_flushed_behind_our_back_is_mended_by_the_next_ban(net: Network, tmp_path: Path) -> None:
    """A change that the kernel refuses leads to a sync of everything."""
    log = tmp_path / "mail.log"
    log.touch()
    with a_daemon(net, tmp_path / "daemon", log) as daemon:
        daemon.tell("ban", "198.18.81.1", "--for", "1h")
        net.srv.run(["nft", "flush", "ruleset"], check=True)

        daemon.tell("ban", "198.18.81.2", "--for", "1h", check=False)

        until(lambda: _both(net), what="both bans in the kernel")
        daemon.tell("firewall", "flush")


def _both(net: Network) -> bool:
    if "responder" not in net.srv.run(["nft", "list", "tables"], check=True).stdout:
        return False
    return {"198.18.81.1", "198.18.81.2"} <= in_kernel(net)


def test_bans_outlive_the_loss_of_the_state_store(net: Network, tmp_path: Path) -> None:
    """When nothing can be read from a corrupt database, the kernel's own memory is taken over, not wiped."""
    log = tmp_path / "mail.log"
    log.touch()
    daemon = a_daemon(net, tmp_path / "daemon", log)
    with daemon:
        daemon.tell("ban", "198.18.82.1", "--for", "1h")
        before = daemon.ask("bans")[0]["expires"]
    for part in (daemon.folder / "state").glob("state.db*"):
        part.write_bytes(b"not a database" * 1000)

    with daemon:
        until(lambda: daemon.ask("status")["firewall"]["settled"] and daemon.ask("bans"))
        (ban,) = daemon.ask("bans")
        assert (ban["prefix"], ban["policy"]) == ("198.18.82.1", "recovered")
        assert abs(_epoch(ban["expires"]) - _epoch(before)) <= 2
        assert "198.18.82.1" in in_kernel(net)
        assert list((daemon.folder / "state").glob("state.db.corrupt-*"))
        daemon.tell("firewall", "flush")


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()

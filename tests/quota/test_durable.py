"""Counts outlive the process, and no answer waits for a database."""

import contextlib
import json
import signal
import sqlite3
import time
from pathlib import Path

from responder.limits import Allowance
from responder.quota import decided
from responder.quota.standing import Suspension
from tests.lab.policyd import Policyd
from tests.lab.postgresql import PostgreSQL
from tests.lab.wait import until
from tests.quota.values import THREE, a_request, send, told


def test_a_killed_service_loses_a_second_at_most_and_doubles_nothing(tmp_path: Path) -> None:
    """Killed while it counts: what was there a second before still is, and no more than was sent; its socket, too."""
    with Policyd(tmp_path, THREE.replace("3 messages", "1000 messages")) as policyd:
        sent = 0
        for _ in range(2):
            sent += len(send(policyd, 50))
            before = until(lambda: policyd.stored("shop.example"))
            sent += len(send(policyd, 5))
            policyd.stop(signal.SIGKILL)
            after = policyd.stored("shop.example")
            policyd.start()
            assert before <= after <= sent
            send(policyd, 1)
            until(lambda more=after + 1: policyd.stored("shop.example") == more)  # type: ignore[misc]
            sent = after + 1


def test_a_locked_database_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Answers go on from memory, what is owed is written when it can be, and nothing is lost."""
    with Policyd(tmp_path, THREE) as policyd:
        send(policyd, 1)
        until(lambda: policyd.stored("shop.example") == 1)
        with contextlib.closing(sqlite3.connect(tmp_path / "state" / "quota.db", isolation_level=None)) as thief:
            thief.execute("BEGIN EXCLUSIVE")
            assert send(policyd, 3) == ["DUNNO", "DUNNO", "450"]
            until(lambda: "database is locked" in policyd.said(), within=20)
            assert send(policyd, 1, "other.example") == ["DUNNO"]
        until(lambda: policyd.stored("shop.example") == 3, within=20)


def test_a_stopped_server_keeps_nobody_waiting(postgres: PostgreSQL, tmp_path: Path) -> None:
    """Nor does one that is away from the start; until it was read, what would pass is told the fallback."""
    settings = f'database = {json.dumps(postgres.database())}\nfallback = "DEFER_IF_PERMIT come back"\n'
    with Policyd(tmp_path, THREE, settings) as policyd:
        postgres.stop()
        try:
            assert send(policyd, 2) == ["DUNNO", "DUNNO"]
            until(lambda: "counting goes on in memory" in policyd.said(), within=20)
        finally:
            postgres.start()
        until(lambda: policyd.stored("shop.example") == 2, within=20)
        policyd.stop()
        postgres.stop()
        try:
            policyd.start()
            assert send(policyd, 1, "other.example") == ["DEFER_IF_PERMIT"]
        finally:
            postgres.start()
        until(lambda: told(policyd, "") == "DUNNO", within=20)
        assert send(policyd, 2) == ["DUNNO", "450"]
        assert send(policyd, 3, "other.example") == ["DUNNO"] * 3


def test_hosts_that_share_a_database_share_limits_and_suspensions(postgres: PostgreSQL, tmp_path: Path) -> None:
    """What one counted the other knows two seconds later: a message that is too large anyhow makes it tell."""
    url = json.dumps(postgres.database())
    quotas = THREE.replace("messages", "recipients") + 'suspend = { after = 2, within = "1h" }\n'
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with (
        Policyd(folders[0], quotas, f'database = {url}\nhost = "mx1"\n') as one,
        Policyd(folders[1], quotas, f'database = {url}\nhost = "mx2"\n') as two,
        two.client() as client,
    ):
        assert send(one, 2) == ["DUNNO"] * 2
        large = a_request(sender="a@shop.example", protocol_state="DATA", recipient_count=100)
        until(lambda: client.ask(large) and "used=2" in two.said(), every=0.1)
        assert send(two, 2) == ["DUNNO", "450"]
        until(lambda: "is suspended" in told(one))
        one.change(lambda at: decided.resume(at, "shop.example"))
        for host in (one, two):
            until(lambda host=host: "over the limit" in told(host))  # type: ignore[misc]


def test_what_administrators_change_holds_in_the_running_service(tmp_path: Path) -> None:
    """More for one, then nothing, and back; then nothing at all."""
    now, name = time.time(), "shop.example"
    more, blocked = Allowance.parse(["9000 messages per 1d"]), Allowance.parse(["blocked"])
    with Policyd(tmp_path, THREE) as policyd:
        assert send(policyd, 4)[3] == "450"
        policyd.change(lambda at: decided.override(at, "", name, more, since=now, by="me"))
        until(lambda: told(policyd) == "DUNNO")
        policyd.change(lambda at: decided.suspend(at, Suspension("", name, now, None, "why", "me")))
        until(lambda: "suspended" in told(policyd))
        policyd.change(lambda at: decided.resume(at, name))
        policyd.change(lambda at: decided.override(at, "", name, blocked, since=now, by="me"))
        until(lambda: told(policyd).startswith("550"))

"""A firewall that may not be changed: said in one sentence, recorded all the same, enforced when that can be done."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon.here import Here
from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.enforce.targets import now
from tests.enforce.users import NOBODY, as_user, common_folder
from tests.lab.daemon import Daemon
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

_SAID = "detecting goes on, bans are enforced as soon as it works again"


class Unprivileged(Daemon):
    """``responder run``, and every command, as nobody."""

    def command(self, *words: str) -> list[str]:
        return as_user(NOBODY, super().command(*words))


@pytest.fixture
def folder() -> Iterator[Path]:
    with common_folder() as made, inside():
        os.chown(made, NOBODY, NOBODY)
        yield made


@contextmanager
def actor(path: Path, user: int) -> Iterator[None]:
    """``responder firewall --socket`` as a service of *user* that serves everybody here."""
    users = ["--user", "root", "--user", str(NOBODY)]
    command = [sys.executable, "-m", "responder", "firewall", "--socket", str(path), *users]
    with subprocess.Popen(as_user(user, command) if user else command) as running:
        try:
            until(path.is_socket)
            yield
        finally:
            running.kill()


def test_enforcing_begins_by_itself_when_an_actor_comes_that_has_the_right(folder: Path) -> None:
    """What was banned meanwhile is enforced then; log and status say what was wrong, and that it is over."""
    path = folder / "actor.sock"
    with actor(path, NOBODY), Daemon(Here(), folder, f'source = []\n[firewall]\nsocket = "{path}"\n') as daemon:
        until(lambda: daemon.ask("status")["firewall"]["error"])
        banned = daemon.ask("ban", "203.0.113.7")
        assert banned["stored"]
        assert not banned["enforced"]
        assert "CAP_NET_ADMIN" in banned["firewall_error"]
        assert [ban["packets"] for ban in daemon.ask("bans")] == [None]
        assert "what was stopped is not known: " in daemon.tell("bans")
        assert "The firewall cannot be asked: " in daemon.tell("explain", "203.0.113.7")
        with pytest.raises(RuntimeError, match="status exits with 1"):
            daemon.tell("status")
        (trouble,) = daemon.ask("status")["troubles"]
        assert trouble.startswith("firewall: ")
        assert "CAP_NET_ADMIN" in trouble
        assert trouble.endswith("detecting and recording go on)")
        path.unlink()

        with actor(path, 0):
            until(lambda: held_by("nftables", now()) == {"203.0.113.7"}, within=40)
            until(lambda: "the firewall works again" in daemon.said())
            assert daemon.ask("status")["troubles"] == []
            assert "because nftables works here" in daemon.tell("status")
            daemon.tell("firewall", "flush")
        said = [line for line in daemon.said().splitlines() if _SAID in line]
        assert len([line for line in said if "CAP_NET_ADMIN" in line]) == 1


def test_a_daemon_without_the_right_says_so_once_and_records(folder: Path) -> None:
    """However often it tries to start an actor of its own."""
    with Unprivileged(Here(), folder, "source = []\n") as daemon:
        assert not daemon.ask("ban", "203.0.113.7")["enforced"]
        until(lambda: daemon.ask("status")["firewall"]["actor_starts"] >= 3)

        status = daemon.ask("status")
        assert "CAP_NET_ADMIN" in status["firewall"]["error"]
        assert status["firewall"]["owing_seconds"] >= 1
        assert status["bans"] == 1
        assert daemon.said().count(_SAID) == 1
        assert "Traceback" not in daemon.said()
        with pytest.raises(RuntimeError, match="firewall show exits with 69"):
            daemon.tell("firewall", "show")
        daemon.stop()
        for verb in ("flush", "show"):
            with pytest.raises(RuntimeError, match="CAP_NET_ADMIN"):
                daemon.tell("firewall", verb)

"""Panic and `firewall flush` where no daemon answers: what a firewall actor of its own would put back stays away."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from responder.cli.clearing import clear
from responder.control.client import HangsError
from responder.errors import FirewallError
from tests.daemon.here import daemon_here
from tests.daemon.test_process import SETTINGS, banned, held
from tests.enforce.namespace import inside, nft
from tests.lab.daemon import Daemon
from tests.lab.wait import until

pytestmark = pytest.mark.kernel
SEVEN = "203.0.113.7"


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """Start an actor that is a service, and yield the settings that name it."""
    words = ["firewall", "--backend", "nftables", "--user", "65534", "--socket", str(folder / "actor.sock")]
    with subprocess.Popen([sys.executable, "-m", "responder", *words]) as actor:
        try:
            until((folder / "actor.sock").exists, within=30)
            yield f'[firewall]\nsocket = "{folder / "actor.sock"}"\n'
        finally:
            actor.terminate()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon with an actor that outlives it, and one address banned."""
    (tmp_path / "mail.log").touch()
    settings = SETTINGS.format(folder=tmp_path)
    with inside(), service(tmp_path) as actor, daemon_here(tmp_path, actor + settings) as running:
        running.tell("ban", SEVEN)
        assert held() == {SEVEN}
        yield running


@pytest.mark.parametrize("words", [["panic"], ["firewall", "flush"]], ids=" ".join)
def test_what_is_cleared_is_not_put_back_by_an_actor_without_a_daemon(serving: Daemon, words: list[str]) -> None:
    """It looks after the rules while nobody speaks with it: it must be told that they are wanted no more."""
    serving.stop()

    serving.tell(*words)

    nft("add", "table", "inet", "other")  # would have it look
    serving.start()
    assert banned(serving) == (set() if words == ["panic"] else {SEVEN})
    assert "put back" not in serving.said()


def test_who_hangs_and_has_the_rules_put_back_is_named(tmp_path: Path) -> None:
    """His actor is a child of his that hears nobody else; without him the rules stay away."""
    (tmp_path / "mail.log").touch()
    with inside(), daemon_here(tmp_path, SETTINGS.format(folder=tmp_path)) as running:
        running.tell("ban", SEVEN)
        assert running.process
        why = HangsError(tmp_path / "control.sock", running.process.pid)
        os.kill(running.process.pid, signal.SIGSTOP)

        with pytest.raises(FirewallError, match=f"puts the rules back; .* kill -KILL {running.process.pid}"):
            clear(running.config, why)

        assert held() == {SEVEN}
        running.stop(signal.SIGKILL)
        clear(running.config, why)
        assert "responder" not in nft("list", "tables")

"""What ``responder status`` and ``explain`` say of the blacklist, and that they never wait long for it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.cli.conftest import SETTINGS
from tests.daemon.here import daemon_here
from tests.lab.daemon import Daemon
from tests.lab.wait import until

_EXPORT = '[[export]]\nformat = "plain"\noutput = "{folder}/list.txt"\n'
_NOWHERE = '[[export]]\nformat = "plain"\noutput = "{folder}/nowhere/list.txt"\n'


@pytest.fixture
def shared(responder: Command, tmp_path: Path) -> Iterator[Daemon]:
    """Run a daemon with a blacklist, and two exports of which one cannot be."""
    (tmp_path / "mail.log").touch()
    blacklist = f'[blacklist]\nurl = "sqlite:///{tmp_path}/blacklist.db"\nreporter = "mx"\ntake = "strict"\n'
    settings = (SETTINGS + blacklist.replace("{", "{{") + _EXPORT + _NOWHERE).format(folder=tmp_path)
    responder.configure(settings)
    with daemon_here(tmp_path, settings) as running:
        yield running


def test_status_and_explain_tell_of_it(responder: Command, shared: Daemon) -> None:
    """Of reports, requests and files; what goes wrong is a trouble, and status 1."""
    assert responder("ban", "45.10.20.30", "--reason", "by hand").status == 0

    def reported() -> bool:
        blacklist = responder("status", "--json").json["blacklist"]
        return bool(blacklist["reported"] == 1 and blacklist["exports"])

    until(reported, within=30)
    said = responder("status")
    assert "blacklist connected: 1 reported, 0 wait; takes strict" in said.out
    assert f"{responder.folder}/nowhere" in said.out.partition("! ")[2]
    assert said.status == 1

    told = responder("explain", "45.10.20.30")
    assert "On the blacklist:\n45.10.20.30 is not listed\n" in told.out
    assert "mx  manual  by hand" in told.out
    [report] = responder("explain", "45.10.20.30", "--json").json["blacklist"]["reports"]
    assert (report["reporter"], report["category"]) == ("mx", "manual")


def test_explain_finds_what_was_reported_of_the_network_of_an_ipv6_host(responder: Command, shared: Daemon) -> None:
    """It is banned and reported by its /64."""
    responder("blacklist", "reporter", "add", "koko", "--group", "person")
    responder("blacklist", "report", "2a00:1:2:3::/64", "--reporter", "koko", "--category", "spam")

    [report] = responder("explain", "2a00:1:2:3::bad", "--json").json["blacklist"]["reports"]

    assert report["reporter"] == "koko"


def test_explain_does_not_wait_for_a_blacklist_that_is_silent(
    daemon: Daemon, responder: Command, tmp_path: Path
) -> None:
    """A server that takes connections and never says a word costs a few seconds, and a sentence."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / ".s.PGSQL.5432"))
        silent.listen()
        responder.configure(
            SETTINGS.format(folder=tmp_path) + f'[blacklist]\nurl = "postgresql://x@/x?host={tmp_path}"\n'
        )

        said = responder("explain", "192.0.2.7")

    assert said.status == 0
    assert "192.0.2.7 is not banned" in said.out
    assert "it cannot be asked: the blacklist has not answered within 3 s" in said.out


def test_without_a_blacklist_nothing_is_said_of_one(daemon: Daemon, responder: Command) -> None:
    assert "\nblacklist " not in responder("status").out
    assert "blacklist" not in responder("explain", "192.0.2.7").out
    assert responder("explain", "192.0.2.7", "--json").json["blacklist"] is None

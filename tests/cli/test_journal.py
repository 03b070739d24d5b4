"""What the commands say of the journal and of sockets."""

import time
from pathlib import Path

import pytest

from responder.daemon.troubles import found_in
from tests.cli.command import Command
from tests.daemon.engine import Engine
from tests.lab import journal
from tests.sources.test_receiver import free_port

pytestmark = pytest.mark.skipif(bool(journal.missing()), reason=journal.missing())
LIMIT = "[policy.login]\nlimit = 5\n"
ATTACK = b"Failed password for root from %b port 22 ssh2"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a journal of now: a service, another one, and one who forges."""
    at = time.time()
    folder = tmp_path / "journal"
    journal.write(
        folder,
        [
            *(journal.entry(at - 60 + n, ATTACK % b"203.0.113.7") for n in range(5)),
            *(journal.entry(at - 50 + n, ATTACK % b"203.0.113.8", _SYSTEMD_UNIT="other.service") for n in range(5)),
            *(journal.entry(at - 40 + n, ATTACK % b"198.51.100.1", _UID="1000") for n in range(5)),
        ],
    )
    return folder


def test_a_scan_of_the_journal_finds_what_services_said(responder: Command, folder: Path) -> None:
    """All of them, or those that are named, or those of the settings; as far back as is asked."""
    words = ["scan", "--journal", "--directory", str(folder)]

    def banned(*more: str) -> set[str]:
        return {ban["prefix"] for ban in responder(*words, *more, "--json").json["bans"]}

    responder.configure(LIMIT)
    assert banned() == {"203.0.113.7", "203.0.113.8"}
    assert banned("--unit", "other.service", "--unit", "x") == {"203.0.113.8"}
    responder.configure(LIMIT + '[[source]]\njournal = ["ssh.service"]\n')
    assert banned() == {"203.0.113.7"}
    assert banned("--since", "58s") == set()


def test_a_scan_says_what_it_needs(responder: Command, tmp_path: Path) -> None:
    """Files or the journal, a time that is one, and a journal that is there."""
    for words in ((), ("--journal", "x"), ("x", "--since", "1h")):
        said = responder("scan", *words)
        assert said.status == 2
        assert "name files to look through, or --journal" in said.err
    assert "--since: 'now' is no duration" in responder("scan", "--journal", "--since", "now").err
    assert "journalctl ended with status 1" in responder("scan", "--journal", "--directory", str(tmp_path / "no")).err


def test_check_and_status_tell_of_them(responder: Command, engine: Engine, folder: Path) -> None:
    """With what is wrong with each."""
    port = free_port("tcp", "127.0.0.1")
    sources = (
        f'[[source]]\njournal = ["ssh.service"]\ndirectory = "{folder}"\n[[source]]\nlisten = "tcp:127.0.0.1:{port}"\n'
    )
    responder.configure(sources)
    checked = responder("check").out
    assert f"  journal:{folder}:ssh.service\n  tcp:127.0.0.1:{port}\n" in checked

    engine.configure(sources)
    with engine.running():
        engine.until(engine.bans)
        answer = engine.ask("status")
    assert [source["journal"]["refused"] for source in answer["sources"] if source["journal"]] == [5]
    assert [source["received"]["open"] for source in answer["sources"] if source["received"]] == [True]
    (trouble,) = (one.said for one in found_in(answer) if "journal:" in one.said)
    assert trouble == (
        f"journal:{folder}:ssh.service: 5 entries bear the unit or name, but are no system user's, and were not "
        "believed; somebody forges them, or `users` lacks one"
    )

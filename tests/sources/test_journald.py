"""A real journald: whom it vouches for, what rotation and vacuum do, thousands of entries."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from responder.formats.export import Export
from responder.sources.journalctl import command
from tests.lab import journal
from tests.lab.journal import Journald
from tests.sources.journalreader import Reader

pytestmark = pytest.mark.skipif(bool(journal.missing()), reason=journal.missing())
ATTACK = "Failed password for root from {} port 22 ssh2"

NATIVE = """
import socket, sys
message = sys.argv[1].encode()
fields = b"SYSLOG_IDENTIFIER=native\\nMESSAGE\\n" + len(message).to_bytes(8, "little") + message + b"\\n"
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(fields, "/run/systemd/journal/socket")
"""


@pytest.fixture(scope="module")
def journald(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journald]:
    with Journald(tmp_path_factory.mktemp("journald") / "journal") as running:
        yield running


def test_a_service_is_heard_and_whoever_takes_its_name_is_not(journald: Journald) -> None:
    """``logger -t sshd`` of a local user blames nobody: neither from outside the unit, nor from within it."""
    address = "203.0.113.1"
    journald.say([ATTACK.format("198.51.100.1")], uid=1000)
    journald.say([ATTACK.format("198.51.100.2")], unit="ssh.service", uid=1000)
    journald.say([ATTACK.format("198.51.100.3")], unit="cron.service")
    logger = ["logger", "-u", "/run/systemd/journal/dev-log", "-t", "sshd", ATTACK.format("198.51.100.4")]
    subprocess.run(journald.command(logger, uid=1000), check=True)
    journald.say([ATTACK.format(address)], unit="ssh.service")

    with Reader(journald.folder, "ssh.service") as reader:
        reader.until(lambda: reader.lines and reader.status.refused)

    (line,) = reader.lines
    assert line.endswith(b"]: " + ATTACK.format(address).encode())
    assert b" sshd[" in line
    assert reader.status.refused == 1
    assert reader.status.others == 0


def test_the_journal_of_the_host_is_read_where_no_folder_is_named(journald: Journald) -> None:
    """By the words that journalctl is called with."""
    journald.say(["of this host"], unit="host.service")
    with Reader(journald.folder, "host.service") as reader:
        reader.reads("of this host")

    words = command(("host.service", "nobody"), "", ["--since=@0"], follow=False)
    said = subprocess.run(journald.command(words), capture_output=True, check=True).stdout

    assert [entry.message for entry in Export().feed(said)] == [b"of this host"]


def test_under_a_name_root_alone_is_heard(journald: Journald) -> None:
    """Or who is named: what a process that ended at once has logged bears no unit."""
    for address, uid in (("203.0.113.10", 0), ("203.0.113.11", 33), ("203.0.113.12", 1000)):
        journald.say([ATTACK.format(address)], "named", uid=uid)

    with Reader(journald.folder, "named") as reader:
        reader.until(lambda: reader.lines and reader.status.refused == 2)
    with Reader(journald.folder, "named", users=(33,)) as trusting:
        trusting.until(lambda: len(trusting.lines) == 2 and trusting.status.refused)

    assert reader.messages == [ATTACK.format("203.0.113.10")]
    assert sorted(trusting.messages) == [ATTACK.format("203.0.113.10"), ATTACK.format("203.0.113.11")]


def test_a_flood_is_read_once_through_rotation_and_vacuum(journald: Journald) -> None:
    """By a reader that keeps up, every entry, in its order."""
    with Reader(journald.folder, "flood@*.service") as reader:
        for turn in range(4):
            first, last = turn * 2500, (turn + 1) * 2500
            journald.say([f"number {number}." for number in range(first, last)], "flood", "flood@1.service")
            reader.until(partial(reader.has, first + 1))
            journald.rotate()
            reader.until(partial(reader.has, last))
            journald.vacuum()

    assert [int(line.rpartition(b" ")[2][:-1]) for line in reader.lines] == list(range(10_000))
    assert reader.status.losses == ()


def test_an_entry_with_line_ends_stays_one(journald: Journald) -> None:
    """Through the native protocol anything goes; what looks like a line is none."""
    framed = "x\n2026-11-25T10:00:00Z mx sshd[1]: " + ATTACK.format("198.51.100.9")
    subprocess.run(journald.command([sys.executable, "-ISc", NATIVE, framed]), check=True)

    with Reader(journald.folder, "native") as reader:
        reader.until(lambda: reader.lines)

    (line,) = reader.lines
    assert line.endswith(b"]: " + framed.replace("\n", "#012").encode())

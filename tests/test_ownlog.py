"""The daemon's own log: in the journal with its fields where systemd says so, and a journal that hangs costs little."""

import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder import ownlog
from responder.formats.export import Export
from tests.lab import journal
from tests.lab.journal import Journald
from tests.lab.wait import until

BAN = """
import logging
from responder import ownlog
from responder.daemon.reports import fields
from responder.values import Ban, Prefix, Scope
ownlog.begin()
ban = Ban(Prefix.parse("203.0.113.7"), Scope(), "login", "sshd-x", 0.0, 3600.0, 1, "why")
log = logging.getLogger("responder")
log.info("ban\\nof two lines", extra={"fields": fields(ban)})
log.error("trouble")
"""


@pytest.fixture(scope="module")
def journald(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journald]:
    if problem := journal.missing():
        pytest.skip(problem)
    with Journald(tmp_path_factory.mktemp("journald") / "journal") as running:
        yield running


def read(journald: Journald, *matches: str) -> str:
    command = ["journalctl", f"--directory={journald.directory}", "-o", "export", "-t", "responder", *matches]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode(errors="replace")


def test_the_journal_has_levels_and_fields(journald: Journald) -> None:
    """A ban is found by its address, whole though it has two lines; an error is one."""
    begin = "import os, sys; s = os.fstat(2); os.environ['JOURNAL_STREAM'] = f'{s.st_dev}:{s.st_ino}'\n"
    subprocess.run(journald.command([sys.executable, "-c", begin + BAN]), check=True)
    until(lambda: "trouble" in read(journald), every=0.05)

    ban = read(journald, "RESPONDER_PREFIX=203.0.113.7")
    assert "ban\nof two lines" in ban
    assert "RESPONDER_POLICY=login\n" in ban
    assert "RESPONDER_UNTIL=1970-01-01T01:00:00Z\n" in ban
    assert "PRIORITY=6\n" in ban
    assert "PRIORITY=3\n" in read(journald, "PRIORITY=3")


def test_without_systemd_it_goes_to_standard_error() -> None:
    """With time and level, as it always did; also where the variable is another process's."""
    done = subprocess.run(
        [sys.executable, "-c", BAN], capture_output=True, text=True, check=True, env={"JOURNAL_STREAM": "1:2"}
    )
    assert done.stderr.endswith(" ERROR trouble\n")


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("responder", logging.INFO, "", 0, text, (), None)


def test_a_journal_that_does_not_listen_is_waited_for_once_and_what_it_missed_is_counted(tmp_path: Path) -> None:
    """A thousand messages are not a thousand waits; the next one that gets through says how many did not."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as slow:
        slow.bind(str(path))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        handler = ownlog.Journald(path)
        sent = 0
        while not handler.dropped:
            handler.emit(record("x" * 1000))
            sent += 1
        assert handler._not_before > 0
        for _ in range(1000):
            handler.emit(record("lost"))
        assert handler.dropped == 1001

        for _ in range(sent - 1):
            slow.recv(1 << 16)
        handler._not_before = 0.0
        handler.emit(record("found"))
        assert b"found (1001 messages before this one found no room" in slow.recv(1 << 16)
        handler.close()


def test_who_may_not_wait_does_not_and_what_is_lost_is_told() -> None:
    """While the first is written, two wait; what comes then is counted, and told when there is room."""
    written: list[str] = []
    begun, may_go = threading.Event(), threading.Event()

    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            begun.set()
            may_go.wait()
            written.append(record.getMessage())

    aside = ownlog.Aside(Slow(), most=2)
    aside.handle(record("first"))
    begun.wait()
    for text in ("second", "third", "fourth", "fifth"):
        aside.handle(record(text))
    may_go.set()
    aside.close()

    lost = "2 messages are lost, for those before them were not read in time"
    assert written == ["first", "second", "third", lost]


@given(st.text(max_size=300), st.integers(0, 60), st.dictionaries(st.sampled_from(["A", "B"]), st.text(max_size=50)))
def test_every_message_is_an_entry_as_the_journal_reads_it(text: str, level: int, fields: dict[str, str]) -> None:
    """Whatever an attacker wrote: newlines end no field, and begin none."""
    sent = b"__CURSOR=x\n__REALTIME_TIMESTAMP=1\n" + ownlog.entry(text, level, fields) + b"\n"

    (found,) = Export().feed(sent)

    assert found.message == text.encode(errors="backslashreplace")
    assert found.identifier == b"responder"

"""The policy service's own log: found in the journal by its fields, and waited for by nobody."""

import logging
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from responder import ownlog
from responder.formats.export import Entry, Export
from responder.quota.notes import Note
from tests.lab import journal
from tests.lab.journal import Journald
from tests.lab.policyd import Policyd
from tests.lab.wait import until
from tests.quota.values import THREE, a_request, send

_UNDER_SYSTEMD = """
import os, sys
err = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{err.st_dev}:{err.st_ino}"
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_a_refusal_is_found_in_the_journal_by_its_fields(tmp_path: Path) -> None:
    """With the level of what happened; standard error has nothing then."""
    if problem := journal.missing():
        pytest.skip(problem)
    with Journald(tmp_path / "journald") as journald:
        under = journald.command([sys.executable, "-c", _UNDER_SYSTEMD])
        policyd = Policyd(tmp_path, THREE + "warn = [50]\n", command=under)
        with policyd.output.open("wb") as output:
            policyd.process = subprocess.Popen(policyd.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        until(lambda: "listening on" in read(journald), within=30, every=0.05)
        assert send(policyd, 4)[3] == "450"
        until(lambda: "quota: defer" in read(journald), every=0.05)
        assert policyd.stop() == 0

        refused = read(journald, "RESPONDER_KEY=shop.example", "RESPONDER_ACTION=defer")
        warned = read(journald, "RESPONDER_ACTION=warning", "PRIORITY=4")
        assert policyd.said() == ""
    for part in ("CLIENT=192.0.2.7", "QUOTA=sender-domain", "SENDER=a@shop.example", "LIMIT=3 messages per 1d"):
        assert f"\nRESPONDER_{part}\n" in refused
    assert "\nPRIORITY=6\n" in refused
    assert "\nMESSAGE=quota: warning client=192.0.2.7 " in warned


def read(journald: Journald, *matches: str) -> str:
    command = ["journalctl", f"--directory={journald.directory}", "-o", "export", "-t", "responder-policyd", *matches]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode(errors="replace")


def test_a_log_that_nobody_reads_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Not him who asks, nor him who has it stop."""
    policyd = Policyd(tmp_path, THREE)
    policyd.process = subprocess.Popen(policyd.command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    log = policyd.process.stderr
    assert log
    try:
        until(policyd.socket.exists, within=30)
        answers = [answer for _ in range(10) for answer in send(policyd, 300)]
        assert policyd.stop(signal.SIGTERM) == 0
    finally:
        policyd.stop(signal.SIGKILL)
    said = log.read()
    log.close()

    assert answers == ["DUNNO"] * 3 + ["450"] * 2997
    assert b"listening on" in said
    assert 1 < said.count(b"quota: defer") < 2997


def test_whatever_a_sender_writes_ends_no_field() -> None:
    """He may write newlines where Postfix lets him, and bytes that are no text."""
    request = a_request() | {b"sender": b"a\nPRIORITY=0\xff@b.example", b"sasl_username": b""}
    note = Note("defer", "sender", "key", "5 messages per 1d", 5, None, request)

    (found,) = entries(ownlog.entry(str(note), logging.INFO, note.fields))

    assert "\n" not in found.message.decode()
    assert "RESPONDER_USER" not in note.fields
    assert note.fields["RESPONDER_SENDER"] == "a\nPRIORITY=0\\xff@b.example"


def entries(sent: bytes) -> list[Entry]:
    return list(Export().feed(b"__CURSOR=x\n__REALTIME_TIMESTAMP=1\n" + sent + b"\n"))

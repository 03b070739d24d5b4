"""The journal as a source: every entry once, whatever becomes of the journal, of journalctl and of us."""

import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from responder.sources import Following, Position, earlier, read_journal
from responder.sources.journalctl import command
from tests.lab import journal
from tests.lab.wait import until
from tests.sources.journalreader import Reader

pytestmark = pytest.mark.skipif(bool(journal.missing()), reason=journal.missing())
NOON = 1_795_608_000.0
KILLED = """
import os, sys
from responder.sources import Arrivals, Following, JournalSource
source = JournalSource(Following(("ssh.service",), (), sys.argv[1]), (), 0.0, Arrivals())
while not source.poll():
    pass
print(source._child._process.pid, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def write(folder: Path, *messages: str, at: float = NOON, **fields: str) -> None:
    """Write *messages*, a second apart from *at* on."""
    journal.write(folder, [journal.entry(at + n, one.encode(), **fields) for n, one in enumerate(messages)])


def test_entries_are_lines_of_a_syslog(folder: Path) -> None:
    """With the journal's time, host, program and process; what is nobody's that we follow is passed over."""
    write(folder, "one", "two\nlines")
    write(folder, "three", at=NOON + 2, _SYSTEMD_UNIT="cron.service")
    with Reader(folder) as reader:
        reader.reads("one", "two#012lines")
        assert reader.status.last == NOON + 1
    (chunk,) = read_journal(reader.following, 0.0)
    assert chunk.data == (
        b"2026-11-25T12:00:00.000000Z mx sshd[311]: one\n2026-11-25T12:00:01.000000Z mx sshd[311]: two#012lines\n"
    )


def test_a_journal_met_for_the_first_time_begins_at_the_horizon(folder: Path) -> None:
    """And a reading of all of it where it is told to."""
    write(folder, "old", "new")
    with Reader(folder, horizon=NOON + 1) as reader:
        reader.reads("new")
    (chunk,) = read_journal(reader.following, NOON + 1)
    assert chunk.data.endswith(b"]: new\n")


def test_what_was_committed_is_not_read_again_and_what_was_not_is(folder: Path) -> None:
    """A process killed between the two reads from where the commit says, through a boot of the host."""
    write(folder, "one", "two")
    with Reader(folder) as reader:
        reader.reads("one", "two")
        committed = reader.source.positions()
        write(folder, "three", at=NOON + 2)
        reader.reads("one", "two", "three")
    write(folder, *(f"number {number}" for number in range(20)), at=NOON + 3, _BOOT_ID=journal.BOOT[::-1])

    with Reader(folder, saved=committed) as reader:
        reader.reads("three", *(f"number {number}" for number in range(20)))
        assert reader.status.losses == ()
    with Reader(folder, saved=reader.source.positions()) as reader:
        write(folder, "five", at=NOON + 30)
        reader.reads("five")


def test_when_the_last_entry_is_gone_it_goes_on_behind_it_and_says_so(folder: Path) -> None:
    """The journal was vacuumed while we were down."""
    write(folder, "one", "two")
    with Reader(folder) as reader:
        reader.reads("one", "two")
    write(folder, "lost", at=NOON + 2)
    for path in folder.iterdir():
        path.unlink()
    write(folder, "three", at=NOON + 3)

    with Reader(folder, saved=reader.source.positions()) as reader:
        reader.reads("three")
        (loss,) = reader.status.losses
    assert loss == (
        "the entry of 2026-11-25T12:00:01Z, read last, was no longer there; it was gone on at 2026-11-25T12:00:03Z"
    )


def test_a_cursor_that_makes_no_sense_is_left_for_the_time(folder: Path) -> None:
    """And said, once."""
    write(folder, "one", "two", "three")
    saved = (Position("journal", 0, 0, round((NOON + 1) * 1e6), b"nonsense", b""),)
    with Reader(folder, saved=saved) as reader:
        reader.fails()
        assert "cursor" in reader.status.reason
        reader.now += 2
        reader.reads("three")
        status = reader.status
    assert status.losses == ("journalctl refused the cursor of 2026-11-25T12:00:01Z; it was gone on from that time",)
    assert not status.reason


def test_a_reader_that_ends_is_started_again(folder: Path) -> None:
    """After a wait that grows while it fails; not one entry is lost or doubled."""
    write(folder, "one")
    with Reader(folder) as reader:
        reader.reads("one")
        read = ["one"]
        for number, message in enumerate(("two", "three"), 1):
            (child,) = (one for one in psutil.Process().children() if one.name() == "journalctl")
            child.kill()
            reader.fails()
            assert reader.status.reason == "journalctl ended with status -9"
            assert reader.status.restarts == number
            write(folder, message, at=NOON + number)
            reader.poll()
            assert not reader.status.running
            reader.now += 1
            read.append(message)
            reader.reads(*read)
        assert not reader.status.reason


def test_what_a_reader_has_written_half_when_it_ends_is_dropped(folder: Path) -> None:
    """The next one writes that entry whole."""
    messages = [f"number {number} {'x' * 500}" for number in range(4000)]
    write(folder, *messages)
    with Reader(folder) as reader:
        reader.until(lambda: reader.poll(budget=1000))
        (child,) = (one for one in psutil.Process().children() if one.name() == "journalctl")
        child.kill()
        reader.fails()
        assert len(reader.lines) < 4000
        reader.now += 1
        reader.reads(*messages)
        assert reader.status.losses == ()


def test_the_hosts_own_journal_is_asked_for_what_is_wanted_of_this_host() -> None:
    """Not for what other machines sent here."""
    machine = Path("/etc/machine-id").read_text().strip()

    words = command(("a.service", "b"), "", ["--since=@0"])

    asked = ["_SYSTEMD_UNIT=a.service", f"_MACHINE_ID={machine}", "+", "SYSLOG_IDENTIFIER=b", f"_MACHINE_ID={machine}"]
    assert words[words.index("--since=@0") + 1 :] == asked
    assert command(("a@*.service",), "", ["--since=@0"])[-1] == f"_MACHINE_ID={machine}"
    assert command(("a@*.service",), "/x", ["--since=@0"])[-1] == "--since=@0"


def test_a_journal_that_is_not_there_yet_is_waited_for(folder: Path) -> None:
    """With the reason; the wait grows to a minute."""
    with Reader(folder) as reader:
        for wait in (1, 2, 4, 8, 16, 32, 60, 60):
            reader.fails()
            restarts = reader.status.restarts
            assert "No such file or directory" in reader.status.reason
            reader.now += wait - 0.5
            reader.poll()
            assert not reader.status.running
            assert reader.status.restarts == restarts
            reader.now += 0.5
        write(folder, "one")
        reader.reads("one")


def readers() -> set[int]:
    """Return the processes that read a journal for this one."""
    return {one.pid for one in psutil.Process().children() if one.name() == "journalctl"}


def test_a_reader_that_says_nothing_for_long_is_replaced(folder: Path) -> None:
    """Some lose track of a journal that rotates; it is no failure."""
    write(folder, "one")
    with Reader(folder) as reader:
        reader.reads("one")
        before = readers()
        reader.now += 601
        reader.poll()
        write(folder, "two", at=NOON + 1)
        reader.reads("one", "two")
        assert not before & readers()
        assert reader.status.restarts == 0


def test_a_reader_looks_again_before_the_journal_tells_it_to(folder: Path) -> None:
    """While nothing happens it is woken again and again, and by nobody any more once it is closed."""
    write(folder, "one")
    threads = threading.active_count()
    with Reader(folder) as reader:
        reader.reads("one")
        child = psutil.Process(*readers())
        before = child.num_ctx_switches().voluntary
        until(lambda: child.num_ctx_switches().voluntary > before + 10, what="a reader that looks again")
    assert threading.active_count() == threads


def test_the_reader_ends_when_we_do(folder: Path) -> None:
    """However we do: nobody is left behind."""
    write(folder, "one")
    with Reader(folder) as reader:
        reader.reads("one")
        (child,) = (one for one in psutil.Process().children() if one.name() == "journalctl")
    assert not child.is_running()


def test_a_unit_more_or_less_has_nothing_read_twice(folder: Path) -> None:
    """A list that shares a unit with an earlier one goes on where that was."""
    write(folder, "zero", "one")
    write(folder, "cron", at=NOON + 0.5, _SYSTEMD_UNIT="cron.service")
    with Reader(folder, "ssh.service", "cron.service") as reader:
        reader.until(lambda: reader.has(3))
        reader.reads(*reader.messages)
        saved = {reader.following.name: reader.source.positions(), "journal:other.service": (), "/var/log/mail.log": ()}
    write(folder, "two", at=NOON + 1)

    for wanted in (("ssh.service",), ("ssh.service", "postfix@*.service")):
        following = Following(wanted, (), str(folder))
        with Reader(folder, *wanted, saved=tuple(earlier(following, saved))) as reader:
            reader.reads("two")
            assert reader.status.losses == ()
    assert earlier(Following(("postfix@-.service",), (), str(folder)), saved) == ()
    assert earlier(Following(("ssh.service",), (), "/elsewhere"), saved) == ()


def test_a_host_without_a_journal_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon goes on with its other sources."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with Reader(folder) as reader:
        assert not reader.poll()
        assert "journalctl cannot be started: No such file or directory" in reader.status.reason


def test_the_loop_is_woken_when_something_has_come_and_only_then(folder: Path) -> None:
    """What could not be read in one turn is told again."""
    write(folder, *(f"number {number}" for number in range(3000)))
    with Reader(folder) as reader:
        reader.poll()
        woken = 0
        while not reader.has(3000):
            until(reader.arrivals.drain)
            woken += 1
            reader.poll(budget=100_000)
        assert woken > 3
        reader.poll()
        reader.arrivals.drain()
        assert not reader.arrivals.drain()


def test_a_process_left_alone_by_a_killed_daemon_ends(folder: Path) -> None:
    """Its output is closed then, and it notices without an entry."""
    write(folder, "one")
    told = subprocess.run([sys.executable, "-c", KILLED, str(folder)], capture_output=True, text=True, check=False)
    child = int(told.stdout)
    until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)

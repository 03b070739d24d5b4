"""Guard, Logs and Kernel each keep a promise of their own."""

import selectors
import sqlite3
import time
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from responder import config
from responder.config import AllowSettings
from responder.daemon import guard
from responder.daemon.guard import Guard
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import Ledger
from responder.daemon.logs import Found, Logs
from responder.decide.allowlist import Allowed, Allowlist
from responder.decide.policy import Policy
from responder.decide.tracker import Tracker
from responder.detect import library
from responder.detect.detector import Detector
from responder.errors import StoreError
from responder.settings.source import SourceSettings
from responder.store.state import Batch, StateStore
from responder.values import Outcome, Prefix
from tests.decide.values import an_offence
from tests.lab.wait import until
from tests.store.strategies import NOON, a_ban

OFFICE = Prefix.parse("203.0.113.25")
UNHEARD_OF = "x" * 64 + ".example.org"  # a label may have 63 characters, so no resolver is asked


def test_names_are_resolved_beside_the_loop_and_wake_it() -> None:
    """A slow resolver holds nobody up; its answer is taken in at the next look."""
    seen: list[bool] = []
    one = Guard(AllowSettings(hosts=("localhost",)), {}, lambda: seen.append(True))

    assert one.news(NOON)
    until(lambda: seen)
    one.news(NOON + 1)
    assert Prefix.parse("127.0.0.1") in one.names["localhost"] or Prefix.parse("::1") in one.names["localhost"]
    assert any(entry.why == "localhost in allow.hosts" for entry in one.allowlist().entries)
    assert not one.news(NOON + 2)

    one.names = {}
    one._resolve()
    assert one.news(NOON + 3), "what is new is told without waiting for the next look"
    assert one.names
    assert not one.news(NOON + 4)


def test_a_name_that_does_not_resolve_keeps_its_last_addresses(caplog: pytest.LogCaptureFixture) -> None:
    """A resolver that is down must not lock the office out; the log and the status say so, once."""
    seen: list[bool] = []
    settings = AllowSettings(hosts=(UNHEARD_OF, "office..example.org"))
    one = Guard(settings, {UNHEARD_OF: (OFFICE,), "gone.example.org": (OFFICE,)}, lambda: seen.append(True))
    assert one.names == {UNHEARD_OF: (OFFICE,)}

    for round_ in range(2):
        one.news(NOON + 1000 * round_)
        until(lambda: len(seen) == round_ + 1)  # noqa: B023 - asked in this round
        one.news(NOON + 1000 * round_ + 1)

    assert one.names == {UNHEARD_OF: (OFFICE,)}
    assert one.allowlist().covering(OFFICE) == Allowed(OFFICE, f"{UNHEARD_OF} in allow.hosts")
    assert set(one.unresolved) == {UNHEARD_OF, "office..example.org"}
    assert caplog.text.count(f"{UNHEARD_OF}: ") == 1


def test_the_host_is_looked_at_every_minute() -> None:
    """Its addresses may change under it; more often would be waste."""
    one = Guard(AllowSettings(), {}, lambda: None)

    looks = [second for second in range(200) if one.news(NOON + second)]

    assert looks == [0, 60, 120, 180]


def test_resolving_says_why_a_name_has_no_address() -> None:
    """For `responder check`, which shows it to a person."""
    found, unresolved = guard.resolve(("localhost", "office..example.org"))

    assert list(found) == ["localhost"]
    assert unresolved == {"office..example.org": "'office..example.org' is no host name"}


class Disk:
    """A ledger in a folder, with policies of its own."""

    def __init__(self, folder: Path) -> None:
        self.policies = {"login": Policy("login", limit=3, within=600.0, ban=3600.0)}
        self.ledger = Ledger(folder, "state.db")
        self.ledger.load_bans(self.policies, Allowlist(), 1000, NOON)
        self.ledger.load_windows(self.policies, NOON)


def test_a_corrupt_file_in_a_folder_that_takes_no_other_does_not_stop_enforcement(tmp_path: Path) -> None:
    """Neither the old file can be moved nor a new one made: the daemon goes on owing."""
    disk = Disk(tmp_path / "state")
    with closing(disk.ledger) as ledger:
        ledger.store.close()
        ledger._store = None
        (tmp_path / "state" / "state.db").write_bytes(b"no database" * 100)
        kept = tmp_path / "state" / "state.db.corrupt-20270115T080000Z-wal"
        kept.mkdir()
        (tmp_path / "state" / "state.db-wal").write_bytes(b"")
        (kept / "in the way").touch()
        ledger.ban(a_ban("203.0.113.7"))

        assert not ledger.commit({}, 0.0, NOON)
        assert "cannot be moved aside" in ledger.trouble
        assert len(ledger.tracker.bans(NOON)) == 1
        (kept / "in the way").unlink()
        kept.rmdir()
        assert not ledger.commit({}, 0.0, NOON + 0.5), "not again before its time"
        assert ledger.commit({}, 0.0, NOON + 2)
        assert [past.ban for past in ledger.bans_of(Prefix.parse("203.0.113.7"), 9)] == [a_ban("203.0.113.7")]


def test_what_was_counted_comes_from_the_store_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """A value is damaged behind good ones: the logs are read again, so none of those may count as well."""
    disk = Disk(tmp_path / "state")
    offences = [an_offence("203.0.113.7", NOON), an_offence("203.0.113.8", NOON)]
    disk.ledger.judge([Found("mail", offences, live=True)], NOON)
    assert disk.ledger.commit({}, 0.0, NOON)
    disk.ledger.close()
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as raw, raw:
        raw.execute("UPDATE offences SET address = 7 WHERE id = 2")

    with closing(Disk(tmp_path / "state").ledger) as ledger:
        assert ledger.kept_aside
        assert (ledger.tracker.tracked, ledger.positions) == (0, {})


def test_a_state_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    """A file stands where it should be."""
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="the state folder cannot be made"):
        Ledger(tmp_path / "file" / "state", "state.db")


def test_pruning_that_fails_is_no_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is tried again with the next cleaning."""
    with closing(Disk(tmp_path).ledger) as ledger:
        ledger.store._connection.exec_driver_sql("DROP TABLE bans")
        ledger.store._connection.rollback()
        ledger.store._connection.exec_driver_sql("PRAGMA query_only = ON")
        ledger.store._connection.rollback()

        assert ledger.prune(NOON, 1000, NOON) == 0
        assert "pruning: " in caplog.text


LINE = b"%s mx sshd[1]: Failed password for root from 203.0.113.7 port 22 ssh2\n"


def test_lag_is_how_old_lines_were_when_they_were_read(tmp_path: Path) -> None:
    """It says how far back a restart must look; fresh lines bring it back to nothing."""
    log = tmp_path / "mail.log"
    now = 1_795_446_000.0  # 2026-11-23T15:00:00Z
    log.write_bytes(LINE % b"2026-11-23T13:00:00Z" + b"no stamp\n" + LINE % b"2026-11-23T14:00:00Z")
    settings = [SourceSettings(path=str(log), timezone=UTC)]
    with closing(Logs(settings, {}, now - 2 * 3600, now)) as logs:
        detector = Detector(library.load([library.shipped()], config.load(None).policies))
        (found,) = logs.poll(detector, now)
        assert [offence.time for offence in found.offences] == [now - 7200, now - 3600]
        assert not found.live
        assert logs.lag == 3600
        assert logs.lines == 3

        with log.open("ab") as more:
            more.write(LINE % b"2026-11-23T15:00:00Z")
        (found,) = logs.poll(detector, now + 5)
        assert found.live
        assert logs.lag == 5
        assert logs.positions()[str(log)][0].offset == log.stat().st_size


def test_a_failing_firewall_is_told_again_and_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No answer is lost, no log is flooded, and what is wanted arrives when an actor does."""
    with selectors.DefaultSelector() as selector:
        kernel = Kernel("dry-run", str(tmp_path / "no.sock"), selector)
        tracker = Tracker({}, Allowlist())
        heard: list[Outcome] = []
        start = time.time()
        for second in range(5):
            kernel.tend(tracker, start + second)
            kernel.apply([a_ban("203.0.113.7", start)], [], start + second, heard.append)
        kernel.close()

    assert len(heard) == 5
    assert all(outcome.error for outcome in heard)
    assert "cannot be reached" in kernel.trouble
    assert not kernel.settled
    assert caplog.text.count("detecting goes on") == 1


def test_what_was_committed_in_passing_is_on_the_disk_when_somebody_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that waits for the disk does so although nothing is owed any more; twice it need not."""
    disk = Disk(tmp_path / "state")
    waited: list[bool] = []
    commit = StateStore.commit

    def watched(store: StateStore, batch: Batch, now: float, *, durable: bool = False) -> None:
        waited.append(durable)
        commit(store, batch, now, durable=durable)

    monkeypatch.setattr(StateStore, "commit", watched)
    with closing(disk.ledger) as ledger:
        ledger.ban(a_ban("192.0.2.7"))
        for durable in (False, False, True, True):
            assert ledger.commit({}, 0.0, NOON, durable=durable)

    assert waited == [False, True]

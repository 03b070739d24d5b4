"""From a line to a ban, through every kind of trouble, in the daemon's own loop."""

import os
import signal
from pathlib import Path

import pytest

from responder.daemon.ledger import MOST_OWED
from responder.errors import StoreError
from tests.daemon.engine import Engine

SEVEN, EIGHT, NINE = "203.0.113.7", "203.0.113.8", "2001:db8:0:9::/64"


def test_the_line_that_reaches_the_limit_bans_in_store_and_kernel(engine: Engine) -> None:
    """Below the limit nothing happens; at it the ban is everywhere, and an IPv6 host's whole /64 is banned."""
    with engine.running():
        engine.write(SEVEN, 2)
        engine.settle()
        assert engine.bans() == set()

        engine.write(SEVEN, 1)
        for host in ("1", "2", "3"):
            engine.write(f"2001:db8:0:9::{host}")
        engine.until(lambda: len(engine.bans()) == 2)
        engine.settle()

        assert engine.bans() == engine.held() == {SEVEN, NINE}
        assert engine.rows("SELECT count(*) FROM bans") == [(2,)]
        assert engine.rows("SELECT count(*) FROM offences") == [(6,)]


def test_a_restart_brings_back_bans_windows_and_escalation(engine: Engine) -> None:
    """Two hits before and one after make three; a second ban is twice as long, however often it was restarted."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.write(EIGHT, 2)
        engine.settle()
        first = engine.banned()

    with engine.running():
        engine.settle()
        assert engine.banned() == first
        assert engine.held() == {SEVEN}
        engine.write(EIGHT, 1)
        engine.until(lambda: engine.bans() == {SEVEN, EIGHT})

    with engine.running(ahead=2 * 3600.0):
        engine.settle()
        assert engine.bans() == set()
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        assert [(ban.nth, round(ban.expires - ban.start)) for ban in engine.banned()] == [(2, 7200)]


def test_an_unban_stays_one_after_a_restart(engine: Engine) -> None:
    """Neither the ban comes back nor the hits that led to it, nor the memory of earlier bans."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)

    with engine.running(ahead=4000.0):
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        assert engine.ask("unban", address=SEVEN)["lifted"][0]["nth"] == 2
        assert engine.held() == set()

    with engine.running(ahead=4100.0):
        engine.settle()
        assert engine.bans() == engine.held() == set()
        engine.write(SEVEN, 2)
        engine.settle()
        assert engine.bans() == set()
        engine.write(SEVEN, 1)
        engine.until(engine.bans)
        assert engine.banned()[0].nth == 1


def test_hits_before_an_unban_do_not_count_after_a_restart(engine: Engine) -> None:
    """Who was forgiven begins anew, whatever he was banned for."""
    with engine.running():
        engine.write(SEVEN, 2)
        engine.settle()
        engine.ask("ban", address=SEVEN)
        engine.ask("unban", address=SEVEN)

    with engine.running(ahead=2.0):
        engine.write(SEVEN, 2)
        engine.settle()
        assert engine.bans() == set()
        assert engine.ask("explain", address=SEVEN)["windows"][0]["hits"] == 2


def test_a_killed_actor_is_replaced_and_told_everything(engine: Engine) -> None:
    """What it held, and what was decided while it was dead."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.settle()
        actor = engine.daemon.kernel.firewall.pid
        assert actor

        os.kill(actor, signal.SIGKILL)
        engine.write(EIGHT, 3)
        engine.until(lambda: engine.bans() == {SEVEN, EIGHT})
        engine.settle()

        assert engine.held() == {SEVEN, EIGHT}
        assert engine.ask("status")["firewall"]["actor_starts"] == 2
        assert engine.ask("status")["firewall"]["error"] == ""


def test_bans_go_on_while_the_store_fails_and_are_stored_once_when_it_works(engine: Engine) -> None:
    """Enforcement does not wait for a disk; what is owed is counted, and paid once."""
    with engine.running():
        engine.settle()
        with engine.store_broken():
            engine.write(SEVEN, 3)
            engine.until(engine.bans)
            engine.until(lambda: engine.daemon.ledger.trouble)
            engine.write(EIGHT, 4)
            engine.until(lambda: engine.bans() == {SEVEN, EIGHT})
            assert engine.held() == {SEVEN, EIGHT}
            status = engine.ask("status")["store"]
            assert status["owed"] == 7
            assert "progress" in status["error"]
            assert [one["effect"] for one in engine.ask("explain", address=SEVEN)["offences"]] == [
                "counted",
                "counted",
                "ban",
            ]
            assert engine.ask("ban", address="203.0.113.99")["stored"] is False
        engine.until(lambda: not engine.daemon.ledger.trouble)

        assert engine.daemon.ledger.owed == 0
        assert engine.rows("SELECT count(*) FROM offences") == [(7,)]
        assert engine.rows("SELECT count(*) FROM bans") == [(3,)]
    with engine.running():
        assert engine.bans() == {SEVEN, EIGHT, "203.0.113.99"}


def test_a_question_while_the_store_fails_is_answered_with_the_reason(engine: Engine) -> None:
    """A person who asks must not end the daemon."""
    with engine.running():
        engine.settle()
        engine.execute("ALTER TABLE offences RENAME TO gone")

        assert "offences" in engine.ask("explain", address=SEVEN)["error"]
        engine.execute("ALTER TABLE gone RENAME TO offences")
        assert engine.ask("explain", address=SEVEN)["offences"] == []


def test_the_logs_keep_what_the_daemon_cannot(engine: Engine) -> None:
    """Past a bound on what is owed, reading stops until the store works; then everything is read and stored."""
    count = MOST_OWED + 60_000
    with engine.running():
        engine.settle()
        with engine.store_broken():
            engine.write(SEVEN, count)
            engine.until(lambda: engine.daemon.ledger.owed > MOST_OWED)
            owed = engine.daemon.ledger.owed
            for _ in range(20):
                engine.turn()
            assert engine.daemon.ledger.owed == owed < count
            assert engine.ask("status")["store"]["owed"] == owed
        engine.until(lambda: engine.daemon.logs.lines == count)
        engine.settle()

        assert engine.rows("SELECT count(*) FROM offences") == [(count,)]


def test_a_corrupt_database_at_the_start_is_kept_and_enforcement_goes_on(engine: Engine) -> None:
    """The old file stays, a new one begins, the log is read again as far as the windows reach, and status says so."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.settle()
    database = engine.state / "state.db"
    harmed = b"\xff" * 500 + database.read_bytes()[500:]
    database.write_bytes(harmed)

    with engine.running():
        engine.until(engine.bans)
        engine.settle()
        kept = engine.ask("status")["store"]["kept_aside"]

        assert "state.db.corrupt-" in kept
        assert Path(kept).read_bytes() == harmed
        assert engine.bans() == engine.held() == {SEVEN}
        assert engine.rows("SELECT count(*) FROM offences") == [(3,)]
        assert engine.rows("SELECT count(*) FROM bans") == [(1,)]


def test_a_database_that_turns_corrupt_is_replaced_with_every_ban_in_force(engine: Engine) -> None:
    """Bans made before and at that moment are in the new file, each once."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.settle()
        engine.corrupt()

        engine.write(EIGHT, 3)
        engine.until(lambda: engine.daemon.ledger.kept_aside)
        engine.settle()

        assert engine.bans() == engine.held() == {SEVEN, EIGHT}
        assert sorted(engine.rows("SELECT count(*) FROM bans GROUP BY network")) == [(1,), (1,)]
    with engine.running():
        assert engine.bans() == {SEVEN, EIGHT}


def test_whom_a_changed_allowlist_protects_is_set_free(engine: Engine) -> None:
    """At a reload, and at a start after the settings were changed; in the kernel too."""
    with engine.running():
        for address in (SEVEN, EIGHT, "198.51.100.1"):
            engine.write(address, 3)
        engine.until(lambda: len(engine.bans()) == 3)
        engine.settle()

        engine.configure('[allow]\nnetworks = ["203.0.113.7"]\n')
        engine.daemon._signals._signalled(signal.SIGHUP, None)
        engine.until(lambda: SEVEN not in engine.bans())
        engine.settle()
        assert engine.held() == {EIGHT, "198.51.100.1"}
        bans = engine.ask("explain", address=SEVEN)["bans"]
        assert [ban["state"].partition(" at ")[0] for ban in bans] == [
            "lifted by the allowlist (allow.networks in the settings)"
        ]

    engine.configure('[allow]\nnetworks = ["203.0.113.0/24"]\n')
    with engine.running():
        engine.settle()
        assert engine.bans() == engine.held() == {"198.51.100.1"}


def test_names_that_left_the_settings_leave_the_allowlist(engine: Engine) -> None:
    """What a host name once resolved to protects it only as long as it is asked for."""
    engine.configure('[allow]\nhosts = ["localhost"]\n')
    with engine.running():
        engine.until(lambda: engine.daemon.guard.names)
        engine.until(engine.daemon.ledger.store.names)

    with engine.running():
        assert "localhost" in engine.daemon.guard.names
    engine.configure("")
    with engine.running():
        assert engine.daemon.guard.names == {}
        whys = {entry.why for entry in engine.daemon.ledger.tracker.allowlist.entries}
        assert "localhost in allow.hosts" not in whys


def test_a_reload_with_bad_rules_or_settings_changes_nothing(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """What ran goes on; the log says what is wrong; a good reload takes effect."""
    rules = engine.folder / "rules.d"
    rules.mkdir()
    with engine.running():
        before = engine.daemon.detector, engine.daemon.config
        for bad in ("limits = 3", '[allow]\nnetworks = ["nowhere"]\n'):
            engine.configure(bad)
            engine.daemon._signals._signalled(signal.SIGHUP, None)
            engine.turn()
            assert (engine.daemon.detector, engine.daemon.config) == before
        assert "the settings and rules that were running go on" in caplog.text

        engine.configure("[policy.login-noise]\nlimit = 77\n")
        engine.daemon._signals._signalled(signal.SIGHUP, None)
        engine.turn()
        assert engine.daemon.ledger.tracker.policies["login-noise"].limit == 77
        engine.write(SEVEN, 3)
        engine.until(engine.bans)


def test_a_change_that_takes_a_restart_is_named(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """A reload cannot follow another log; it says so."""
    with engine.running():
        engine.backend = "nftables"
        engine.configure("")
        engine.daemon._signals._signalled(signal.SIGHUP, None)
        engine.turn()

    assert "reload: firewall changed, which takes a restart" in caplog.text


def test_stamps_from_the_future_and_the_past_are_counted(engine: Engine) -> None:
    """A wrong time zone does not silently disable banning: it shows, and future stamps count as now."""
    with engine.running():
        engine.settle()
        engine.write(SEVEN, 2)
        engine.write(SEVEN, 1, age=-7200.0)
        engine.write(EIGHT, 3, age=7200.0)
        engine.until(lambda: len(engine.bans()) == 2)
        (source,) = engine.ask("status")["sources"]

        assert (source["stamps_ahead"], source["stamps_behind"]) == (1, 3)
        assert abs(abs(source["worst_skew"]) - 7200) < 60
        (ahead,) = (ban for ban in engine.banned() if str(ban.prefix) == SEVEN)
        assert ahead.expires <= engine.clock() + 3600


def test_a_backlog_older_than_its_ban_is_recorded_and_bans_nobody_now(engine: Engine) -> None:
    """Who offended so long ago that his ban would be over has had it; the next time he is known."""
    with engine.running():
        engine.write("198.51.100.99", 1)
        engine.settle()
    engine.write(SEVEN, 3, age=5000.0)
    engine.write(EIGHT, 3, age=1000.0)

    with engine.running():
        engine.until(engine.bans)
        engine.settle()
        assert engine.bans() == engine.held() == {EIGHT}
        assert engine.rows("SELECT count(*) FROM bans") == [(2,)]
        (past,) = engine.ask("explain", address=SEVEN)["bans"]
        assert past["state"] == "over"

        engine.write(SEVEN, 3)
        engine.until(lambda: SEVEN in engine.bans())
        assert {ban.nth for ban in engine.banned() if str(ban.prefix) == SEVEN} == {2}


def test_ended_bans_are_forgotten_and_old_rows_pruned(engine: Engine) -> None:
    """What is over leaves memory at once and the disk when its time has come."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.settle()
    with engine.running(ahead=4000.0):
        engine.until(lambda: not engine.daemon.ledger.tracker._banned)
        engine.settle()
    with engine.running(ahead=400 * 86400.0):
        engine.until(lambda: not engine.rows("SELECT 1 FROM bans"))
        assert engine.rows("SELECT 1 FROM offences") == []


def test_a_second_daemon_refuses_and_the_first_goes_on(engine: Engine) -> None:
    """One state folder, one daemon."""
    with engine.running():
        with pytest.raises(StoreError, match=rf"another responder \(process {os.getpid()}\)"), engine.running():
            pass
        engine.write(SEVEN, 3)
        engine.until(engine.bans)

"""Panic, caps and what is left behind by a trial, in the daemon's own loop."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder.daemon.marker import Marker, number
from responder.enforce.backend import Target
from responder.enforce.firewall import Enforced
from responder.errors import Refused, StoreError
from responder.times import parse_time
from responder.values import Prefix, Scope
from tests.daemon.engine import Clocked, Engine

SEVEN, EIGHT, NINE = "203.0.113.7", "203.0.113.8", "203.0.113.9"


def test_panic_frees_everybody_and_holds_until_it_is_ended(engine: Engine) -> None:
    """Across a restart; whoever goes on is counted, and banned by his first offence after it."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.ask("ban", address=NINE)
        answer = engine.ask("panic", by="root")
        assert (answer["lifted"], answer["stored"], answer["firewall_error"]) == (2, True, "")
        assert engine.bans() == engine.held() == set()

        engine.write(EIGHT, 5)
        engine.settle()
        assert engine.bans() == set()
        assert "there is panic, by root" in engine.ask("ban", address=SEVEN)["error"]
        assert engine.ask("explain", address=EIGHT)["offences"][-1]["effect"] == "kept back"

    with engine.running(ahead=10.0):
        engine.write(EIGHT, 1)
        engine.settle()
        assert engine.bans() == engine.held() == set()
        assert engine.ask("status")["safety"]["panic"]["by"] == "root"

        assert engine.ask("resume", by="root") == {"resumed": True}
        assert "there is no panic" in engine.ask("resume")["error"]
        engine.write(EIGHT, 1)
        engine.until(engine.bans)
        engine.settle()
        assert engine.held() == {EIGHT}
    with engine.running(ahead=20.0):
        assert engine.ask("status")["safety"]["panic"] is None


def test_a_crash_within_panic_leaves_nobody_banned(engine: Engine) -> None:
    """The marker came first: the start lifts what the store still has."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.settle()
    Marker(engine.state / "panic.json").write({})

    with engine.running():
        engine.settle()
        assert engine.bans() == engine.held() == set()


def test_panic_works_though_the_disk_takes_nothing(engine: Engine) -> None:
    """It says that it may not outlive the process."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.settle()
        (engine.state / "panic.json.new").mkdir()

        answer = engine.ask("panic")

        assert answer["stored"] is False
        assert "panic.json: cannot be written: Is a directory" in answer["problem"]
        assert engine.held() == set()


def test_what_only_the_kernel_still_knows_brings_nobody_back_in_panic(engine: Engine) -> None:
    """Where the store is lost and the kernel is asked instead."""
    held = {Target(Prefix.parse(SEVEN), Scope()): Enforced(engine.clock() + 3600, 0, 0, 0.0)}
    with engine.running():
        engine.ask("panic")
        engine.daemon._adopt(held)
        assert engine.bans() == set()

        engine.ask("resume")
        engine.daemon._adopt(held)
        assert engine.bans() == {SEVEN}


def test_panic_frees_who_is_listed_and_after_it_the_listing_is_taken_again(tmp_path: Path) -> None:
    """Unlike an unban, which holds as long as the listing; a network that is too wide is never taken."""
    engine = Engine(tmp_path, "[limits]\nwidest_v4 = 16\n")
    with engine.running():
        listed = [[*Prefix.parse(SEVEN), engine.clock() - 60, engine.clock() + 3600, "listed"]]
        wide = [[*Prefix.parse("203.0.0.0/15"), engine.clock() - 60, engine.clock() + 3600, "listed"]]
        take = engine.daemon.sharing._taking.take
        take([*listed, *wide])
        assert engine.bans() == {SEVEN}

        engine.ask("panic")
        take(listed)
        assert engine.bans() == set()

        engine.ask("resume")
        take(listed)
        assert engine.bans() == {SEVEN}


def test_no_more_bans_a_minute_than_the_cap_and_the_log_says_when_it_bites(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once when it begins, once when it is over; the rest is banned later."""
    engine = Engine(tmp_path, "[limits]\nbans_per_minute = 5\n")
    with caplog.at_level("INFO"), engine.running():
        for number_ in range(20):
            engine.write(f"198.51.100.{number_}", 3)
        engine.settle()
        assert len(engine.bans()) == 5
        Clocked.ahead = 2.0
        engine.turn()
        assert engine.ask("status")["safety"]["kept_back"] == 15
        assert engine.ask("status")["safety"]["capped"] is True
        engine.ask("ban", address=SEVEN)
        assert len(engine.bans()) == 6

        Clocked.ahead = 70.0
        engine.write("198.51.100.19", 1)
        engine.settle()
        assert "198.51.100.19" in engine.bans()
        Clocked.ahead = 72.0
        engine.turn()
        assert engine.ask("status")["safety"]["capped"] is False

    assert caplog.text.count("limits.bans_per_minute: 5 bans in a minute") == 1
    assert caplog.text.count("15 bans were not made") == 1


@pytest.mark.parametrize("prefix", ["203.0.0.0/15", "2001:db8::/31"])
def test_no_network_wider_than_the_cap_is_banned_by_hand(tmp_path: Path, prefix: str) -> None:
    """The refusal names the setting."""
    with Engine(tmp_path, "[limits]\nwidest_v4 = 16\nwidest_v6 = 32\n").running() as engine:
        assert "is wider than limits.widest_v" in engine.ask("ban", address=prefix)["error"]
        assert "error" not in engine.ask("ban", address="203.0.0.0/16")


def test_a_policy_that_bans_wider_networks_than_the_cap_is_refused(tmp_path: Path) -> None:
    """At the start, not at night."""
    engine = Engine(
        tmp_path, "[policy.wide]\nlimit = 1\nwithin = '1m'\nban = '1m'\nprefix_v4 = 16\n[limits]\nwidest_v4 = 24\n"
    )

    with pytest.raises(Refused, match=r"policy\.wide\.prefix_v4: bans wider networks than"), engine.running():
        pass


def test_what_an_unconfirmed_trial_left_in_the_store_is_lifted_and_nothing_else(engine: Engine) -> None:
    """As if it had been killed: a ban from before stays, also beside one of the trial."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
    with engine.running(ahead=100.0):
        began = engine.clock()
        engine.write(EIGHT, 3)
        engine.until(lambda: EIGHT in engine.bans())
        engine.ask("ban", address=SEVEN, seconds=86400)
    Marker(engine.state / "trial.json").write({"since": began - 1})

    with engine.running(ahead=200.0):
        engine.settle()
        assert engine.bans() == engine.held() == {SEVEN}
        assert engine.banned()[0].policy == "login"
        Clocked.ahead = 202.0
        engine.turn()
        assert not (engine.state / "trial.json").exists()
    with engine.running(ahead=300.0):
        engine.write(EIGHT, 3)
        engine.until(lambda: EIGHT in engine.bans())


def test_a_trial_that_nobody_confirms_ends_by_itself_and_undoes_what_was_banned_in_it(engine: Engine) -> None:
    """What was banned before is back with the next start."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
    with engine.running(ahead=1.0, trial=600.0):
        engine.write(EIGHT, 3)
        engine.until(lambda: engine.bans() == {SEVEN, EIGHT})
        Clocked.ahead = 590.0
        engine.turn()
        assert not engine.daemon._signals.stopping
        Clocked.ahead = 602.0
        engine.turn()
        assert engine.daemon._signals.stopping
    assert engine.daemon.safety.trial.failed

    with engine.running(ahead=700.0):
        engine.settle()
        assert engine.bans() == engine.held() == {SEVEN}


def test_a_trial_that_is_confirmed_goes_on(engine: Engine) -> None:
    """Past its time, and the next start has its bans."""
    with engine.running(trial=600.0):
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        assert engine.ask("confirm", by="anna") == {"confirmed": True, "bans": 1}
        Clocked.ahead = 602.0
        engine.turn()
        assert not engine.daemon._signals.stopping
    with engine.running(ahead=700.0):
        assert engine.bans() == {SEVEN}


def test_there_is_nothing_to_confirm_without_a_trial(engine: Engine) -> None:
    """And it says so."""
    with engine.running():
        assert "there is no trial to confirm" in engine.ask("confirm")["error"]


def test_a_marker_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With file and reason, and nothing half-written is left."""
    with pytest.raises(StoreError, match=r"nowhere/x: cannot be written: No such file"):
        Marker(tmp_path / "nowhere" / "x").write({})


@given(st.binary(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_marker_still_says_that_it_is_there(tmp_path: Path, damaged: bytes) -> None:
    """Whatever is in it."""
    path = tmp_path / "marker"
    path.write_bytes(damaged)

    said = Marker(path).read()

    assert said is not None
    assert isinstance(number(said, "since", 7.0), float)


@given(since=st.floats(0, 4e9), by=st.text(max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_a_marker_says_what_was_written(tmp_path: Path, since: float, by: str) -> None:
    """Until it is removed."""
    marker = Marker(tmp_path / "marker")
    marker.write({"since": since, "by": by})
    assert marker.read() == {"since": since, "by": by}
    marker.remove()
    marker.remove()
    assert marker.read() is None


def test_times_of_a_panic_are_told_as_people_read_them(engine: Engine) -> None:
    """In UTC."""
    with engine.running():
        before = int(engine.clock())
        engine.ask("panic")
        assert parse_time(engine.ask("status")["safety"]["panic"]["since"]) >= before

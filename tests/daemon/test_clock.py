"""The clock is set, or the machine sleeps: bans end by it all the same, and nothing waits for the time that was."""

from pathlib import Path

import pytest

from responder.daemon import guard
from responder.daemon.clock import Clock
from tests.daemon.engine import Clocked, Engine

SEVEN = "203.0.113.7"
HOUR = 3600.0


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


def syncs(engine: Engine) -> int:
    return int(engine.daemon.kernel.outcomes["done"])


@pytest.mark.parametrize(("step", "said"), [(-HOUR, "set back by 1h"), (HOUR / 2, "30m later all at once")])
def test_the_kernel_is_told_again_when_bans_end(
    engine: Engine, step: float, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each step; else it would hold a ban as much longer or shorter as the clock was set."""
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.settle()
        before = syncs(engine)

        Clocked.ahead += step
        engine.until(lambda: syncs(engine) > before)
        engine.settle()
        for _ in range(3):
            engine.daemon._tick_at = 0.0
            engine.turn()

        assert syncs(engine) == before + 1
        assert said in caplog.text
        assert engine.bans() == engine.held() == {SEVEN}


def test_slow_changes_are_no_step() -> None:
    """As time servers make them all day."""
    clock = Clock(0.0)
    assert clock.step(1.5) == 0.0
    assert round(clock.step(100.0)) == 100
    assert clock.step(101.0) == 0.0


def test_a_trial_lasts_no_longer_because_the_clock_was_set_back(engine: Engine) -> None:
    """Ten minutes are ten minutes to whom it shut out."""
    with engine.running(trial=600.0):
        Clocked.ahead = -HOUR
        engine.turn()
        Clocked.ahead = 590.0 - HOUR
        engine.turn()
        assert not engine.daemon._signals.stopping

        Clocked.ahead = 602.0 - HOUR
        engine.turn()
        assert engine.daemon._signals.stopping


def test_whom_a_name_means_is_looked_up_though_the_clock_was_set_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what this host's addresses are: a machine that boots with a clock that is hours ahead gets it set back."""
    engine.configure('[allow]\nhosts = ["localhost"]\n')
    with engine.running(ahead=HOUR):
        engine.until(lambda: engine.daemon.guard.names)
        looked: list[float] = []

        def look(_: object) -> tuple[dict[str, object], dict[str, object]]:
            looked.append(1.0)
            return {}, {}

        monkeypatch.setattr(guard, "resolve", look)

        Clocked.ahead = 0.0
        engine.until(lambda: looked)

        assert engine.daemon.guard._look_at <= engine.clock() + 60


def test_what_the_store_is_owed_does_not_wait_for_the_time_that_was(engine: Engine) -> None:
    """A store that failed just before the clock was set back is tried again."""
    with engine.running():
        engine.write(SEVEN, 3)
        with engine.store_broken():
            engine.until(lambda: engine.daemon.ledger.trouble)
        Clocked.ahead = -HOUR

        engine.until(lambda: not engine.daemon.ledger.trouble)

        assert not engine.daemon.ledger.owed

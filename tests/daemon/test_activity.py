"""What a log has and what matches in it is counted day by day, and a silence stands in the status."""

from tests.daemon.engine import Engine

SEVEN = "203.0.113.7"
DAY = 86400.0
INNOCENT = "2026-11-23T13:46:37Z mx sshd[1]: Server listening on 0.0.0.0 port 22.\n"


def hand_over(engine: Engine) -> None:
    """Have a minute be over."""
    engine.daemon._tick_at = engine.daemon.activity._hand_over_at = 0.0
    engine.turn()
    assert engine.daemon.commit()


def test_a_rule_that_fell_silent_is_told(engine: Engine) -> None:
    """It matched for a week; since then the log goes on and nothing matches."""
    for day in range(12):
        with engine.running(ahead=day * DAY):
            if day < 7:
                engine.write(SEVEN, 1)
            with engine.log.open("a") as log:
                log.write(INNOCENT * 5)
            engine.settle()
            hand_over(engine)
            (told,) = engine.ask("status")["silent"] or [None]
            if day < 9:
                assert told is None

    with engine.running(ahead=12 * DAY):
        engine.settle()
        (told,) = engine.ask("status")["silent"]
        assert (told["source"], told["rule"]) == (str(engine.log), None)
        assert told["matched"] == 7


def test_counts_are_of_the_day_and_the_log(engine: Engine) -> None:
    """Lines under no rule, matches under theirs; and no more than there were, over a restart."""
    with engine.running():
        engine.write(SEVEN, 2)
        engine.settle()
        hand_over(engine)
    with engine.running():
        engine.write(SEVEN, 1)
        engine.settle()
        hand_over(engine)
        counted = engine.rows("SELECT source, rule, sum(count) FROM activity GROUP BY 1, 2 ORDER BY 2")
        assert counted == [(str(engine.log), "", 3), (str(engine.log), "sshd-failed-password", 3)]

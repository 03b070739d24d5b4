"""Of two bans of one prefix and scope the longer counts: in memory, in the kernel, in the store, after a restart."""

from datetime import datetime

from tests.daemon.engine import Engine

SEVEN = "203.0.113.7"


def ends(engine: Engine) -> dict[tuple[str, str], int]:
    """Return when each ban ends as the firewall holds it, in minutes from now."""
    rows = engine.ask("held")["held"]
    left = {(row["prefix"], row["scope"]): datetime.fromisoformat(row["expires"]).timestamp() for row in rows}
    return {key: round((at - engine.clock()) / 60) for key, at in left.items()}


def test_the_longest_ban_of_a_prefix_and_scope_is_in_force_everywhere(engine: Engine) -> None:
    """A longer one takes over, a shorter one is refused; the kernel and the next daemon agree."""
    held = {(SEVEN, "drop"): 120, (SEVEN, "drop:25,53/udp"): 5, ("203.0.113.0/24", "drop"): 10}
    with engine.running():
        engine.settle()
        engine.ask("ban", address="203.0.113.0/24", seconds=600)
        engine.ask("ban", address=SEVEN, seconds=60)
        engine.ask("ban", address=SEVEN, seconds=7200)
        engine.ask("ban", address=SEVEN, seconds=300, ports=["domain/udp", "smtp"])
        assert "unban it first" in engine.ask("ban", address=SEVEN, seconds=3600)["error"]
        engine.write(SEVEN, 3)
        engine.settle()
        assert ends(engine) == held
        states = [past["state"] for past in engine.ask("explain", address=SEVEN)["bans"]]
        assert states == ["in force", "followed by one that lasts longer", "in force", "in force"]

    with engine.running():
        engine.settle()
        assert ends(engine) == held
        assert len(engine.ask("unban", address=SEVEN)["lifted"]) == 2, "every scope"
        assert ends(engine) == {("203.0.113.0/24", "drop"): 10}
        engine.ask("ban", address=SEVEN, seconds=60)

    with engine.running():
        engine.settle()
        assert ends(engine) == {(SEVEN, "drop"): 1, ("203.0.113.0/24", "drop"): 10}


def test_a_ban_after_an_unban_stays_one_when_both_wait_for_the_store(engine: Engine) -> None:
    """They are stored together, and are no less in order for that."""
    with engine.running():
        engine.settle()
        engine.ask("ban", address=SEVEN, seconds=60)
        with engine.store_broken():
            engine.ask("unban", address=SEVEN)
            engine.ask("ban", address=SEVEN, seconds=120)
        engine.until(engine.daemon.commit)
        assert [past["state"] for past in engine.ask("explain", address=SEVEN)["bans"]][-1] == "in force"

    with engine.running():
        engine.settle()
        assert ends(engine) == {(SEVEN, "drop"): 2}

"""Notices of the daemon: bans, troubles and panic are told, and one who never answers delays nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.notices.watched import _CALM
from tests.daemon.engine import Clocked, Engine
from tests.lab.wait import until
from tests.notices.hook import Hook, hooked

SEVEN, EIGHT = "203.0.113.7", "203.0.113.8"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooked() as one:
        yield one


def told(hook: Hook, event: str) -> list[str]:
    return [said["title"].partition(": ")[2] for said in map(json.loads, bodies(hook)) if said["event"] == event]


def bodies(hook: Hook) -> list[bytes]:
    return [body for _, body in hook.posted]


def engine_of(folder: Path, hook: Hook, on: str) -> Engine:
    return Engine(folder, f'[[notify]]\nname = "hook"\nkind = "webhook"\nurl = "{hook.url}"\non = {on}\nevery = "5m"\n')


def test_one_who_never_answers_delays_no_ban(tmp_path: Path, hook: Hook) -> None:
    """Hundreds are made, stored and enforced while the first notice still waits for its answer."""
    hook.statuses = [0]
    engine = engine_of(tmp_path, hook, '["ban", "digest", "trouble", "panic"]')
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(lambda: hook.posted)
        for number in range(250):
            engine.write(f"198.51.100.{number}", 3)
        engine.settle()

        assert len(engine.bans()) == len(engine.held()) == 251
        assert engine.rows("SELECT count(*) FROM bans") == [(251,)]
        assert len(hook.posted) == 1
        hook.silent.set()


def test_a_campaign_is_one_notice(tmp_path: Path, hook: Hook) -> None:
    """When its time is over."""
    engine = engine_of(tmp_path, hook, '["digest"]')
    with engine.running():
        for number in range(30):
            engine.write(f"198.51.100.{number}", 3)
        engine.settle()
        engine.until(lambda: not engine.daemon._untold)
        Clocked.ahead = 301.0
        engine.until(lambda: hook.posted)

    (said,) = map(json.loads, bodies(hook))
    assert said["facts"]["bans"] == 30
    assert said["facts"]["networks"] == {"198.51.100.0/24": 30}


def test_what_a_digest_holds_when_the_daemon_stops_is_told(tmp_path: Path, hook: Hook) -> None:
    """An upgrade loses no count."""
    engine = engine_of(tmp_path, hook, '["digest"]')
    with engine.running():
        engine.write(SEVEN, 3)
        engine.settle()
        engine.until(lambda: not engine.daemon._untold)

    assert [json.loads(body)["facts"]["bans"] for body in bodies(hook)] == [1]


def look(engine: Engine) -> None:
    """Have the time for the next look come."""
    Clocked.ahead += 11.0
    engine.turn()


def test_trouble_is_told_once_when_it_begins_and_once_when_it_is_over(tmp_path: Path, hook: Hook) -> None:
    """However long it lasts, and whatever its numbers are meanwhile."""
    engine = engine_of(tmp_path, hook, '["trouble"]')
    engine.log.touch()
    with engine.running():
        engine.settle()
        look(engine)
        with engine.store_broken():
            for _ in range(4):
                engine.write(EIGHT, 1)
                engine.until(lambda: engine.daemon.ledger.trouble)
                look(engine)
        engine.until(lambda: not engine.daemon.ledger.trouble)
        for _ in range(_CALM):
            look(engine)
        until(lambda: len(told(hook, "trouble")) >= 2)

    begun, over = told(hook, "trouble")
    assert begun.startswith("trouble: store: ")
    assert over.startswith("over: store: ")


def test_panic_is_told(tmp_path: Path, hook: Hook) -> None:
    """When it begins and when it is over."""
    engine = engine_of(tmp_path, hook, '["panic"]')
    with engine.running():
        look(engine)
        engine.ask("panic", by="anna")
        look(engine)
        look(engine)
        engine.ask("resume")
        look(engine)
        until(lambda: len(hook.posted) == 2)

    assert told(hook, "panic") == ["panic begins", "panic is over"]
    assert json.loads(bodies(hook)[0])["facts"]["by"] == "anna"

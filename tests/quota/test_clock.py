"""The running service while somebody sets the clock: no window stays open for ever, and none is cut short.

What is looked at is what a real process answers on its socket, see tests/lab/clock.py.
"""

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.store.state import Batch, StateStore
from responder.times import parse_duration
from responder.values import Ban, Prefix, Scope
from tests.lab import clock
from tests.lab.clock import Clock
from tests.lab.policyd import Policyd
from tests.lab.wait import until
from tests.quota.values import a_request, send, told

HOUR = 3600.0
QUOTAS = """
[[quota]]
key    = "sender-domain"
limits = ["3 messages per 1h"]

[quota.override]
"short.example" = ["3 messages per 2s"]

[[quota]]
key     = "sender"
limits  = ["1 recipient per 1d"]
context = "suspending"
suspend = { after = 1, within = "1h", for = "1h" }
"""


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Clock]:
    if problem := clock.missing():
        pytest.skip(problem)
    with Clock(tmp_path) as made:
        yield made


@pytest.fixture
def policyd(tmp_path: Path, hand: Clock) -> Iterator[Policyd]:
    with Policyd(tmp_path, QUOTAS, "reject_banned = true\n", hand.command) as running:
        yield running


def room_in(policyd: Policyd, domain: str) -> float:
    """Return in how many seconds a domain that is over its limit may send again, as it is told."""
    answer = told(policyd, domain)
    found = re.search(r"over the limit of 3 messages per 1h for \S+; try again in (\w+)", answer)
    assert found, answer
    return parse_duration(found[1])


def test_a_window_is_as_long_as_it_is_however_the_clock_is_set(policyd: Policyd, hand: Clock) -> None:
    """An hour more or less a sixtieth; and one that is over is over, as the one of two seconds."""
    for number, hours in enumerate((0.5, -3, 20, -2.5, 0)):
        domain = f"set{number}.example"
        assert send(policyd, 3, domain) == ["DUNNO"] * 3
        before = time.monotonic()
        hand.set(hours * HOUR)
        left = room_in(policyd, domain)
        assert 59 * 60 - (time.monotonic() - before) <= left <= 61 * 60 + 2
        send(policyd, 3, "short.example")
        until(lambda: told(policyd, "short.example") == "DUNNO", within=30)


def test_a_clock_that_was_wrong_by_days_is_set_and_leaves_no_window_open(policyd: Policyd, hand: Clock) -> None:
    """What was counted by it counts no more; what is counted from now on does."""
    for days in (-400, 400, 0):
        assert send(policyd, 4, "days.example") == ["DUNNO"] * 3 + ["450"]
        hand.set(days * 24 * HOUR)


def test_who_is_suspended_for_an_hour_is_so_for_an_hour(policyd: Policyd, hand: Clock) -> None:
    mail = {"protocol_state": "DATA", "recipient_count": 2, "sender": "a@b.example", "policy_context": "suspending"}
    with policyd.client() as client:
        assert "over the limit" in client.ask(a_request(**mail))[0]
        for hours in (3, -3, 20):
            hand.set(hours * HOUR)
            assert "a@b.example is suspended from sending until" in client.ask(a_request(**mail))[0]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_windows_count_after_a_restart_with_a_clock_that_was_set_back(
    policyd: Policyd, hand: Clock, end: signal.Signals
) -> None:
    """As if what was counted ahead of it had just been: not twice as long, and not less."""
    assert send(policyd, 2, "two.example") == ["DUNNO"] * 2
    assert send(policyd, 3, "three.example") == ["DUNNO"] * 3
    send(policyd, 3, "short.example")
    until(lambda: policyd.stored("three.example") == 3)
    policyd.stop(end)
    hand.set(-HOUR)
    policyd.start()

    assert send(policyd, 2, "two.example") == ["DUNNO", "450"]
    assert 59 * 60 < room_in(policyd, "three.example") <= 61 * 60 + 2
    until(lambda: told(policyd, "short.example") == "DUNNO", within=30)


def test_bans_end_by_the_clock_on_the_wall(policyd: Policyd, hand: Clock) -> None:
    """As they do in the daemon, which made them."""
    now = hand.now()
    store = StateStore(policyd.folder / "state/state.db")
    store.commit(Batch(changes=[Ban(Prefix.parse("192.0.2.7"), Scope(), "x", "", now, now + HOUR, 1, "why")]), now)
    store.close()
    client = a_request(policy_context="incoming", sender="")
    with policyd.client() as asking:
        until(lambda: asking.ask(client)[0].startswith("554"))
        hand.set(2 * HOUR)
        assert asking.ask(client) == ["DUNNO"]
        hand.set(0)
        assert asking.ask(client)[0].startswith("554")

"""What the kernel is owed is paid when it can be; what keeps it from that is said once, and once when it is over."""

import json
import logging
import selectors
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from responder.daemon.kernel import Kernel
from responder.decide.allowlist import Allowlist
from responder.decide.tracker import Tracker
from responder.enforce import firewall
from responder.values import Outcome
from tests.store.strategies import NOON, a_ban

GREETING = {"id": 0, "backend": "nftables", "why": "it works here", "error": ""}
SAID = "detecting goes on"


class Played:
    """A kernel, and the other end of its actor's socket, which the test plays; the clock is the test's too."""

    def __init__(self, path: Path, selector: selectors.BaseSelector) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.kernel = Kernel("", str(path), selector)
        self.tracker = Tracker({}, Allowlist())
        self.actor = socket.socket(socket.AF_UNIX)
        self._selector = selector
        self._heard = b""

    def close(self) -> None:
        self.kernel.close()
        self.listener.close()
        self.actor.close()

    def accept(self, *messages: dict[str, Any]) -> None:
        """Be the actor that the kernel reached, and say *messages*."""
        self.actor.close()
        self.actor, _ = self.listener.accept()
        self.actor.setblocking(False)
        self._heard = b""
        self.say(*messages)

    def say(self, *messages: dict[str, Any]) -> None:
        self.actor.sendall(b"".join(json.dumps(message).encode() + b"\n" for message in messages))

    def turn(self) -> None:
        """Read and write as the daemon's loop does, for as long as there is something to read."""
        while ready := self._selector.select(0.02):
            for key, events in ready:
                key.data(events)

    def tend(self, at: float) -> None:
        """Tend at *at*, and read what there is."""
        self.kernel.tend(self.tracker, at)
        self.turn()

    def asked(self) -> list[dict[str, Any]]:
        """Return the requests that came to the actor since the last time."""
        self.turn()
        try:
            self._heard += self.actor.recv(1 << 20)
        except BlockingIOError:
            return []
        *whole, self._heard = self._heard.split(b"\n")
        return [json.loads(line) for line in whole]

    def answer(self, error: str = "") -> list[str]:
        """Answer what was asked, and return what that was."""
        asked = self.asked()
        self.say(*({"id": request["id"], "applied": 0, "error": error} for request in asked))
        self.turn()
        return [request["do"] for request in asked]


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with selectors.DefaultSelector() as selector, closing(Played(tmp_path / "actor.sock", selector)) as made:
        yield made


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "responder")


def settled(played: Played) -> Played:
    """Return *played* with an actor that works and knows everything."""
    played.tend(NOON)
    played.accept(GREETING)
    assert played.answer() == ["sync"]
    assert played.kernel.settled
    return played


def test_an_actor_that_nobody_can_reach_is_said_once_without_any_ban(
    played: Played, caplog: pytest.LogCaptureFixture
) -> None:
    """The trouble is there from the start, with since when; and over when there is an actor."""
    played.listener.close()
    for second in range(50):
        played.tend(NOON + second)

    assert "cannot be reached" in played.kernel.trouble
    assert played.kernel.owing_since == NOON
    assert caplog.text.count(SAID) == 1


def test_an_actor_that_gives_up_at_once_costs_ever_less_and_is_said_once(
    played: Played, caplog: pytest.LogCaptureFixture
) -> None:
    """Every attempt ends with the same words; the trouble stands all the while, and enforcing begins by itself."""
    tries = []
    played.listener.setblocking(False)
    for second in range(200):
        before = played.kernel.firewall.starts
        played.kernel.tend(played.tracker, NOON + second)
        if played.kernel.firewall.starts > before:
            tries.append(second)
            if second > 180:
                break
            played.accept({"id": 0, "backend": "", "error": "nftables needs CAP_NET_ADMIN"})
            played.actor.close()
        played.turn()
        assert played.kernel.trouble == "nftables needs CAP_NET_ADMIN"
        assert not played.kernel.settled

    assert tries == [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181]
    assert caplog.text.count(SAID) == 1
    played.accept(GREETING)
    assert played.answer() == ["sync"]
    assert (played.kernel.trouble, played.kernel.owing_since, played.kernel.settled) == ("", None, True)
    assert caplog.text.count("the firewall works again") == 1


def test_what_the_actor_cannot_look_after_is_said_once_and_synced_until_it_can(
    played: Played, caplog: pytest.LogCaptureFixture
) -> None:
    """A sync that succeeds is no proof that the rules can be looked after: only the actor's own word is."""
    settled(played)
    no = "nftables refused: no"
    played.say({"id": 0, "mended": "", "error": no})
    played.turn()
    assert played.kernel.trouble == no
    assert played.kernel.owing_since is not None
    later = played.kernel.owing_since + 1

    played.tend(later)
    assert played.answer(error=no) == ["sync"], "a sync is owed"
    played.tend(later + 60)
    assert played.answer() == ["sync"], "and tried again when it fails"
    assert played.kernel.trouble == no
    assert caplog.text.count(no) == 1
    assert "the firewall works again" not in caplog.text

    played.say({"id": 0, "mended": "table inet responder was gone", "error": ""})
    played.turn()
    assert (played.kernel.trouble, played.kernel.mended) == ("", 1)
    assert not played.kernel.owing_since
    assert caplog.text.count("the firewall works again") == 1
    played.tend(later + 120)
    assert played.answer() == []


def test_a_change_that_succeeds_does_not_hide_that_a_sync_is_owed(
    played: Played, caplog: pytest.LogCaptureFixture
) -> None:
    """The trouble is over when everything is paid; ten failures at once are no reason to wait longer."""
    settled(played)
    outcomes: list[Outcome] = []
    for _ in range(10):
        played.kernel.apply([a_ban("203.0.113.7")], [], NOON + 10, outcomes.append)
    assert played.answer(error="no room") == ["apply"] * 10
    played.kernel.apply([a_ban("203.0.113.8")], [], NOON + 10, outcomes.append)
    assert played.answer() == ["apply"]
    assert [outcome.error for outcome in outcomes] == ["no room"] * 10 + [""]
    assert played.kernel.trouble == "no room"

    played.tend(NOON + 11)
    assert played.answer() == ["sync"]
    assert played.kernel.trouble == ""
    assert caplog.text.count("no room") == caplog.text.count("the firewall works again") == 1


def test_a_lost_store_is_asked_of_the_kernel_until_it_answers(played: Played) -> None:
    """Nothing is synced before: that would let everybody in."""
    adopted: list[int] = []
    played.kernel.recover(lambda held: adopted.append(len(held)))
    played.tend(NOON)
    played.accept(GREETING)
    assert played.answer(error="not now") == ["held"]
    played.tend(NOON + 1)
    assert played.answer() == ["held"]
    assert adopted == [0]
    played.tend(NOON + 2)
    assert played.answer() == ["sync"]


def test_an_actor_that_hangs_is_given_up_and_said_once(
    played: Played, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was asked nothing may be silent for ever; who waits for an answer hears why there is none."""
    settled(played)
    monkeypatch.setattr(firewall, "_LONGEST_SILENCE", -1.0)
    played.tend(NOON + 1)
    assert played.kernel.firewall.connected
    outcomes: list[Outcome] = []
    played.kernel.apply([a_ban("203.0.113.7")], [], NOON + 2, outcomes.append)

    played.tend(NOON + 3)
    assert "has not answered for" in played.kernel.trouble
    assert [outcome.error for outcome in outcomes] == [played.kernel.trouble]

    monkeypatch.undo()
    played.accept(GREETING)
    played.tend(NOON + 4)
    assert played.answer() == ["sync"]
    assert played.kernel.settled
    assert caplog.text.count("has not answered for") == caplog.text.count("the firewall works again") == 1


def test_who_is_told_of_a_death_is_told_once(played: Played, caplog: pytest.LogCaptureFixture) -> None:
    """An actor that dies while nothing is asked of it is replaced, and knows everything again."""
    settled(played)
    played.actor.close()
    played.turn()
    assert not played.kernel.firewall.connected

    played.tend(NOON + 1)
    played.accept(GREETING)

    assert played.answer() == ["sync"]
    assert played.kernel.settled
    assert SAID not in caplog.text

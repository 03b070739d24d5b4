"""The daemon's end of the actor's socket: nothing it asked for is forgotten, and nothing waits."""

import os
import selectors
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from responder.enforce import process
from responder.enforce.backend import Target
from responder.enforce.firewall import Enforced, Firewall, held_in
from responder.framing import Message
from responder.values import Ban, Outcome, Prefix
from tests.enforce.targets import now
from tests.lab.wait import until
from tests.store.strategies import a_ban


@pytest.fixture
def selector() -> Iterator[selectors.BaseSelector]:
    with selectors.DefaultSelector() as made:
        yield made


@pytest.fixture
def firewall(selector: selectors.BaseSelector) -> Iterator[Firewall]:
    with closing(Firewall("dry-run", "", selector, lambda _: None)) as made:
        yield made


def service(path: Path, selector: selectors.BaseSelector) -> Firewall:
    """Return a firewall whose actor listens on *path*."""
    return Firewall("", str(path), selector, lambda _: None)


@contextmanager
def served(path: Path) -> Iterator[Path]:
    """Have an actor listen on *path*."""
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            process.serve_socket(path, "dry-run", process.own_users())
        os._exit(0)
    try:
        yield path
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def connected(path: Path, selector: selectors.BaseSelector) -> Firewall:
    """Return a firewall that has reached the actor on *path*."""
    firewall, clock = service(path, selector), count(step=60)
    until(lambda: firewall.connect(next(clock)))
    return firewall


def pump(selector: selectors.BaseSelector, until_: Callable[[], object]) -> None:
    """Read and write as the daemon's loop does until *until_* is so."""

    def turn() -> bool:
        for key, events in selector.select(0.05):
            key.data(events)
        return bool(until_())

    until(turn, within=30)


def ban(prefix: str, seconds: float = 3600.0) -> Ban:
    return a_ban(prefix, now(), seconds)


def test_each_answer_comes_to_whom_it_is_for(firewall: Firewall, selector: selectors.BaseSelector) -> None:
    """Many requests are under way at once, of every kind."""
    heard: dict[str, Outcome | Message] = {}
    assert firewall.connect(now())

    one, other = ban("192.0.2.7"), ban("2001:db8::/64")
    firewall.sync([one], [Prefix.parse("127.0.0.0/8")], lambda outcome: heard.update(sync=outcome))
    firewall.apply([other], [one], lambda outcome: heard.update(apply=outcome))
    firewall.holds(other.prefix, lambda answer: heard.update(holds=answer))
    firewall.held(lambda answer: heard.update(held=answer))
    firewall.flush(lambda outcome: heard.update(flush=outcome))
    assert firewall.unanswered == 5
    pump(selector, lambda: len(heard) == 5)

    assert (heard["sync"], heard["apply"], heard["flush"]) == (Outcome(1), Outcome(2), Outcome(1))
    for question in ("holds", "held"):
        answer = heard[question]
        assert isinstance(answer, dict)
        assert held_in(answer) == {Target(other.prefix, other.scope): Enforced(other.expires, 0, 0, 0.0)}
    assert firewall.backend == "dry-run"
    assert firewall.unanswered == 0
    assert firewall.error == ""


def test_any_number_of_bans_is_synced_at_once(firewall: Firewall, selector: selectors.BaseSelector) -> None:
    """In pieces, none of which is missing; and what is held comes back likewise."""
    bans = [ban(f"10.{number >> 8}.{number & 255}.1") for number in range(10_001)]
    heard: list[Outcome | Message] = []
    assert firewall.connect(now())

    firewall.sync(bans, [], heard.append)
    firewall.held(heard.append)
    pump(selector, lambda: len(heard) == 2)

    synced, held = heard
    assert synced == Outcome(10_001)
    assert isinstance(held, dict)
    assert held_in(held).keys() == {Target(one.prefix, one.scope) for one in bans}


def test_what_cannot_be_asked_is_answered_at_once(firewall: Firewall) -> None:
    """Without an actor every request fails with the reason, and none is left open."""
    heard: list[Outcome] = []

    firewall.apply([ban("192.0.2.7")], [], heard.append)

    assert heard == [Outcome(0, error="the firewall actor was not reached yet")]
    assert firewall.unanswered == 0


def test_a_killed_actor_answers_every_open_request_with_an_error_and_is_replaced(
    firewall: Firewall, selector: selectors.BaseSelector
) -> None:
    """What was under way is known to be unsure, so the daemon says it again to the next actor."""
    heard: list[Outcome] = []
    firewall.connect(now())
    pump(selector, lambda: firewall.backend)
    firewall.settled()
    assert firewall.pid

    os.kill(firewall.pid, signal.SIGSTOP)
    for number in range(20):
        firewall.apply([ban(f"192.0.2.{number}")], [], heard.append)
    os.kill(firewall.pid, signal.SIGKILL)
    pump(selector, lambda: not firewall.connected)

    assert len(heard) == 20
    assert all("the firewall actor is gone" in outcome.error for outcome in heard)
    assert firewall.connect(now())
    assert firewall.starts == 2
    firewall.apply([ban("192.0.2.7")], [], heard.append)
    pump(selector, lambda: len(heard) == 21)
    assert heard[-1] == Outcome(1)


@pytest.mark.parametrize("patient", [True, False], ids=["asked before", "asked after"])
def test_why_an_actor_gave_up_is_what_the_requests_hear(
    tmp_path: Path, selector: selectors.BaseSelector, patient: bool
) -> None:
    """The reason in its last words counts, not that its socket was closed, however the two come together."""
    path = tmp_path / "actor.sock"
    heard: list[Outcome] = []
    with closing(service(path, selector)) as firewall, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        firewall.connect(now())
        peer, _ = listener.accept()
        if patient:
            firewall.apply([ban("192.0.2.7")], [], heard.append)
        peer.sendall(b'{"id": 0, "backend": "", "error": "nftables refused: no"}\n')
        peer.close()
        if not patient:
            firewall.apply([ban("192.0.2.7")], [], heard.append)
        pump(selector, lambda: heard)

    assert heard == [Outcome(0, error="nftables refused: no")]


def test_half_a_sync_of_a_daemon_that_died_is_forgotten(tmp_path: Path, selector: selectors.BaseSelector) -> None:
    """The next daemon says what it wants from the beginning."""
    heard: list[Message] = []
    with served(tmp_path / "actor.sock") as path:
        with closing(connected(path, selector)) as dying:
            dying.send({"id": 0, "do": "want", "wanted": [[*ban("192.0.2.7").prefix, "drop", now() + 3600]]})
            dying.held(heard.append)
            pump(selector, lambda: heard)
        with closing(connected(path, selector)) as firewall:
            firewall.sync([ban("192.0.2.8")], [], lambda _: None)
            firewall.held(heard.append)
            pump(selector, lambda: len(heard) == 2)

    assert [target.prefix for target in held_in(heard[1])] == [Prefix.parse("192.0.2.8")]


def test_a_service_is_reached_at_its_socket_and_outlives_the_daemon(
    tmp_path: Path, selector: selectors.BaseSelector
) -> None:
    """A daemon that comes back finds the bans of the one before it."""
    heard: list[Message] = []
    with served(tmp_path / "actor.sock") as path:
        for number in (1, 2):
            with closing(connected(path, selector)) as firewall:
                firewall.apply([ban("192.0.2.7")] if not heard else [], [], lambda _: None)
                firewall.held(heard.append)
                pump(selector, lambda: len(heard) == number)  # noqa: B023 - asked in this round

    assert [len(answer["held"]) for answer in heard] == [1, 1]

"""The way to another process: nothing waits, nobody is given up for good, and what he says last counts."""

import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from responder import channel
from responder.channel import Channel, reached, started
from responder.framing import Message, encode
from tests.lab.wait import until

ACTOR = ["firewall", "--backend", "dry-run"]


class Spoken:
    """A channel, what came in over it, and a loop like the daemon's."""

    def __init__(self, way: channel.Way) -> None:
        self.heard: list[Message] = []
        self.lost: list[str] = []
        self.selector = selectors.DefaultSelector()
        self.channel = Channel("the other", way, self.selector, self._hear, self.lost.append)

    def _hear(self, message: Message) -> None:
        self.heard.append(message)
        if "error" in message:
            self.channel.explain(message["error"])

    def until(self, so: Callable[[], object]) -> None:
        def turn() -> bool:
            for key, events in self.selector.select(0.05):
                key.data(events)
            return bool(so())

        until(turn, within=30, every=0)

    def close(self) -> None:
        self.channel.close(end=True)
        self.selector.close()


@pytest.fixture
def child() -> Iterator[Spoken]:
    """A process of our own that runs."""
    with closing(Spoken(started(ACTOR))) as spoken:
        assert spoken.channel.connect(0.0)
        spoken.until(lambda: spoken.heard)
        yield spoken


class Service:
    """Somebody who listens, and is played by the test."""

    def __init__(self, path: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.spoken = Spoken(reached(path))
        assert self.spoken.channel.connect(0.0)
        self.peer, _ = self.listener.accept()

    def close(self) -> None:
        self.spoken.close()
        self.peer.close()
        self.listener.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with closing(Service(tmp_path / "sock")) as made:
        yield made


def test_what_is_asked_of_a_process_that_is_busy_goes_when_it_takes_it(child: Spoken) -> None:
    """Nobody waits for it meanwhile."""
    assert child.channel.pid
    os.kill(child.channel.pid, signal.SIGSTOP)

    for number in range(1000):
        child.channel.send({"id": number, "do": "apply", "x": "x" * 1000})
    assert child.channel.unsent
    os.kill(child.channel.pid, signal.SIGCONT)

    child.until(lambda: len(child.heard) == 1001)
    assert not child.channel.unsent
    assert [answer["id"] for answer in child.heard[1:]] == [*range(1000)]


def test_a_process_that_was_killed_is_told_with_its_status_and_started_again(child: Spoken) -> None:
    """And nothing that was meant for the dead one reaches the next."""
    assert child.channel.pid
    os.kill(child.channel.pid, signal.SIGSTOP)
    child.channel.send({"id": 1, "do": "apply", "x": "x" * 1_000_000})
    assert child.channel.unsent
    os.kill(child.channel.pid, signal.SIGKILL)
    child.until(lambda: child.lost)

    assert child.lost == [child.channel.error]
    assert "the other is gone" in child.channel.error
    assert child.channel.error.endswith("it ended with status -9")
    assert child.channel.pid is None
    child.channel.send({"id": 2, "do": "apply"})
    assert child.channel.connect(1.0)
    child.channel.send({"id": 3, "do": "apply"})
    child.until(lambda: len(child.heard) == 3)
    assert [message["id"] for message in child.heard] == [0, 0, 3]
    assert child.channel.starts == 2


def test_a_process_that_hangs_is_ended_when_it_is_given_up(child: Spoken) -> None:
    """Two of its kind would undo each other's work."""
    process = child.channel._process
    assert process
    process.send_signal(signal.SIGSTOP)

    child.channel.give_up("has not answered for long")

    assert child.lost == ["the other has not answered for long: it ended with status -9"]
    assert child.channel.connect(1.0)
    child.until(lambda: len(child.heard) == 2)


def test_a_process_ends_when_nobody_speaks_with_it_any_more(child: Spoken) -> None:
    """It is waited for, so that none is left."""
    process = child.channel._process
    assert process

    child.channel.close()

    assert process.returncode == 0


def test_one_that_does_not_end_is_ended_where_that_is_wanted(child: Spoken, monkeypatch: pytest.MonkeyPatch) -> None:
    """The actor, which may still be taking its rules away, is not."""
    monkeypatch.setattr(channel, "_GOODBYE", 0.01)
    process = child.channel._process
    assert process
    process.send_signal(signal.SIGSTOP)

    child.channel.close()
    assert process.poll() is None

    child.channel._process = process
    child.channel.close(end=True)
    assert process.returncode == -signal.SIGKILL


def test_who_cannot_be_reached_is_tried_again_ever_more_slowly(tmp_path: Path) -> None:
    """No attempt before its time, at most half a minute between two, at once again after a success."""
    tries: list[int] = []
    with closing(Spoken(reached(tmp_path / "sock"))) as spoken:
        for second in range(200):
            before = spoken.channel._not_before
            assert not spoken.channel.connect(float(second))
            if spoken.channel._not_before != before:
                tries.append(second)
        assert tries == [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181]
        assert spoken.channel.error == "the other cannot be reached: [Errno 2] No such file or directory"

        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "sock"))
            listener.listen()
            assert not spoken.channel.connect(200.0)
            assert spoken.channel.connect(211.0)
            assert not spoken.channel.connect(212.0)
            spoken.channel.settled()
            listener.accept()[0].close()
            spoken.until(lambda: spoken.lost)
            assert spoken.channel.connect(212.5)


def test_a_clock_that_was_set_back_delays_nobody(tmp_path: Path) -> None:
    """For the hour that it was set back by, nobody would be tried else."""
    with closing(Spoken(reached(tmp_path / "sock"))) as spoken:
        assert not spoken.channel.connect(3600.0)
        (tmp_path / "sock").touch()

        assert not spoken.channel.connect(0.0)

        assert "Connection refused" in spoken.channel.error


def test_a_program_that_cannot_be_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried as often as one that cannot be reached."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with closing(Spoken(started(ACTOR))) as spoken:
        before = len([*Path("/proc/self/fd").iterdir()])

        assert not spoken.channel.connect(0.0)

        assert len([*Path("/proc/self/fd").iterdir()]) == before
        assert "the other cannot be reached: [Errno 2] No such file or directory" in spoken.channel.error


@pytest.mark.parametrize("nonsense", [b"[1, 2]\n", b"{\n"])
def test_who_does_not_speak_our_language_is_as_good_as_none(service: Service, nonsense: bytes) -> None:
    """The socket is closed; what he said before counts no more."""
    service.peer.sendall(b'{"id": 77}\n' + nonsense)
    service.spoken.until(lambda: service.spoken.lost)

    assert service.spoken.lost[0].startswith("the other is gone: ")
    assert not service.spoken.heard
    assert service.peer.recv(1) == b""


def test_last_words_count_for_more_than_that_he_is_gone(service: Service) -> None:
    """However much he was being told: waiting until all is sent finds that nobody listens any more."""
    service.spoken.channel.send({"x": "x" * 1_000_000})
    assert service.spoken.channel.unsent
    service.peer.sendall(encode({"error": "nftables refused: no"}))
    service.peer.close()

    service.spoken.channel.push()
    service.spoken.until(lambda: service.spoken.lost)

    assert service.spoken.lost == ["nftables refused: no"]


def test_who_does_not_read_for_long_is_given_up_where_somebody_waits(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start of the daemon, for one, which nobody may hold up for ever."""
    monkeypatch.setattr(channel, "_LONGEST_PUSH", 0.01)
    service.spoken.channel.send({"x": "x" * 1_000_000})

    service.spoken.channel.push()

    assert service.spoken.lost == ["the other does not listen: timed out"]
    assert not service.spoken.channel.connected
    assert service.spoken.channel.connect(60.0)
    assert not service.spoken.channel.unsent


def test_errors_stand_until_he_has_proved_himself(service: Service) -> None:
    """One who dies again and again is not well in between."""
    assert service.spoken.channel.error == ""
    service.peer.close()
    service.spoken.until(lambda: service.spoken.lost)
    assert service.spoken.channel.connect(60.0)

    assert service.spoken.channel.error == "the other is gone"

    service.spoken.channel.settled()
    assert service.spoken.channel.error == ""

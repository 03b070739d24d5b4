"""The service itself: whatever its clients, its settings and its process go through, it answers."""

import contextlib
import json
import os
import resource
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.lab.policyd import Client, Policyd
from tests.lab.wait import until
from tests.quota.values import THREE, a_request, send, told, wire


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Policyd]:
    """Run one service for many tests, each of which has a sender's domain of its own."""
    with Policyd(tmp_path_factory.mktemp("three"), THREE) as running:
        yield running


@contextlib.contextmanager
def other_settings(policyd: Policyd, quotas: str = THREE, settings: str = "") -> Iterator[None]:
    """Have the service go by other settings for a while."""
    policyd.reload(quotas, settings)
    try:
        yield
    finally:
        policyd.reload(THREE)


def test_requests_that_come_together_are_answered_in_their_order(three: Policyd) -> None:
    """And a request in pieces, when it is whole."""
    data = b"".join(wire(a_request(sender=f"x@{name}.order.example")) for name in "aababaa")
    with three.client() as client:
        for start in range(0, len(data), 100):
            client.socket.sendall(data[start : start + 100])
        answers = client.answers(7)

    assert [answer[:5] for answer in answers] == [*["DUNNO"] * 5, "450 4", "450 4"]


JUNK = {"empty": b"\n", "line": b"junk\n\n", "kind": b"request=x\n\n", "long": b"x" * 20_000, "any": os.urandom(30_000)}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_who_breaks_the_protocol_is_hung_up_on_without_a_word(three: Policyd, junk: bytes) -> None:
    """What he asked before is answered, and others do not notice."""
    with three.client() as other, three.client() as client:
        client.send(a_request(sender=""))
        assert client.answers(1) == ["DUNNO"]
        with contextlib.suppress(ConnectionError):
            client.socket.sendall(junk + b"\n\n")
            assert client.answers(1) == []
        assert other.ask(a_request(sender="")) == ["DUNNO"]
    until(lambda: "a connection is closed that sent" in three.said())


def test_who_does_not_take_his_answers_is_not_read_from(three: Policyd) -> None:
    """He asks until nobody reads any more; others are answered, and so is he when he listens."""
    requests = wire(a_request(sender="")) * 500
    with three.client() as deaf:
        deaf.socket.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while True:
                deaf.socket.sendall(requests)
        assert send(three, 1, "deaf.example") == ["DUNNO"]
        deaf.socket.settimeout(10)
        assert deaf.answers(100)[:100] == ["DUNNO"] * 100


def test_ten_thousand_idle_connections_keep_nobody_out(three: Policyd) -> None:
    """They cost some memory, and the next is answered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 10_000 if hard == resource.RLIM_INFINITY else min(10_000, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 500, hard))
    try:
        with contextlib.ExitStack() as idle:
            for _ in range(count):
                idle.enter_context(three.client())
            assert send(three, 4, "crowd.example") == ["DUNNO", "DUNNO", "DUNNO", "450"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_connection_too_many_is_closed(three: Policyd) -> None:
    """That is said; and when another goes there is room again."""
    until(lambda: told(three, "") == "DUNNO")
    with other_settings(three, settings="connections = 2\n"):
        with three.client() as one, three.client() as two:
            assert one.ask(a_request(sender="")) == two.ask(a_request(sender="")) == ["DUNNO"]
            with three.client() as another, contextlib.suppress(OSError):
                assert another.ask(a_request(sender="")) == []
        until(lambda: _reaches(three))
    assert "2 connections are open, and no more are taken" in three.said()


def _reaches(policyd: Policyd) -> bool:
    with contextlib.suppress(OSError), policyd.client() as client:
        return client.ask(a_request(sender="")) == ["DUNNO"]
    return False


def test_who_says_nothing_for_long_is_hung_up_on(tmp_path: Path) -> None:
    """So is who sends half a request."""
    with Policyd(tmp_path, THREE, 'idle = "1s"\n') as policyd, policyd.client() as silent, policyd.client() as slow:
        slow.socket.sendall(b"request=smtpd_access_policy\n")

        assert silent.answers(1) == []
        assert slow.answers(1) == []


def test_a_reload_takes_new_settings_and_keeps_counts_and_connections(three: Policyd) -> None:
    """Settings that cannot be used change nothing, and say all that is wrong."""
    mail = [a_request(sender="x@reload.example", instance=f"reload {number}") for number in range(8)]
    with three.client() as client:
        assert client.ask(*mail[:4])[3].startswith("450")
        with other_settings(three, THREE.replace("3 messages", "5 messages")):
            assert [answer[:5] for answer in client.ask(*mail[4:7])] == ["DUNNO", "DUNNO", "450 4"]
            three.reload('[[quota]]\nkey = "colour"\nlimits = ["much"]\n')
            assert client.ask(mail[7])[0].startswith("450 4.7.1 over the limit of 5 messages")
    assert "'colour' is nothing to count by" in three.said()
    assert "'much' is no limit" in three.said()


def test_a_reload_listens_where_it_is_told_and_nowhere_else(three: Policyd) -> None:
    """Here for a while on TCP, of both families."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with other_settings(three, settings=f'listen = ["inet:127.0.0.1:{port}", "inet:[::1]:{port}"]\n'):
        for address in ("127.0.0.1", "::1"):
            with socket.create_connection((address, port), 10) as client:
                client.sendall(wire(a_request(sender="")))
                assert client.recv(100) == b"action=DUNNO\n\n"
        assert not three.socket.exists()
    assert three.socket.exists()


def test_a_living_socket_is_not_taken_away(three: Policyd, tmp_path: Path) -> None:
    second = Policyd(tmp_path, THREE, f"listen = [{json.dumps(f'unix:{three.socket}')}]\n")

    with pytest.raises(RuntimeError, match="another service answers there"):
        second.start()
    assert send(three, 1, "living.example") == ["DUNNO"]


_ACTIVATE = """
import os, socket, sys
sock = socket.socket(socket.AF_UNIX); sock.bind(sys.argv[1]); sock.listen(100)
os.dup2(sock.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_sockets_that_systemd_hands_over_are_listened_on(tmp_path: Path) -> None:
    """And no others, whatever the settings say; when told to stop, it answers what was asked before."""
    path = tmp_path / "handed.sock"
    with Policyd(tmp_path, THREE, command=[sys.executable, "-c", _ACTIVATE, str(path)]) as policyd:
        assert not policyd.socket.exists()
        clients = [Client(path) for _ in range(50)]
        for client in clients:
            client.send(a_request(sender=""))
        assert policyd.stop() == 0

    assert [client.answers(2) for client in clients] == [["DUNNO"]] * 50
    for client in clients:
        client.socket.close()


def test_many_at_once_are_counted_exactly(three: Policyd) -> None:
    """Eight smtpds that ask at the same time: as many pass as may."""
    with other_settings(three, THREE.replace("3 messages", "100 messages")):
        passed: list[int] = []

        def ask() -> None:
            passed.append(send(three, 50, "many.example").count("DUNNO"))

        smtpds = [Thread(target=ask) for _ in range(8)]
        for smtpd in smtpds:
            smtpd.start()
        for smtpd in smtpds:
            smtpd.join()

    assert sum(passed) == 100

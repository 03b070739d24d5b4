"""The control socket answers all who may ask, whatever the others do."""

import os
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder.control import client
from responder.control.server import ControlServer
from responder.errors import ResponderError, StoreError
from responder.framing import Message, encode
from tests.control.conftest import Served
from tests.enforce.users import NOBODY, as_user, common_folder
from tests.lab.wait import until


@contextmanager
def peer(served: Served) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(served.path))
        yield connection


def hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(1 << 16) == b""
    except ConnectionError:
        return True


def test_five_hundred_ask_at_once_and_each_gets_its_own_answer(served: Served) -> None:
    """None is refused, none is forgotten, none hears another's answer."""
    answers: dict[int, Message] = {}
    ready = threading.Barrier(500)

    def ask(number: int) -> None:
        ready.wait()
        answers[number] = client.ask(served.path, "echo", number=number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {number: answer["echo"]["number"] for number, answer in answers.items()} == {n: n for n in range(500)}
    until(lambda: served.peers == 0)


def test_many_requests_over_one_connection_are_answered_in_order(served: Served) -> None:
    """Together in one write, and one cut in the middle."""
    with peer(served) as connection:
        lines = b"".join(encode({"do": "echo", "number": number}) for number in range(100))
        connection.sendall(lines[:-7])
        heard = connection.makefile("rb")
        first = [heard.readline() for _ in range(99)]
        connection.sendall(lines[-7:])

        assert [*first, heard.readline()] == [
            encode({"echo": {"do": "echo", "number": number}}) for number in range(100)
        ]


@given(data=st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_disturb_the_others(served: Served, data: bytes) -> None:
    """Garbage, halves of requests and silence cost their sender his connection at most."""
    with peer(served) as connection:
        connection.sendall(data)
        assert client.ask(served.path, "echo", number=1)["echo"]["number"] == 1
    until(lambda: served.peers == 0)


@pytest.mark.parametrize("data", [b"nonsense\n", b"[1]\n", b"\0\n", b"[" * 50_000 + b"\n", b'{"do": NaN\n'])
def test_a_line_that_is_no_request_ends_the_connection(served: Served, data: bytes) -> None:
    """Nothing is guessed, and what follows is not read."""
    with peer(served) as connection:
        connection.sendall(data)
        assert hung_up(connection)
    assert served.asked == []


def test_a_request_without_end_is_cut_off(served: Served) -> None:
    """Nobody can have the daemon keep more than a megabyte for him."""
    with peer(served) as connection:
        with pytest.raises(ConnectionError):
            connection.sendall(b"x" * (64 << 20))
        assert hung_up(connection)
    assert client.ask(served.path, "echo")


def test_who_never_reads_is_cut_off_and_holds_nobody_up(served: Served) -> None:
    """Answers gather for a slow peer up to a bound; everybody else is served meanwhile."""
    with peer(served) as connection:
        for _ in range(20):
            with suppress(BrokenPipeError):
                connection.sendall(encode({"do": "much", "size": 8 << 20}))
            assert client.ask(served.path, "echo")
        until(lambda: served.peers == 0)

    assert len(served.asked) < 40


def test_a_slow_reader_gets_the_whole_of_a_large_answer(served: Served) -> None:
    """What the socket does not take at once goes when it does."""
    with peer(served) as connection:
        connection.sendall(encode({"do": "much", "size": 10 << 20}))
        client.ask(served.path, "echo")
        line = connection.makefile("rb").readline()

    assert line == encode({"much": "x" * (10 << 20)})


def test_an_answer_for_one_who_has_left_goes_nowhere(served: Served) -> None:
    """The firewall may answer after its asker lost patience."""
    with peer(served) as connection:
        connection.sendall(encode({"do": "later"}))
        until(lambda: served.kept)
    until(lambda: served.peers == 0)

    assert client.ask(served.path, "echo", number=2)["echo"]["number"] == 2


def test_the_daemon_s_refusal_is_the_client_s_error(served: Served) -> None:
    """In the daemon's own words."""
    with pytest.raises(ResponderError, match="no, because"):
        client.ask(served.path, "refuse")


def test_no_daemon_is_told_from_other_trouble(tmp_path: Path, served: Served) -> None:
    """No socket, a dead one and one that hangs up: each is a sentence with the path and what to do."""
    with pytest.raises(client.UnreachableError, match="no daemon answers; start it with `responder run`"):
        client.ask(tmp_path / "missing.sock", "ping")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    with pytest.raises(client.UnreachableError, match="no daemon answers"):
        client.ask(tmp_path / "dead.sock", "ping")
    with pytest.raises(client.UnreachableError, match="hung up"):
        client.ask(served.path, "x" * (2 << 20))


def test_a_daemon_that_hangs_is_named(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it can be ended."""
    monkeypatch.setattr(client, "PATIENCE", 0.1)
    with pytest.raises(client.HangsError, match=f"process {os.getpid()}, has not answered") as told:
        client.ask(served.path, "later")
    assert told.value.pid == os.getpid()


def test_the_socket_is_for_its_owner_and_goes_with_the_server(served: Served) -> None:
    """Mode 0660 while it serves, no file afterwards, and everybody hung up on."""
    assert served.path.stat().st_mode & 0o777 == 0o660
    with peer(served) as connection:
        connection.sendall(encode({"do": "echo"}))
        connection.recv(1000)
        served.close()

        assert hung_up(connection)
    assert not served.path.exists()


def test_a_stale_socket_is_replaced_and_any_other_file_is_kept(tmp_path: Path) -> None:
    """A killed daemon's socket does not keep the next one out; a wrong path costs nobody a file."""
    stale, precious = tmp_path / "control.sock", tmp_path / "precious"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stale))
    precious.write_text("do not delete")
    served = Served(stale)
    assert client.ask(stale, "echo")
    served.close()

    for path in (precious, precious / "control.sock", tmp_path / ("x" * 200)):
        with selectors.DefaultSelector() as selector, pytest.raises(StoreError, match="control socket cannot be made"):
            ControlServer(path, selector, lambda _request, _reply: None)
    assert precious.read_text() == "do not delete"


_KNOCK = """
import socket, sys
peer = socket.socket(socket.AF_UNIX)
try:
    peer.connect(sys.argv[1])
    peer.sendall(b'{"do": "echo"}\\n')
    sys.stdout.buffer.write(peer.recv(1000))
except OSError as error:
    print(type(error).__name__)
"""


def knock(path: Path, user: int) -> str:
    command = as_user(user, [sys.executable, "-ISc", _KNOCK, path])
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


@pytest.mark.kernel
def test_other_users_are_kept_out_by_the_mode_and_by_the_kernel_s_word() -> None:
    """Even a socket that somebody opened to all answers none but root and its owner."""
    with common_folder() as folder:
        served = Served(folder / "control.sock")
        assert knock(served.path, NOBODY).strip() == "PermissionError"
        served.path.chmod(0o666)

        assert knock(served.path, NOBODY).strip() in ("", "ConnectionResetError", "BrokenPipeError")
        assert '"echo"' in knock(served.path, 0)
        assert len(served.asked) == 1
        served.close()

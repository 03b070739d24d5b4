"""The actor serves on a socket that systemd listens on for it, and takes nothing else for one."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from responder.framing import Frames
from tests.enforce.users import NOBODY, common_folder

# What systemd does: the socket is descriptor 3, and the variables name the process that it is for.
_AS_SYSTEMD = 'exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID="$$" exec "$@"'
_FOR_ANOTHER = 'exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=1 exec "$@"'
_ACTOR = (sys.executable, "-m", "responder", "firewall", "--backend", "dry-run")


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "actor.sock"))
        made.listen()
        yield made


@contextmanager
def started(handed: socket.socket, script: str, command: Sequence[str] = _ACTOR) -> "Iterator[subprocess.Popen[str]]":
    """Start an actor that *script* hands a socket, and end it."""
    words, pipe = ["sh", "-c", script, "sh", *command], subprocess.PIPE
    with subprocess.Popen(words, stdin=handed.fileno(), stderr=pipe, text=True) as actor:
        try:
            yield actor
        finally:
            actor.kill()


def greeted(path: str) -> str:
    """Return which backend an actor names that is reached at *path*, or nothing where it hangs up."""
    frames = Frames()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(path)
        while data := connection.recv(4096):
            if messages := frames.feed(data):
                return str(messages[0]["backend"])
    return ""


def test_a_daemon_that_was_earlier_than_the_actor_is_served(listener: socket.socket) -> None:
    """It waits in the queue; the next one is served too, and the socket outlives the actor."""
    with socket.socket(socket.AF_UNIX) as early:
        early.connect(listener.getsockname())
        with started(listener, _AS_SYSTEMD):
            early.settimeout(60)
            assert b'"backend":"dry-run"' in early.recv(4096).replace(b": ", b":")
            early.close()
            assert greeted(listener.getsockname()) == "dry-run"
    with started(listener, _AS_SYSTEMD):
        assert greeted(listener.getsockname()) == "dry-run"


def test_the_service_manager_is_told_that_the_actor_does_not_hang(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Again and again: before a daemon came, while one is there, and when it has gone."""
    name = secrets.token_hex(16)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        monkeypatch.setenv("WATCHDOG_USEC", "300000")

        def heard() -> list[bytes]:
            return [manager.recv(4096) for _ in range(3)]

        with started(listener, _AS_SYSTEMD):
            assert heard() == [b"WATCHDOG=1"] * 3
            with socket.socket(socket.AF_UNIX) as daemon:
                daemon.connect(listener.getsockname())
                assert b"dry-run" in daemon.recv(4096)
                assert heard() == [b"WATCHDOG=1"] * 3
            assert heard() == [b"WATCHDOG=1"] * 3


def test_nobody_else_is_served_but_root() -> None:
    """Who may come in is decided by who they are, as on a socket of the actor's own."""
    with common_folder() as folder, socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "actor.sock"))
        (folder / "actor.sock").chmod(0o666)
        made.listen()
        with started(made, _AS_SYSTEMD, (*_ACTOR, "--user", str(NOBODY))):
            assert greeted(made.getsockname()) == "dry-run"
            for user, backend in ((NOBODY, "dry-run"), (NOBODY - 1, "")):
                os.seteuid(user)
                try:
                    assert greeted(made.getsockname()) == backend
                finally:
                    os.seteuid(0)


@pytest.mark.parametrize("script", [_FOR_ANOTHER, _AS_SYSTEMD.replace("LISTEN_FDS=1", "LISTEN_FDS=2")])
def test_sockets_that_are_for_others_are_left_alone(listener: socket.socket, script: str) -> None:
    with started(listener, script) as actor:
        assert actor.wait(60) == 69
        assert actor.stderr
        assert "no socket to listen on" in actor.stderr.read()


def test_what_is_no_socket_to_listen_on_is_refused(tmp_path: Path) -> None:
    """A connection, for one; a Unix socket that listens is what it takes."""
    ours, theirs = socket.socketpair()
    with ours, theirs, started(theirs, _AS_SYSTEMD) as actor:
        assert actor.wait(60) == 69
        assert actor.stderr
        assert "no Unix socket to listen on" in actor.stderr.read()

"""The actor keeps the one right that it needs, and who may speak to it is decided by the kernel's word."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.framing import encode
from tests.enforce.actors import Actor
from tests.enforce.users import NOBODY, as_user, common_folder
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

NET_ADMIN = 1 << 12


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with common_folder() as made:
        yield made


def status(pid: int) -> dict[str, str]:
    lines = Path("/proc", str(pid), "status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def test_started_by_root_it_is_nobody_with_one_right(network: None) -> None:
    """User, groups, capabilities of all five kinds, and no way to any more of them."""
    with Actor("nftables") as actor:
        assert actor.answer()["error"] == ""
        assert actor.ask(do="held")["error"] == ""
        found = status(actor.process.pid)

    assert {found["Uid"], found["Gid"]} == {"\t".join([str(NOBODY)] * 4)}
    assert found["Groups"] == ""
    assert {kind: int(found[kind], 16) for kind in ("CapEff", "CapPrm", "CapBnd")} == dict.fromkeys(
        ("CapEff", "CapPrm", "CapBnd"), NET_ADMIN
    )
    assert int(found["CapInh"], 16) == int(found["CapAmb"], 16) == 0
    assert found["NoNewPrivs"] == "1"


def test_without_the_right_it_says_so_in_a_sentence_and_ends(network: None, open_folder: Path) -> None:
    """A daemon whose actor may not change the firewall learns why."""
    with Actor("nftables", user=NOBODY) as actor:
        greeting = actor.answer()

        assert greeting["backend"] == ""
        assert "needs CAP_NET_ADMIN" in greeting["error"]
        assert "\n" not in greeting["error"]
        assert actor.answer() == {}
        assert actor.hang_up() == 0
        assert "Traceback" not in actor.complained()


_KNOCK = """
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
sys.stdout.buffer.write(peer.makefile("rb").readline())
"""


def knock(path: Path, user: int) -> bytes:
    """Connect to *path* as *user*, and return the greeting."""
    command = as_user(user, [sys.executable, "-ISc", _KNOCK, path])
    return subprocess.run(command, capture_output=True, check=True).stdout


@contextlib.contextmanager
def listening(path: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run an actor that listens at *path*."""
    command = [sys.executable, "-m", "responder", "firewall", "--socket", str(path), "--backend", "dry-run", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as actor:
        try:
            until(lambda: actor.poll() is not None or connects(path), within=30)
            yield actor
        finally:
            actor.terminate()


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as peer:
        return peer.connect_ex(str(path)) == 0


def test_other_users_are_hung_up_on(open_folder: Path) -> None:
    """The socket's mode lets all in; the kernel says who they are."""
    path = open_folder / "actor.sock"
    with listening(path):
        assert knock(path, 1234) == b""
        assert knock(path, 0) == encode({"id": 0, "backend": "dry-run", "why": "nothing is enforced", "error": ""})
        assert knock(path, NOBODY) == b""


def test_a_named_user_may_connect_and_root_and_nobody_else(open_folder: Path) -> None:
    """A daemon with a user of its own is let in by name or number."""
    path = open_folder / "actor.sock"
    with listening(path, "--user", "nobody", "--user", "1234"):
        for user, welcome in ((1234, True), (NOBODY, True), (0, True), (1, False)):
            assert bool(knock(path, user)) == welcome


def test_a_listening_actor_serves_one_daemon_after_the_other(open_folder: Path) -> None:
    """One that talks nonsense is hung up on, and the next is served; what the first one asked for is still held."""
    path = open_folder / "actor.sock"
    with listening(path):
        for request in (b"nonsense\n", encode({"id": 1, "do": "held"})):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(30)
                peer.connect(str(path))
                heard = peer.makefile("rb")
                assert b'"backend":"dry-run"' in heard.readline()
                peer.sendall(request)
                answer = heard.readline()
        assert answer == encode({"id": 1, "applied": 0, "error": "", "held": []})


def test_a_stale_socket_is_replaced_and_any_other_file_is_kept(open_folder: Path) -> None:
    """A wrong path must not cost an administrator a file."""
    stale, precious = open_folder / "actor.sock", open_folder / "precious"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stale))
    precious.write_text("do not delete")

    with listening(stale):
        assert knock(stale, 0)
    for path in (precious, open_folder / "missing" / "actor.sock"):
        command = [sys.executable, "-m", "responder", "firewall", "--socket", str(path), "--backend", "dry-run"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 69
        assert done.stderr.startswith(f"responder: {path}: the socket cannot be made: ")
        assert done.stderr.count("\n") == 1

    assert precious.read_text() == "do not delete"

"""Whoever is logged in over a real sshd is found; who is only connected is not; no table makes it fail."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder import logins
from responder.values import Prefix
from tests.lab import sshd
from tests.lab.network import Network
from tests.lab.wait import until

_SHELL = """
mount --make-rprivate /
mount -t tmpfs -o mode=755 lab /run
mkdir /run/sshd
: >/run/utmp
exec /usr/sbin/sshd -D -f "$1"
"""
_SETTINGS = """
Port 22
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
StrictModes no
PermitRootLogin yes
UsePAM no
"""
ADMIN, STRANGER = "198.18.66.1", "198.18.66.200"


def found(net: Network, pid: int, ports: str = "22") -> list[str]:
    """Return from where somebody is logged in, as a program on the server finds it."""
    code = "import sys; from responder.logins import logins; print(*(one.prefix for one in logins([int(sys.argv[1])])))"
    argv = net.srv.command(["nsenter", "-t", str(pid), "-m", sys.executable, "-c", code, ports])
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture
def server(net: Network, tmp_path: Path) -> Iterator[int]:
    if problem := sshd.missing():
        pytest.skip(problem)
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True, capture_output=True)
    config = tmp_path / "sshd_config"
    config.write_text(_SETTINGS.format(folder=tmp_path))
    running = net.srv.popen(["unshare", "-m", "sh", "-c", _SHELL, "sshd", str(config)])
    until(lambda: net.att.connect(net.srv.ipv4, 22).greeting.startswith("SSH-2.0"), what="sshd")
    yield running.pid
    net.srv.end(running)


@pytest.mark.kernel
def test_who_is_logged_in_is_found_until_he_leaves_and_who_is_only_connected_is_not(
    net: Network, server: int, tmp_path: Path
) -> None:
    """A stranger at the password prompt has a connection, too; so has an administrator at another port."""
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    argv = ["ssh", "-tt", *options, "-i", str(tmp_path / "user"), f"root@{net.srv.ipv4}", "cat"]
    admin = net.att.popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    talk = (
        "import socket, sys, time; s = socket.create_connection((sys.argv[1], 22)); print(flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    stranger = net.good.popen([sys.executable, "-c", talk, net.srv.ipv4], **pipes)
    assert stranger.stdout
    stranger.stdout.readline()

    until(lambda: found(net, server) == [ADMIN], within=20)
    assert found(net, server, "2222") == []

    for pipe in (admin.stdin, stranger.stdin, stranger.stdout):
        assert pipe
        pipe.close()
    net.att.end(admin)
    net.good.end(stranger)
    until(lambda: found(net, server) == [], within=20)


_HEAD = "  sl  local_address rem_address   st tx_queue\n"


def test_addresses_of_both_families_are_read_as_the_kernel_writes_them() -> None:
    """On a processor that has the low byte first; IPv4 in a socket of IPv6 is IPv4."""
    if sys.byteorder != "little":
        pytest.skip("written down on another processor")
    four = _HEAD + "   0: 1900A8C0:0016 076433C6:D431 01 00000000:00000000\n   1: 1900A8C0:0016 086433C6:D431 0A 0:0\n"
    six = _HEAD + (
        "   0: 00000000000000000000000000000000:0016 B80D0120000000000000000007000000:D431 01 0\n"
        "   1: 00000000000000000000000000000000:0016 0000000000000000FFFF0000096433C6:D431 01 0\n"
        "   2: 00000000000000000000000000000000:0019 0000000000000000FFFF00000A6433C6:D431 01 0\n"
    )
    ports = frozenset({22})

    assert [str(one) for one in logins.connected(four, ports)] == ["198.51.100.7"]
    assert [str(one) for one in logins.connected(six, ports)] == ["2001:db8::7", "198.51.100.9"]


_WORD = st.text("0123456789ABCDEFg:. \n", max_size=40)


@given(st.one_of(st.text(), st.lists(_WORD).map(" ".join)))
def test_no_table_makes_it_fail(table: str) -> None:
    """What makes no sense is passed over."""
    assert all(isinstance(one, Prefix) for one in logins.connected(table, frozenset({22})))


SESSION = "Name=anna\nRemote=yes\nRemoteHost=198.51.100.7\nService=sshd\nState=active\n"


@pytest.mark.parametrize(
    ("said", "people"),
    [
        (SESSION, {"198.51.100.7": "anna"}),
        (
            SESSION + "\n" + SESSION.replace("anna", "bob").replace(".7", ".8"),
            {"198.51.100.7": "anna", "198.51.100.8": "bob"},
        ),
        (SESSION.replace("sshd", "vsftpd"), {}),
        (SESSION.replace("active", "closing"), {}),
        (SESSION.replace("198.51.100.7", "friend.example.org"), {}),
        (SESSION.replace("Remote=yes", "Remote=no"), {}),
        ("", {}),
    ],
)
def test_a_session_of_sshd_that_is_open_counts(said: str, people: dict[str, str]) -> None:
    """Of other services, closed, local or by host name does not."""
    assert {str(address): name for address, name in logins.sessions(said).items()} == people


@given(st.text())
def test_whatever_logind_says_is_borne(said: str) -> None:
    """It is another program."""
    logins.sessions(said)


def test_without_ports_nobody_is_asked() -> None:
    """``logins = []`` turns it off."""
    assert logins.logins(()) == ()

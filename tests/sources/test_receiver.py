"""Syslog over sockets, from the real logger(1): either framing, only from peers, bounded."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from responder.formats.uniform import LONGEST, MARK
from responder.settings.endpoint import Endpoint
from responder.sources import Arrivals, Listening, Receiver
from responder.values import Prefix
from tests.enforce.namespace import inside
from tests.lab.wait import until

HERE = (Prefix.parse("127.0.0.0/8"), Prefix.parse("::1"))
ATTACK = "Failed password for root from 203.0.113.7 port 22 ssh2"
with_logger = pytest.mark.skipif(not shutil.which("logger"), reason="there is no logger(1)")


class Socket:
    """A Receiver at a free port of *host*, or at *path*, and what it heard."""

    def __init__(
        self, kind: str, host: str = "127.0.0.1", peers: tuple[Prefix, ...] = HERE, users: tuple[int, ...] = ()
    ) -> None:
        self.port = 0 if kind == "unix" else free_port(kind, host)
        self.endpoint = Endpoint.parse(f"unix:{host}") if kind == "unix" else Endpoint(kind, host, self.port)  # type: ignore[arg-type]
        self.arrivals = Arrivals()
        self.source = Receiver(Listening("lab", self.endpoint, peers, users), self.arrivals)
        self.now = 0.0
        self.lines: list[str] = []

    def poll(self, budget: int = 1 << 20) -> list[str]:
        for chunk in self.source.poll(budget, self.now):
            assert chunk.live
            self.lines += chunk.data.decode("utf-8", "replace").splitlines()
        return self.lines

    def until(self, so: Callable[[], object]) -> None:
        """Listen until *so* is true."""
        until(lambda: (self.poll(), so())[1], what=f"{self.lines[-3:]}, {self.source.status()}")

    def hears(self, count: int = 1) -> list[str]:
        """Listen until so many lines have come, and return them."""
        self.until(lambda: len(self.lines) >= count)
        return self.lines

    def connect(self) -> socket.socket:
        """Return a connection to it, or a socket whose datagrams go there."""
        kind = socket.SOCK_STREAM if self.endpoint.kind == "tcp" else socket.SOCK_DGRAM
        if self.endpoint.kind == "unix":
            made = socket.socket(socket.AF_UNIX, kind)
            made.connect(self.endpoint.host)
            return made
        made = socket.socket(socket.AF_INET6 if ":" in self.endpoint.host else socket.AF_INET, kind)
        made.connect((self.endpoint.host, self.port))
        return made


def free_port(kind: str, host: str) -> int:
    """Return a port that nobody had a moment ago."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as one:
        one.bind((host, 0))
        return int(one.getsockname()[1])


@pytest.fixture
def listen() -> Iterator[Callable[..., Socket]]:
    with ExitStack() as made:

        def opened(*words: object, **more: object) -> Socket:
            one = Socket(*words, **more)  # type: ignore[arg-type]
            made.callback(one.arrivals.close)
            made.callback(one.source.close)
            return one

        yield opened


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


Listen = Callable[..., Socket]


@with_logger
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("udp", ["--udp", "--rfc3164"]),
        ("udp", ["--udp", "--rfc5424"]),
        ("tcp", ["--tcp", "--rfc3164"]),
        ("tcp", ["--tcp", "--rfc5424", "--octet-count"]),
        ("tcp", ["--tcp", "--rfc3164", "--octet-count"]),
    ],
)
def test_what_logger_sends_is_a_line(listen: Listen, kind: str, words: list[str]) -> None:
    """In every form and framing that it has; host, program and process are there."""
    one = listen(kind)
    command = ["logger", "--server", "127.0.0.1", "--port", str(one.port), *words, "--id=311", "-t", "sshd"]
    subprocess.run([*command, ATTACK], check=True)

    (line,) = one.hears()

    assert line.endswith(f" {socket.gethostname().partition('.')[0]} sshd[311]: {ATTACK}")


@with_logger
def test_a_unix_socket_is_for_users_that_the_kernel_vouches_for(listen: Listen, open_folder: Path) -> None:
    """Root, our own, and who is named; a local user frames nobody."""
    path = open_folder / "log"
    one = listen("unix", str(path), users=(33,))
    logger = ["logger", "-u", str(path), "-t", "sshd", ATTACK]
    for uid in ([], ["setpriv", "--reuid=33", "--clear-groups"], ["setpriv", "--reuid=1000", "--clear-groups"]):
        if not uid or os.getuid() == 0:
            subprocess.run([*uid, *logger], check=True)

    if os.getuid() == 0:
        one.until(lambda: one.source.status().refused)
        assert len(one.lines) == 2
    assert all(line.endswith(f" localhost sshd: {ATTACK}") for line in one.hears())
    one.source.close()
    assert not path.exists()


def test_a_unix_socket_for_nobody_else_is_closed_to_all_others(listen: Listen, tmp_path: Path) -> None:
    """And one that an earlier process left behind is replaced; what is no socket is not."""
    path = tmp_path / "log"
    left = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.bind(str(path))
    left.close()

    listen("unix", str(path))

    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "file").write_text("mine")
    refused = listen("unix", str(tmp_path / "file"))
    assert refused.source.status().reason == "cannot listen: Address already in use"
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_who_is_no_peer_is_not_heard(listen: Listen, kind: str) -> None:
    """He is counted, and his connection closed."""
    one = listen(kind, peers=(Prefix.parse("192.0.2.0/24"),))
    with one.connect() as stranger:
        stranger.send(b"<38>sshd[1]: x\n")

        one.until(lambda: one.source.status().refused)
        assert one.lines == []
        if kind == "tcp":
            with pytest.raises(ConnectionError):
                until(lambda: stranger.send(b"x") == 0)
    assert one.source.status().connections == 0


def test_ipv6_peers_are_peers(listen: Listen) -> None:
    one = listen("udp", "::1")
    with one.connect() as peer:
        peer.send(b"<38>Nov 25 10:00:00 mx sshd[1]: x")

        assert one.hears() == ["Nov 25 10:00:00 mx sshd[1]: x"]


def test_a_host_is_named_and_who_told_it(listen: Listen) -> None:
    """A relay's word is a relay's word; without a host it is the peer's own, without a time it is now."""
    one = listen("udp", "127.0.0.1")
    relay = one.source._judge("192.0.2.7")
    assert (relay.heard, relay.name, relay.told) == (False, b"192.0.2.7", b"@192.0.2.7")
    one.source._known["127.0.0.1"] = relay._replace(heard=True)
    with one.connect() as peer:
        for said in (b"Nov 25 10:00:00 mx a: x", b"Nov 25 10:00:00 192.0.2.7 a: x", b"a: x"):
            peer.send(b"<38>" + said)

        first, second, third = one.hears(3)
    assert first == "Nov 25 10:00:00 mx@192.0.2.7 a: x"
    assert second == "Nov 25 10:00:00 192.0.2.7 a: x"
    assert third.endswith("Z 192.0.2.7 a: x")


def test_line_ends_and_length_are_no_way_to_make_a_line(listen: Listen) -> None:
    """A message is one line, cut and marked where it is too long, whatever is in it."""
    framed = b"<38>Nov 25 10:00:00 mx app: x\n<38>Nov 25 10:00:00 mx sshd[1]: " + ATTACK.encode()
    long = b"<38>Nov 25 10:00:00 mx app: " + b"y" * 2 * LONGEST
    udp, tcp = listen("udp"), listen("tcp")
    with udp.connect() as peer, tcp.connect() as stream:
        for message in (framed, long, b"\0\xff", b""):
            peer.send(message)
            stream.sendall(b"%d %b" % (len(message), message))
        for one in (udp, tcp):
            first, second, *_ = one.hears(3)
            assert first == f"Nov 25 10:00:00 mx app: x#012<38>Nov 25 10:00:00 mx sshd[1]: {ATTACK}"
            assert second.endswith("y" + MARK.decode())
            assert len(second) < LONGEST + 100


@contextmanager
def many(one: Socket, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as made:
        peers = []
        for _ in range(count):
            peers.append(made.enter_context(one.connect()))
            one.poll()
        yield peers


def test_each_connection_is_read_on_its_own(listen: Listen) -> None:
    """Pieces of one are never put into another; one that ends amid a message is counted."""
    one = listen("tcp")
    with many(one, 50) as peers:
        for piece in (b"<38>Nov 25 10:00:00 mx a: ", b"number ", b"%d\n", b"more"):
            for number, peer in enumerate(peers):
                peer.sendall(piece.replace(b"%d", b"%d" % number))
            one.poll()
        one.hears(50)
        assert one.source.status().connections == 50
    one.until(lambda: one.source.status().connections == 0)

    assert sorted(one.lines) == sorted(f"Nov 25 10:00:00 mx a: number {number}" for number in range(50))
    assert one.source.status().broken == 50


def test_connections_are_bounded(listen: Listen) -> None:
    """Those past the limit are closed and counted, and the first go on."""
    one = listen("tcp")
    with many(one, 260) as peers:
        one.until(lambda: one.source.status().dropped == 4)
        peers[0].sendall(b"<38>a: x\n")
        one.hears()
        assert one.source.status().connections == 256


def test_datagrams_that_find_no_room_are_counted(listen: Listen) -> None:
    """By the kernel, whose buffer is all that there is."""
    one = listen("udp")
    sent = 0
    with one.connect() as peer:
        while not one.source.status().dropped:
            for _ in range(1000):
                peer.send(b"<38>app: " + b"x" * 1000)
                sent += 1
    while one.poll() and one.source.poll():
        pass
    status = one.source.status()
    one.until(lambda: one.source.status().messages == sent - status.dropped)


def test_a_peer_waits_while_nobody_reads(listen: Listen) -> None:
    """Nothing of a TCP stream is dropped, and nothing piles up here."""
    one = listen("tcp")
    message, sent = b"<38>app: " + b"x" * 1000 + b"\n", 0
    with one.connect() as peer:
        peer.setblocking(False)
        while True:
            try:
                sent += peer.send(message * 100)
            except BlockingIOError:
                break
        one.until(lambda: len(one.lines) == sent // len(message))
    assert one.source.status().dropped == 0


def test_the_loop_is_woken_when_something_has_come_and_only_then(listen: Listen) -> None:
    """What could not be read in one turn is told again; idle sockets wake nobody."""
    udp, tcp = listen("udp"), listen("tcp")
    for one in (udp, tcp):
        with one.connect() as peer:
            for number in range(200):
                peer.send(b"<38>app: %d %b\n" % (number, b"x" * 1000))
            woken = 0
            while len(one.lines) < 200:
                until(one.arrivals.drain)
                woken += 1
                one.poll(budget=1000 if one is udp else 1)
            one.poll()
            one.arrivals.drain()
            assert not one.arrivals.drain()
            assert woken > 2


def test_a_port_that_is_taken_is_tried_again(listen: Listen) -> None:
    """The daemon goes on meanwhile, and says so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(globals(), "free_port", lambda *_: other.getsockname()[1])
            one = listen("udp")
        assert one.poll() == []
        assert one.source.status().reason == "cannot listen: Address already in use"
    one.now = 5.1
    one.poll()
    assert one.source.status().open
    assert one.source.status().reason == ""


@pytest.mark.kernel
def test_a_port_that_only_the_privileged_may_have_is_told_with_what_to_do() -> None:
    """The right is one that the unit can be given, and the guide says how."""
    with inside(), closing(Arrivals()) as arrivals:
        os.seteuid(65534)  # which takes every capability away until it is undone
        try:
            source = Receiver(Listening("syslog", Endpoint.parse("udp:127.0.0.1:514"), (), ()), arrivals)
        finally:
            os.seteuid(0)
        with closing(source):
            reason = source.status().reason

    guide = Path(__file__).parents[2] / "contrib/guide/sources.md"
    assert reason.startswith("cannot listen: Permission denied; a port below 1024 takes CAP_NET_BIND_SERVICE")
    assert "CapabilityBoundingSet=CAP_NET_BIND_SERVICE" in guide.read_text()

"""Real packets: a banned source is silenced, in the middle of a connection too; nobody else notices."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Self

import pytest

from responder.enforce.backend import Backend
from responder.values import Prefix
from tests.enforce.conftest import KERNELS
from tests.enforce.namespace import inside
from tests.enforce.opened import opened
from tests.enforce.targets import HOUR, at, now
from tests.lab import network as lab
from tests.lab.host import Host
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

_ECHO = """
import socketserver, sys, threading
class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 hello\\r\\n")
        for line in self.rfile:
            self.wfile.write(line)
class Server(socketserver.ThreadingTCPServer):
    address_family = 10
    allow_reuse_address = daemon_threads = True
servers = [Server(("::", port), Echo) for port in (25, 2525)]
for server in servers:
    threading.Thread(target=server.serve_forever).start()
"""

_TALK = """
import socket, sys
peer = socket.create_connection((sys.argv[1], 25), 10)
heard = peer.makefile("rb")
heard.readline()
print("open", flush=True)
for word in sys.stdin:
    seconds, word = word.split()
    peer.settimeout(float(seconds))
    try:
        peer.sendall(word.encode() + b"\\n")
        while heard.readline().strip().decode() != word:
            pass
        print("answered", flush=True)
    except OSError:
        print("silence", flush=True)
        heard = peer.makefile("rb")
"""

FAMILIES = ("ipv4", "ipv6")


class Talk:
    """A connection that *host* opened before anybody was banned."""

    def __init__(self, host: Host, server: str) -> None:
        self._program = host.popen([sys.executable, "-c", _TALK, server], stdin=-1, stdout=-1, text=True)
        self._words = 0

    def __enter__(self) -> Self:
        assert self._read() == "open"
        return self

    def __exit__(self, *_: object) -> None:
        self._program.communicate()

    def says(self, seconds: float) -> str:
        """Send a word over the connection; return whether it was answered within *seconds*."""
        self._words += 1
        print(seconds, f"word{self._words}", file=self._program.stdin, flush=True)
        return self._read()

    def _read(self) -> str:
        line: Any = self._program.stdout.readline() if self._program.stdout else ""
        return str(line).strip()


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    if problem := lab.missing():
        pytest.skip(problem)
    with Network() as made:
        made.srv.popen([sys.executable, "-c", _ECHO], stderr=subprocess.DEVNULL)
        until(lambda: made.good.connect(made.srv.ipv6, 2525).reached == "open")
        yield made


@pytest.fixture(params=KERNELS)
def firewall(request: pytest.FixtureRequest, net: Network) -> Iterator[Backend]:
    """A firewall on the server, empty at the beginning and in the end."""
    with inside(net.srv.namespace), opened(request.param) as backend:
        yield backend
        backend.flush()


def reached(host: Host, server: Host, family: str, port: int = 25) -> str:
    return host.connect(getattr(server, family), port, timeout=0.4).reached


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bits", [(32, 128), (24, 64)], ids=["address", "network"])
def test_a_banned_source_gets_no_answer_until_it_is_lifted(
    net: Network, firewall: Backend, family: str, bits: tuple[int, int]
) -> None:
    """New connections time out, and work again at once after the lift; another network never notices."""
    target = at(str(Prefix.parse(getattr(net.att, family)).widen(*bits)))
    assert reached(net.att, net.srv, family) == "open"

    firewall.apply({target: now() + HOUR}, now())
    assert reached(net.att, net.srv, family) == "timeout"
    assert reached(net.office, net.srv, family) == "open"

    firewall.apply({target: None}, now())
    assert reached(net.att, net.srv, family) == "open"


@pytest.mark.parametrize("family", FAMILIES)
def test_an_established_connection_falls_silent_and_lives_on_after_a_lift(
    net: Network, firewall: Backend, family: str
) -> None:
    """Who is banned in the middle of a session cannot go on with it."""
    target = at(getattr(net.att, family))
    with Talk(net.att, getattr(net.srv, family)) as banned, Talk(net.good, getattr(net.srv, family)) as innocent:
        assert banned.says(10) == "answered"

        firewall.apply({target: now() + HOUR}, now())
        assert banned.says(0.3) == "silence"
        assert innocent.says(10) == "answered"

        firewall.apply({target: None}, now())
        assert banned.says(20) == "answered"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_allowed_host_inside_a_banned_network_is_never_stopped(
    net: Network, firewall: Backend, family: str
) -> None:
    """Neither its open connection nor a new one, whatever is banned around it or even of itself."""
    network = str(Prefix.parse(getattr(net.att, family)).widen(16, 32))
    allowed = Prefix.parse(getattr(net.good, family))
    with Talk(net.good, getattr(net.srv, family)) as friend:
        firewall.sync({at(network): now() + HOUR, at(str(allowed)): now() + HOUR}, [allowed], now())

        assert reached(net.att, net.srv, family) == "timeout"
        assert reached(net.good, net.srv, family) == "open"
        assert friend.says(10) == "answered"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_short_ban_of_the_network_does_not_free_the_address_inside(
    net: Network, firewall: Backend, family: str
) -> None:
    """When the ban of the network is over, its neighbour is free and the address is not."""
    address = getattr(net.att, family)
    network = str(Prefix.parse(address).widen(24, 32))
    start = now()
    firewall.apply({at(network): start + 2, at(address): start + HOUR}, start)
    assert reached(net.good, net.srv, family) == "timeout"

    until(lambda: reached(net.good, net.srv, family) == "open")
    assert reached(net.att, net.srv, family) == "timeout"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_ban_from_a_port_leaves_the_others_open_and_reject_says_no(
    net: Network, firewall: Backend, family: str
) -> None:
    """Drop is silence, reject is an answer; both hold for their ports alone, or for all where none is named."""
    address = getattr(net.att, family)

    firewall.apply({at(address, "drop:25,587"): now() + HOUR}, now())
    assert reached(net.att, net.srv, family) == "timeout"
    assert reached(net.att, net.srv, family, 2525) == "open"

    firewall.sync({at(address, "reject:25"): now() + HOUR}, [], now())
    assert reached(net.att, net.srv, family) == "refused"
    assert reached(net.att, net.srv, family, 2525) == "open"

    firewall.sync({at(address, "reject"): now() + HOUR}, [], now())
    assert reached(net.att, net.srv, family) == "refused"
    assert reached(net.att, net.srv, family, 2525) == "refused"


def test_a_ban_of_everybody_from_a_port_spares_the_allowed(net: Network, firewall: Backend) -> None:
    """The widest network there is works like any other."""
    firewall.sync({at("0.0.0.0/0", "drop:25"): now() + HOUR}, [Prefix.parse(net.office.ipv4)], now())

    assert reached(net.att, net.srv, "ipv4") == "timeout"
    assert reached(net.att, net.srv, "ipv4", 2525) == "open"
    assert reached(net.office, net.srv, "ipv4") == "open"


_ROUTER = """
table ip published {
    chain pre { type nat hook prerouting priority dstnat; tcp dport 8025 dnat to %s:2525; }
    chain post { type nat hook postrouting priority srcnat; masquerade; }
}
"""


def test_what_is_forwarded_and_published_is_stopped_as_well(net: Network, firewall: Backend) -> None:
    """A container's or another host's service behind this one is as closed to the banned as its own."""
    settings = ("ip_forward=1", "conf.all.send_redirects=0", "conf.eth0.send_redirects=0")
    net.srv.run(["sysctl", "-q", "-w", *(f"net.ipv4.{setting}" for setting in settings)], check=True)
    net.srv.run(["nft", "-f", "-"], input=_ROUTER % net.office.ipv4, check=True)
    net.office.popen([sys.executable, "-c", _ECHO], stderr=subprocess.DEVNULL)
    net.att.run(["ip", "route", "add", f"{net.office.ipv4}/32", "via", net.srv.ipv4], check=True)
    until(lambda: net.att.connect(net.office.ipv4, 2525).reached == "open")
    assert reached(net.att, net.srv, "ipv4", 8025) == "open"

    firewall.apply({at(net.att.ipv4): now() + HOUR}, now())

    assert reached(net.att, net.srv, "ipv4", 8025) == "timeout"
    assert reached(net.att, net.office, "ipv4", 2525) == "timeout"
    assert reached(net.good, net.srv, "ipv4", 8025) == "open"
    net.att.run(["ip", "route", "del", f"{net.office.ipv4}/32"], check=True)
    net.srv.run(["nft", "delete", "table", "ip", "published"], check=True)


def test_whoever_is_synced_away_is_free_at_once(net: Network, firewall: Backend) -> None:
    """A sync lifts what is wanted no more, in the same instant in which it bans what is."""
    firewall.sync({at(net.att.ipv4): now() + HOUR}, [], now())
    firewall.sync({at(net.good.ipv4): now() + HOUR}, [], now())

    assert reached(net.att, net.srv, "ipv4") == "open"
    assert reached(net.good, net.srv, "ipv4") == "timeout"

"""The lab's hosts reach each other, nothing else, and leave nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import network
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

_GREETER = """
import socket
server = socket.create_server(("::", 25), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    peer, address = server.accept()
    peer.sendall(f"220 {address[0]}\\r\\n".encode())
    peer.close()
"""


def ours() -> set[str]:
    return {path.name for path in Path("/run/netns").glob(f"rsp-{os.getpid()}-*")}


def test_every_host_reaches_the_server_over_both_families(net: Network) -> None:
    net.srv.popen([sys.executable, "-c", _GREETER])
    until(lambda: net.att.connect(net.srv.ipv4, 25).reached == "open")

    for host in (net.att, net.good, net.office):
        assert net.srv.ipv4 != host.ipv4
        assert host.connect(net.srv.ipv4, 25).greeting == f"220 ::ffff:{host.ipv4}"
        assert host.connect(net.srv.ipv6, 25).greeting == f"220 {host.ipv6}"


def test_an_attacker_has_many_addresses(net: Network) -> None:
    more = [f"198.19.{n // 200}.{n % 200 + 1}" for n in range(600)] + [f"2001:db8:77:{n:x}::1" for n in range(600)]
    net.att.add_addresses(*more)

    assert net.att.connect(net.srv.ipv4, 25, source="198.19.2.200").greeting == "220 ::ffff:198.19.2.200"
    assert net.att.connect(net.srv.ipv6, 25, source="2001:db8:77:257::1").greeting == "220 2001:db8:77:257::1"


def test_a_connection_says_how_far_it_came(net: Network) -> None:
    assert net.att.connect(net.good.ipv4, 25).reached == "refused"
    assert net.att.connect("192.0.2.1", 25).reached == "unreachable"

    net.good.run(["nft", "table inet t { chain c { type filter hook prerouting priority 0; drop; }; }"], check=True)

    assert net.att.connect(net.good.ipv4, 25, timeout=0.2).reached == "timeout"


def test_nothing_stays_behind_not_even_after_a_failure() -> None:
    before = ours()
    with pytest.raises(KeyError), Network() as made:  # noqa: PT012 - the block is what fails
        left = made.srv.popen(["sleep", "1000"])
        made.srv.run(["sh", "-c", "sleep 1000 >/dev/null 2>&1 &"], check=True)
        raise KeyError

    assert left.poll() is not None
    assert ours() == before


def test_what_a_killed_lab_left_is_swept_away() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    orphan = f"rsp-{gone.pid}-1-srv"
    subprocess.run(["ip", "netns", "add", orphan], check=True)

    network.sweep()

    assert not Path("/run/netns", orphan).exists()

"""Somebody flushes the firewall behind the daemon's back: the bans are back at once, and the log says what was gone."""

from pathlib import Path

import pytest

from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.enforce.targets import now
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    ("backend", "command", "said"),
    [
        ("nftables", "nft flush ruleset", "table inet responder was gone"),
        ("iptables-ipset", "iptables-legacy -w -t raw -F", "the jump in PREROUTING of iptables table raw was gone"),
        ("iptables-plain", "iptables-legacy -w -t raw -F RESPONDER", "had 0 of our"),
    ],
)
def test_a_flushed_firewall_is_put_back_and_told(
    net: Network, tmp_path: Path, backend: str, command: str, said: str
) -> None:
    """A banned host is dropped again, the status counts it."""
    with Daemon(net.srv, tmp_path, f'source = []\n[firewall]\nbackend = "{backend}"\n') as daemon:
        daemon.tell("ban", net.att.ipv4, "--for", "1h")
        assert daemon.ask("status")["firewall"]["mended"] == 0

        net.srv.run(command.split(), check=True)

        until(lambda: said in daemon.said(), within=20)
        with inside(net.srv.namespace):
            assert held_by(backend, now()) == {net.att.ipv4}
        assert daemon.ask("status")["firewall"]["mended"] == 1
        assert "somebody else changed our firewall rules: " in daemon.said()
        assert "put back" in daemon.tell("status", check=False)
        daemon.tell("firewall", "flush")

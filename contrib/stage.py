"""stage - what the acts of the demonstration have in hand, and what they all do with it."""

from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from contrib.story import Story
from tests.lab.daemon import Daemon
from tests.lab.host import Host
from tests.lab.network import Network
from tests.lab.smtp import What, probe


class Stage(NamedTuple):
    """The teller, the hosts, and responder on the server."""

    story: Story
    net: Network
    daemon: Daemon

    def server(self, client: str) -> str:
        """Return the server's address that *client* can reach."""
        return self.net.srv.ipv6 if ":" in client else self.net.srv.ipv4

    def mail(self, host: Host, recipient: str, source: str = "") -> tuple[What, int]:
        """Offer the server one recipient; return what came of it, with the code."""
        source = source or host.ipv4
        return probe(host, self.server(source), recipient, source=source, timeout=1)[:2]

    def bans(self) -> list[dict[str, Any]]:
        """Return the bans in force."""
        answer: list[dict[str, Any]] = self.daemon.ask("bans")
        return answer

    def ban_of(self, address: str) -> dict[str, Any] | None:
        """Return the ban in force that covers *address*."""
        covering = [ban for ban in self.bans() if ip_address(address) in ip_network(ban["prefix"])]
        return covering[0] if covering else None

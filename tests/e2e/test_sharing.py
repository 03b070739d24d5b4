"""Hosts that share a blacklist protect each other: an attack on one is dropped by all, whatever breaks in between."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.lab.daemon import Daemon
from tests.lab.host import Host
from tests.lab.network import Network
from tests.lab.postgresql import PostgreSQL
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

# Addresses of the lab are never listed, so the attackers have others: the link holds 45.10.0.0/15, too.
_SERVERS = {"srv": "45.11.0.1", "good": "45.11.0.2", "office": "45.11.0.3"}
SETTINGS = """
[[source]]
path = {log}
timezone = "UTC"

[policy.login]
limit = 3

[blacklist]
url = {url}
reporter = {name}
take = "broad"

[blacklist.scoring]
reporters = 1
broad = 0.5
"""


class Server(Daemon):
    """A daemon on *host* that follows a log of its own and shares the blacklist at *url*."""

    def __init__(self, host: Host, folder: Path, url: str) -> None:
        folder.mkdir()
        self.log = folder / "auth.log"
        self.log.touch()
        words = {"log": str(self.log), "url": url, "name": host.name}
        super().__init__(host, folder, SETTINGS.format(**{key: json.dumps(word) for key, word in words.items()}))

    def attacked_by(self, *addresses: str) -> None:
        """Log three failed logins of each."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self.log.open("a") as log:
            for one in addresses:
                log.write(f"{stamp} mx sshd[1]: Failed password for root from {one} port 22 ssh2\n" * 3)

    def drops(self) -> set[str]:
        """Return whom the kernel of the host drops."""
        listing = json.loads(self.host.run(["nft", "-j", "list", "table", "inet", "responder"], check=True).stdout)
        return {
            element["elem"]["val"]
            for item in listing["nftables"]
            if item.get("set", {}).get("name", "").startswith("drop_")
            for element in item["set"].get("elem", [])
        }

    def blacklist_process(self) -> int:
        """Return the process at the blacklist, when there is one that works."""
        state = until(lambda: (now := self.ask("status")["blacklist"])["connected"] and now, within=30, every=0.1)
        return int(state["pid"])


class Three(list[Server]):
    """Three servers on one database."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def all_drop(self, *addresses: str) -> None:
        """Wait until all of them drop *addresses*."""
        for server in self:
            until(lambda server=server: server.drops() >= set(addresses), within=40, every=0.1)  # type: ignore[misc]

    def reports(self, inside: str) -> list[str]:
        """Return whom hosts reported in the network *inside*, as often as they did."""
        conninfo = self.url.replace("postgresql://postgres@/", "dbname=").replace("?", " ") + " user=postgres"
        query = "SELECT value FROM reports JOIN subjects ON subjects.id = subject WHERE value::inet << %s ORDER BY 1"
        with psycopg.connect(conninfo) as connection:
            return [row[0] for row in connection.execute(query, [inside])]


@pytest.fixture(scope="module")
def three(net: Network, postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder = tmp_path_factory.mktemp("three")
    with ExitStack() as running:
        servers = Three(postgres.database())
        for host in (net.srv, net.good, net.office):
            host.add_addresses(_SERVERS[host.name])
            servers.append(running.enter_context(Server(host, folder / host.name, servers.url)))
        for server in servers:
            server.blacklist_process()
        yield servers


def test_an_attack_on_one_is_dropped_by_all(net: Network, three: Three) -> None:
    """Within seconds, and for packets that really come; who attacked nobody comes through."""
    net.att.add_addresses("45.10.1.1", "45.10.1.2")
    assert net.att.connect("45.11.0.3", 9, source="45.10.1.1").reached == "refused"

    three[0].attacked_by("45.10.1.1")
    three.all_drop("45.10.1.1")

    assert net.att.connect("45.11.0.3", 9, timeout=1, source="45.10.1.1").reached == "timeout"
    assert net.att.connect("45.11.0.3", 9, source="45.10.1.2").reached == "refused"
    assert three.reports("45.10.1.0/24") == ["45.10.1.1"]


def test_the_database_away_for_a_while_costs_nothing(three: Three, postgres: PostgreSQL) -> None:
    """Each host goes on by itself; when it is back, all know all, once."""
    attackers = [f"45.10.2.{number}" for number in (1, 2, 3)]
    postgres.stop(signal.SIGQUIT)
    try:
        for server, attacker in zip(three, attackers, strict=True):
            server.attacked_by(attacker)
            until(lambda server=server, attacker=attacker: attacker in server.drops(), within=20)  # type: ignore[misc]
    finally:
        postgres.start()

    three.all_drop(*attackers)
    until(lambda: three.reports("45.10.2.0/24") == attackers, within=20)


def test_who_is_killed_amid_it_loses_and_doubles_nothing(three: Three) -> None:
    """The process at the blacklist, and the daemon itself, by SIGKILL while hundreds are on their way."""
    attackers = [f"45.10.{third}.{number}" for third in (3, 4) for number in range(1, 201)]
    first = three[0]
    first.attacked_by(*attackers[:200])
    os.kill(first.blacklist_process(), signal.SIGKILL)
    first.attacked_by(*attackers[200:])
    first.stop(signal.SIGKILL)
    first.start()

    three.all_drop(*attackers)
    until(
        lambda: sorted([*three.reports("45.10.3.0/24"), *three.reports("45.10.4.0/24")]) == sorted(attackers), within=20
    )
    assert until(lambda: first.ask("status")["blacklist"]["outbox"] == 0, within=20, every=0.1)


def test_a_removal_that_is_granted_frees_everywhere(net: Network, three: Three) -> None:
    """Not when it is asked for, but when a moderator has decided."""
    first = three[0]
    first.tell("blacklist", "reporter", "add", "koko", "--group", "person")
    first.tell("blacklist", "report", "45.10.5.1", "--reporter", "koko", "--category", "spam")
    three.all_drop("45.10.5.1")
    first.tell("blacklist", "request-removal", "45.10.5.1", "--by", "Pat", "--text", "cleaned up")
    [asked] = first.ask("explain", "45.10.5.1")["blacklist"]["removals"]

    three[1].tell("blacklist", "review", "grant", str(asked["number"]), "--why", "so it is")

    for server in three:
        until(lambda server=server: "45.10.5.1" not in server.drops(), within=20, every=0.1)  # type: ignore[misc]


@pytest.mark.long
def test_a_file_of_sqlite_is_shared_by_polling(tmp_path: Path) -> None:
    """Two daemons of one machine, say in containers, with no server at all."""
    url = f"sqlite:///{tmp_path / 'blacklist.db'}"
    with Network() as lab, ExitStack() as running:
        two = Three(url)
        two += [running.enter_context(Server(host, tmp_path / host.name, url)) for host in (lab.srv, lab.good)]
        two[1].attacked_by("45.10.6.1")
        two.all_drop("45.10.6.1")

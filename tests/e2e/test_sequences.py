"""Whatever administrators, time, crashes and other people's commands do in whatever order, kernel and store agree."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from responder.control import client
from responder.errors import ResponderError
from tests.enforce.conftest import KERNELS
from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.enforce.targets import now
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

_PREFIXES = st.sampled_from(["192.0.2.7", "192.0.2.8", "192.0.2.0/24", "2001:db8::/64", "2001:db8::7", "2001:db8::/32"])
_SABOTAGE = {
    "nftables": ["nft flush ruleset", "nft delete table inet responder", "nft flush chain inet responder prerouting"],
    "iptables-ipset": ["iptables-legacy -w -t raw -F", "ip6tables-legacy -w -t raw -F RESPONDER"],
    "iptables-plain": ["iptables-legacy -w -t raw -F", "ip6tables-legacy -w -t raw -F RESPONDER"],
}


class Sequences(RuleBasedStateMachine):
    """One daemon, what should be banned until when, and everybody who interferes."""

    daemon: Daemon
    reader: Callable[[], set[str]]
    sabotage: tuple[str, ...]

    @initialize()
    def begin(self) -> None:
        self.banned: dict[str, float] = {}
        self.ask("flush")

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        return client.ask(self.daemon.folder / "control.sock", do, **request)

    @rule(prefix=_PREFIXES, seconds=st.sampled_from([1, 2, 600, 3600]))
    def ban(self, prefix: str, seconds: int) -> None:
        """A longer ban extends, a shorter one does not cut."""
        if self.banned.get(prefix, 0.0) > now() + seconds:
            with pytest.raises(ResponderError, match="unban it first"):
                self.ask("ban", address=prefix, seconds=seconds, reason="sequence")
            return
        self.ask("ban", address=prefix, seconds=seconds, reason="sequence")
        self.banned[prefix] = now() + seconds

    @rule(prefix=_PREFIXES)
    def unban(self, prefix: str) -> None:
        self.ask("unban", address=prefix, by="sequence")
        self.banned.pop(prefix, None)

    @rule()
    def kill_the_actor(self) -> None:
        until(lambda: self.ask("status")["firewall"]["settled"])
        assert self.daemon.process
        pid = self.daemon.process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)

    @rule(which=st.integers(0, 9))
    def meddle(self, which: int) -> None:
        command = self.sabotage[which % len(self.sabotage)]
        self.daemon.host.run(command.split(), check=False)  # what is not there cannot be taken away

    @rule()
    def restart(self) -> None:
        self.daemon.stop(signal.SIGKILL)
        self.daemon.start()

    @invariant()
    def kernel_and_daemon_have_what_was_asked_for(self) -> None:
        until(self._agree, within=20, what=f"{self.banned} in the kernel")

    def _agree(self) -> bool:
        """Compare; whoever is just about to end may be here and not there."""
        wanted = {prefix for prefix, expires in self.banned.items() if expires > now()}
        told = {ban["prefix"] for ban in self.ask("bans")["bans"]}
        return told == wanted and self.reader() == wanted and bool(self.ask("status")["firewall"]["settled"])


@pytest.fixture(params=KERNELS)
def daemon(request: pytest.FixtureRequest, net: Network, tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(net.srv, tmp_path, f'source = []\n[firewall]\nbackend = "{request.param}"\n') as running:
        yield running
        running.tell("firewall", "flush")


def test_kernel_and_store_agree_after_whatever_happens(daemon: Daemon, request: pytest.FixtureRequest) -> None:
    """Bans, unbans, ends, extensions, killed actors, killed daemons, flushed tables."""
    kind = request.node.callspec.params["daemon"]

    def read() -> set[str]:
        with inside(daemon.host.namespace):
            return held_by(kind, now())

    class Here(Sequences):
        pass

    Here.daemon, Here.reader, Here.sabotage = daemon, staticmethod(read), tuple(_SABOTAGE[kind])
    few = settings(
        max_examples=6,
        stateful_step_count=12,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a failing sequence is short enough, and each step of it takes its time
    )
    run_state_machine_as_test(Here, settings=few)


def test_what_a_dying_actor_did_and_never_told_is_made_right(net: Network, tmp_path: Path) -> None:
    """It ends between the kernel's commit and its answer; the next one is sent the whole set."""
    path = tmp_path / "actor.sock"
    script = tmp_path / "dying.py"
    script.write_text(_DYING)
    settings = f'source = []\n[firewall]\nsocket = "{path}"\n'
    first = net.srv.popen([sys.executable, str(script), str(path)], stderr=subprocess.DEVNULL)
    until(path.is_socket)
    with Daemon(net.srv, tmp_path, settings) as daemon:
        sock = tmp_path / "control.sock"
        until(lambda: client.ask(sock, "status")["firewall"]["settled"])
        answer = client.ask(sock, "ban", address="192.0.2.7", seconds=600)
        assert not answer["enforced"]
        assert "is gone" in answer["firewall_error"]
        assert first.wait(10) == 9
        client.ask(sock, "unban", address="192.0.2.7")
        client.ask(sock, "ban", address="192.0.2.8", seconds=600)
        path.unlink()
        net.srv.popen([sys.executable, "-m", "responder", "firewall", "--socket", str(path)])
        until(lambda: client.ask(sock, "status")["firewall"]["settled"], within=60)
        with inside(net.srv.namespace):
            assert held_by("nftables", now()) == {"192.0.2.8"}
        daemon.tell("firewall", "flush")


_DYING = """
import os, sys
from pathlib import Path
from responder.enforce import nftables, process
apply = nftables.Nftables.apply
def and_die(*given):
    apply(*given)
    os._exit(9)
nftables.Nftables.apply = and_die
process.serve_socket(Path(sys.argv[1]), "nftables", frozenset((0,)))
"""

"""What the tests on a whole machine share: a package, a machine that has it, and attackers.

They take minutes, so they run when asked for: contrib/test -m long tests/machine
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import machine as lab
from tests.lab import network
from tests.lab.machine import Machine
from tests.lab.network import Network
from tests.machine import package

# What a mail server that takes mail for ok@example.org alone has in main.cf; nothing slows clients down.
_POSTFIX = {
    "compatibility_level": "3.6",
    "myhostname": "mx.example.org",
    "mydestination": "example.org",
    "mynetworks": "127.0.0.0/8",
    "inet_interfaces": "all",
    "inet_protocols": "all",
    "local_recipient_maps": "inline:{ok=ok}",
    "local_transport": "discard:",
    "alias_maps": "",
    "alias_database": "",
    "smtpd_peername_lookup": "no",
    "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
    "smtpd_error_sleep_time": "0",
    "smtpd_client_connection_count_limit": "0",
}


@pytest.fixture(autouse=True, scope="session")
def _asked_for(request: pytest.FixtureRequest) -> None:
    if "long" not in request.config.option.markexpr:
        pytest.skip("takes minutes; contrib/test -m long tests/machine")
    if problem := network.missing() or lab.missing():
        pytest.skip(problem)


@pytest.fixture(scope="session")
def packages(_asked_for: None, tmp_path_factory: pytest.TempPathFactory) -> package.Packages:
    return package.build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def layer(packages: package.Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what a machine looks like on which the package was installed, and nothing started yet."""
    folder = tmp_path_factory.mktemp("layer")
    with Network() as net, Machine(net.srv, folder) as made:
        made.run("postconf", "-e", *(f"{key}={value}" for key, value in _POSTFIX.items()))
        said = made.install(packages.first)
        assert "responder check" in said
        units = ("responder.service", "responder-firewall.socket")
        assert made.said("systemctl", "is-enabled", *units) == "enabled\nenabled"
        assert not made.active("responder.service")
        assert made.active("responder-firewall.socket")
        made.halt()
    return folder / "upper"


@pytest.fixture
def whole(net: Network, layer: Path, tmp_path: Path) -> Iterator[Machine]:
    """A machine that booted with the package, which is therefore at work."""
    with Machine(net.srv, tmp_path, layer) as made:
        yield made


@pytest.fixture(autouse=True)
def _told(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Print what the machine said where a test fails."""
    yield
    console = tmp_path / "console"
    if console.exists():
        print(subprocess.run(["tail", "-n", "40", console], capture_output=True, text=True, check=False).stdout)

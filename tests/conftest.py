"""What all tests share: how hypothesis works here, what a test of the kernel needs, a network with a mail server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.lab import network, postfix, postgresql
from tests.lab.disk import mounted

# No test may depend on the clock, and a busy machine is no fault of the code.
settings.register_profile("responder", deadline=None, print_blob=True)
settings.load_profile("responder")


@pytest.fixture(autouse=True)
def _possible(request: pytest.FixtureRequest) -> None:
    problem = network.missing()
    if problem and request.node.get_closest_marker("kernel"):
        pytest.skip(problem)
    if request.node.get_closest_marker("long") and "long" not in request.config.option.markexpr:
        pytest.skip("takes minutes; contrib/test -m long runs it")


@pytest.fixture(autouse=True, scope="session")
def _own_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep to a lock of iptables that is not the machine's: all networks of a machine share that one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XTABLES_LOCKFILE", str(tmp_path_factory.mktemp("lock") / "xtables.lock"))
        yield


@pytest.fixture(scope="module")
def net() -> Iterator[network.Network]:
    if problem := network.missing():
        pytest.skip(problem)
    with network.Network() as made:
        yield made


@pytest.fixture(scope="module")
def mail(net: network.Network) -> Iterator[postfix.Postfix]:
    if problem := postfix.missing():
        pytest.skip(problem)
    with postfix.Postfix(net.srv) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.PostgreSQL]:
    if problem := postgresql.missing():
        pytest.skip(problem)
    with postgresql.PostgreSQL() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database, once of SQLite and once of PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    server: postgresql.PostgreSQL = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    with mounted(tmp_path / "disk") as folder:
        yield folder

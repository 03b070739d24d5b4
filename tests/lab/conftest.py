"""What the lab's own tests share: a network, and a Postfix on its server, made once."""

from collections.abc import Iterator

import pytest

from tests.lab import network, postfix


@pytest.fixture(autouse=True)
def _possible(request: pytest.FixtureRequest) -> None:
    problem = network.missing()
    if problem and request.node.get_closest_marker("kernel"):
        pytest.skip(problem)


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

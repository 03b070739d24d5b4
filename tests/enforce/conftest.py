"""Every firewall there is, each in a network of its own where it touches one."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from responder.enforce.backend import Backend
from tests.enforce.namespace import inside
from tests.enforce.opened import opened

KERNELS = [pytest.param(name, marks=pytest.mark.kernel) for name in ("nftables", "iptables-ipset", "iptables-plain")]


@pytest.fixture(params=["dry-run", *KERNELS])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    with ExitStack() as stack:
        if request.param != "dry-run":
            stack.enter_context(inside())
        yield stack.enter_context(opened(request.param))


@pytest.fixture
def network() -> Iterator[None]:
    with inside():
        yield

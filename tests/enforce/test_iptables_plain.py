"""Rules alone: what somebody took away is no hindrance to what ends or is lifted."""

import subprocess
from collections.abc import Iterator

import pytest

from responder.enforce.iptables_plain import IptablesPlain
from tests.enforce.opened import opened
from tests.enforce.targets import HOUR, at, lasting, now

pytestmark = pytest.mark.kernel

ONE, OTHER, THIRD = at("2001:db8::7"), at("2001:db8:1::/48"), at("192.0.2.7")


@pytest.fixture
def backend(network: None) -> Iterator[IptablesPlain]:
    with opened("iptables-plain") as made:
        assert isinstance(made, IptablesPlain)
        yield made


def flush() -> None:
    subprocess.run(["ip6tables-legacy", "-w", "-t", "raw", "-F", "RESPONDER"], check=True)


def test_a_ban_that_ends_after_its_rule_was_taken_away_keeps_no_other_from_coming_back(backend: IptablesPlain) -> None:
    """The first look says what was gone, and all of it is as it must be again."""
    start = now()
    backend.sync({ONE: start + 1, OTHER: start + HOUR, THIRD: start + HOUR}, [], start)
    flush()

    assert "ip6tables table raw had 0 of our 2 rules" in backend.tend(start + 1)

    assert lasting(backend.held(start + 1)) == {OTHER: 1, THIRD: 1}
    assert backend.tend(start + 60) == ""


def test_a_ban_can_be_lifted_though_its_rule_was_taken_away(backend: IptablesPlain) -> None:
    """And the others are back at once."""
    start = now()
    backend.sync({ONE: start + HOUR, OTHER: start + HOUR, THIRD: start + HOUR}, [], start)
    flush()

    assert backend.apply({ONE: None}, start) == 1

    assert lasting(backend.held(start)) == {OTHER: 1, THIRD: 1}
    assert backend.tend(start + 60) == ""

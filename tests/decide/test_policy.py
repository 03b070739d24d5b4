"""What a policy follows up with."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.times import DAY, HOUR
from responder.values import Prefix
from tests.decide.values import a_policy

POLICIES = st.builds(
    a_policy, ban=st.floats(1, 400 * DAY), escalate=st.floats(1, 1000), max_ban=st.floats(1, 400 * DAY)
)


def test_who_comes_back_is_banned_longer_up_to_a_most() -> None:
    """Times *escalate* each time."""
    policy = a_policy(ban=HOUR, escalate=4, max_ban=7 * DAY)

    assert [policy.duration(nth) / HOUR for nth in range(1, 7)] == [1, 4, 16, 64, 168, 168]


def test_without_escalation_every_ban_is_as_long_as_the_first() -> None:
    """One is the default."""
    assert [a_policy().duration(nth) for nth in (1, 2, 100)] == [HOUR] * 3


def test_a_first_ban_longer_than_the_most_is_not_cut() -> None:
    """Who writes ban = "60d" and leaves max_ban alone means sixty days."""
    assert a_policy(ban=60 * DAY, max_ban=30 * DAY, escalate=2).duration(3) == 60 * DAY


@given(POLICIES, st.integers(1, 10_000_000))
def test_a_later_ban_is_never_shorter_and_never_beyond_the_most(policy: object, nth: int) -> None:
    """However often somebody comes back: no number overflows."""
    assert isinstance(policy, type(a_policy()))
    first, this, following = policy.duration(1), policy.duration(nth), policy.duration(nth + 1)

    assert first == policy.ban
    assert first <= this <= following <= max(policy.ban, policy.max_ban)
    assert math.isfinite(following)


@pytest.mark.parametrize(
    ("address", "key"),
    [("192.0.2.7", "192.0.2.0/24"), ("2001:db8:1:2::7", "2001:db8:1::/48"), ("::ffff:192.0.2.7", "192.0.2.0/24")],
)
def test_the_policy_says_how_wide_is_counted(address: str, key: str) -> None:
    """And what is counted is what is banned."""
    assert a_policy(prefix_v4=24, prefix_v6=48).key(Prefix.parse(address)) == Prefix.parse(key)


def test_ipv4_is_counted_by_address_and_ipv6_by_64() -> None:
    """An IPv6 host changes its address at will inside its /64."""
    assert str(a_policy().key(Prefix.parse("192.0.2.7"))) == "192.0.2.7"
    assert str(a_policy().key(Prefix.parse("2001:db8::1:2:3:4"))) == "2001:db8::/64"

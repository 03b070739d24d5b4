"""Whoever is on the allowlist is found there, and nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.decide.allowlist import ALWAYS, Allowed, Allowlist
from responder.values import Prefix
from tests.test_values import prefixes

ENTRIES = st.lists(st.builds(Allowed, prefixes(), st.sampled_from(["a setting", "a host", "own address"])), max_size=8)


@given(ENTRIES, prefixes())
def test_looking_up_is_as_going_through_all_entries(entries: list[Allowed], prefix: Prefix) -> None:
    """Whole networks as well as addresses, and what lies inside a network as well as around it."""
    allowlist = Allowlist(entries)
    covering = {entry for entry in (*ALWAYS, *entries) if entry.prefix.covers(prefix)}

    found = allowlist.covering(prefix)

    assert (found is None) == (not covering)
    assert found is None or found.prefix in {entry.prefix for entry in covering}
    assert set(allowlist.inside(prefix)) == {one for one in (*ALWAYS, *entries) if prefix.covers(one.prefix)}


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::", "fe80::1", "febf::1", "::ffff:127.0.0.1"]
)
def test_nobody_bans_this_host_or_its_link(address: str) -> None:
    """Whatever the settings say."""
    assert Allowlist().covering(Prefix.parse(address)) is not None


@pytest.mark.parametrize("address", ["128.0.0.1", "126.255.255.255", "::2", "0.0.0.1", "fe7f::", "fec0::", "192.0.2.7"])
def test_everybody_else_can_be_banned(address: str) -> None:
    """The fixed entries are as narrow as they can be."""
    assert Allowlist().covering(Prefix.parse(address)) is None


def test_an_entry_says_on_whose_word_it_is_there() -> None:
    """The first word counts."""
    allowlist = Allowlist(
        [Allowed(Prefix.parse("192.0.2.7"), "gateway"), Allowed(Prefix.parse("::ffff:192.0.2.7"), "a setting")]
    )

    assert allowlist.covering(Prefix.parse("192.0.2.7")) == Allowed(Prefix.parse("192.0.2.7"), "gateway")


def test_allowlists_are_equal_when_they_protect_the_same() -> None:
    """In whatever order; so an unchanged one need not be sent to the kernel again."""
    one, other = Allowed(Prefix.parse("192.0.2.7"), "x"), Allowed(Prefix.parse("192.0.2.8"), "x")

    assert Allowlist([one, other]) == Allowlist([other, one, one])
    assert Allowlist([one]) != Allowlist([other])
    assert Allowlist([one]) != "an allowlist"

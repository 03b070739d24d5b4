"""What every firewall does with the bans it is given."""

from collections.abc import Mapping

import pytest

from responder.enforce.backend import Backend, Target
from responder.values import Prefix
from tests.enforce.targets import HOUR, at, lasting, now
from tests.lab.wait import until

EVERY_KIND = [
    at("192.0.2.7"),
    at("192.0.2.0/24"),
    at("2001:db8::7"),
    at("2001:db8::/64"),
    at("192.0.2.7", "reject"),
    at("2001:db8::/64", "reject"),
    at("192.0.2.7", "drop:25,587"),
    at("2001:db8::/64", "reject:22"),
    at("192.0.2.0/25", "reject:25,465,587"),
    at("0.0.0.0/0", "drop:22"),
    at("2001:db8::/17"),
]


def apply(backend: Backend, changes: dict[Target, float | None]) -> int:
    """Apply *changes*, whose times are hours from now."""
    start = now()
    return backend.apply(
        {target: None if hours is None else start + hours * HOUR for target, hours in changes.items()}, start
    )


def sync(backend: Backend, wanted: Mapping[Target, float], never: tuple[str, ...] = ()) -> int:
    start = now()
    times = {target: start + hours * HOUR for target, hours in wanted.items()}
    return backend.sync(times, [Prefix.parse(prefix) for prefix in never], start)


def held(backend: Backend) -> dict[Target, int]:
    return lasting(backend.held(now()))


@pytest.mark.parametrize("target", EVERY_KIND, ids=str)
def test_a_ban_is_held_until_its_time_and_gone_when_lifted(backend: Backend, target: Target) -> None:
    """Every family, prefix length, port list and verdict comes back as it was asked for."""
    assert apply(backend, {target: 5}) == 1
    assert held(backend) == {target: 5}
    assert lasting(backend.holds(target.prefix, now())) == {target: 5}

    assert apply(backend, {target: None}) == 1
    assert held(backend) == {}


def test_a_later_word_on_a_ban_moves_its_end_either_way(backend: Backend) -> None:
    """A ban can be extended and cut short; the last word counts."""
    one, other = at("192.0.2.7"), at("2001:db8::/64")
    apply(backend, {one: 2, other: 9})

    apply(backend, {one: 8})
    assert held(backend) == {one: 8, other: 9}
    apply(backend, {other: 3})
    assert held(backend) == {one: 8, other: 3}


def test_a_short_ban_of_a_network_and_a_long_one_inside_it_keep_apart(backend: Backend) -> None:
    """Lifting or ending one leaves the other as it was."""
    network, address = at("192.0.2.0/24"), at("192.0.2.7")
    apply(backend, {network: 1, address: 9})
    assert held(backend) == {network: 1, address: 9}
    assert set(backend.holds(address.prefix, now())) == {network, address}
    assert set(backend.holds(Prefix.parse("192.0.2.8"), now())) == {network}

    apply(backend, {network: None})
    assert held(backend) == {address: 9}


def test_scopes_of_one_prefix_keep_apart(backend: Backend) -> None:
    """A ban from one port is not the ban from all of them."""
    everything, mail = at("192.0.2.7"), at("192.0.2.7", "drop:25")
    apply(backend, {everything: 1, mail: 9})

    apply(backend, {everything: None})

    assert held(backend) == {mail: 9}


def test_lifting_what_is_not_there_is_no_error(backend: Backend) -> None:
    """Neither on an empty firewall nor beside other bans, nor twice."""
    stranger, known = at("198.51.100.1"), at("192.0.2.7")

    apply(backend, {stranger: None})
    apply(backend, {known: 1})
    apply(backend, {stranger: None, at("2001:db8::1"): None})
    apply(backend, {known: None})
    apply(backend, {known: None})

    assert held(backend) == {}


def test_a_ban_whose_time_is_over_is_none(backend: Backend) -> None:
    """It is not made, and said of one in force it ends that."""
    target = at("192.0.2.7")
    apply(backend, {target: -1, at("192.0.2.8"): 0})
    assert held(backend) == {}

    apply(backend, {target: 2})
    apply(backend, {target: -1})
    assert held(backend) == {}
    sync(backend, {target: -1, at("192.0.2.9"): 1})
    assert held(backend) == {at("192.0.2.9"): 1}


def test_a_sync_leaves_exactly_what_is_wanted(backend: Backend) -> None:
    """Whatever was there before goes, stays or changes its end."""
    apply(backend, {at("192.0.2.7"): 1, at("192.0.2.8"): 1, at("192.0.2.9", "reject:25"): 1})
    wanted = {at("192.0.2.8"): 5, at("2001:db8::/64"): 5}

    assert sync(backend, wanted) == 2
    assert held(backend) == wanted
    assert sync(backend, wanted) == 2
    assert held(backend) == wanted
    sync(backend, {})
    assert held(backend) == {}


def test_bans_go_on_after_a_sync_and_after_a_flush(backend: Backend) -> None:
    """A flush is no end: the next ban builds up what it needs."""
    one, other = at("192.0.2.7"), at("2001:db8::1", "drop:25")
    sync(backend, {one: 1})
    apply(backend, {other: 2})
    assert held(backend) == {one: 1, other: 2}

    assert backend.flush() == 2
    assert held(backend) == {}
    assert backend.flush() == 0
    apply(backend, {one: 3})
    assert held(backend) == {one: 3}


def test_a_ban_ends_by_itself(backend: Backend) -> None:
    """Nobody has to come back to end it."""
    target, other = at("192.0.2.7"), at("192.0.2.8")
    start = now()
    backend.apply({target: start + 0.2, other: start + HOUR}, start)

    until(lambda: set(backend.held(now())) == {other})
    assert backend.holds(target.prefix, now()) == {}
    backend.apply({target: None}, now())
    backend.apply({target: now() + HOUR}, now())
    assert set(backend.held(now())) == {target, other}


@pytest.mark.parametrize("never", [(), ("0.0.0.0/0", "::/0"), ("127.0.0.0/8", "127.0.0.1", "::1", "fe80::/10")])
def test_who_is_never_stopped_may_be_any_networks(backend: Backend, never: tuple[str, ...]) -> None:
    """None, all there are, and some inside others."""
    assert sync(backend, {at("192.0.2.7"): 1}, never) == 1
    assert held(backend) == {at("192.0.2.7"): 1}


def test_ten_thousand_bans_are_one_change(backend: Backend) -> None:
    """A storm is taken at once, and comes back whole."""
    storm = {
        at(f"198.18.{n >> 8}.{n & 255}" if n % 5 else f"2001:db8:0:{n:x}::/64"): float(1 + n % 3) for n in range(10_000)
    }

    assert apply(backend, dict(storm)) == 10_000
    assert held(backend) == storm
    apply(backend, dict.fromkeys(list(storm)[:5000]))
    assert held(backend) == dict(list(storm.items())[5000:])

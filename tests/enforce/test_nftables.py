"""The nftables backend touches nothing of others, leaves nothing behind and says clearly what is missing."""

import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from math import inf

import pytest

from responder.enforce.backend import Backend
from responder.errors import FirewallError
from responder.values import Prefix
from tests.enforce.namespace import nft
from tests.enforce.opened import opened
from tests.enforce.targets import HOUR, at, lasting, now


@pytest.fixture
def backend(network: None) -> Iterator[Backend]:
    with opened("nftables") as made:
        yield made


pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("network")]

_OTHERS = """
table inet firewalld {
    set blocked { type ipv4_addr; flags timeout; elements = { 192.0.2.7, 192.0.2.8 }; }
    chain input { type filter hook input priority 0; policy accept; ip saddr @blocked drop; tcp dport 25 accept; }
}
table ip responder {
    chain prerouting { type filter hook prerouting priority -300; ip saddr 203.0.113.0/24 drop; }
}
table ip6 nat {
    chain post { type nat hook postrouting priority 100; }
}
"""


def others() -> str:
    return "".join(nft("list", "table", *table.split()) for table in ("inet firewalld", "ip responder", "ip6 nat"))


def test_rules_of_others_stay_as_they_are(backend: Backend) -> None:
    """Ban, lift, sync and flush change no byte of another table, be it of our name in another family."""
    subprocess.run(["nft", "-f", "-"], input=_OTHERS, text=True, check=True)
    before = others()
    start = now()

    backend.sync({at("192.0.2.7"): start + HOUR}, [Prefix.parse("127.0.0.0/8")], start)
    backend.apply({at("192.0.2.0/24", "reject:25"): start + HOUR, at("192.0.2.7"): None}, start)
    assert others() == before
    assert "table inet responder" in nft("list", "tables")
    backend.flush()

    assert others() == before
    assert "table inet responder" not in nft("list", "tables")


def test_the_kernel_keeps_the_bans_when_the_program_is_gone() -> None:
    """Another process finds what the first one made, with its ends."""
    start = now()
    with opened("nftables") as backend:
        backend.sync({at("192.0.2.7"): start + 5 * HOUR, at("2001:db8::/64"): start + 9 * HOUR}, [], start)

    with opened("nftables") as backend:
        assert lasting(backend.held(now())) == {at("192.0.2.7"): 5, at("2001:db8::/64"): 9}


def test_what_the_kernel_refuses_changes_nothing(backend: Backend) -> None:
    """One bad change in a batch undoes the batch, in the kernel and in what we believe of it."""
    start = now()
    backend.sync({at("192.0.2.7"): start + 5 * HOUR}, [], start)

    with pytest.raises(FirewallError, match=r"nftables cannot ban for .+") as refused:
        backend.apply({at("192.0.2.8"): start + HOUR, at("192.0.2.9"): start + 1e15, at("192.0.2.7"): None}, start)

    assert "\n" not in str(refused.value)
    assert lasting(backend.held(now())) == {at("192.0.2.7"): 5}
    backend.apply({at("192.0.2.8"): start + HOUR}, start)
    assert lasting(backend.held(now())) == {at("192.0.2.7"): 5, at("192.0.2.8"): 1}


def test_a_change_after_the_table_was_taken_away_is_refused_and_a_sync_mends_it(backend: Backend) -> None:
    """The daemon hears that its rules are gone, and need only say again what it wants."""
    start = now()
    backend.sync({at("192.0.2.7"): start + HOUR}, [], start)
    nft("flush", "ruleset")

    with pytest.raises(FirewallError):
        backend.apply({at("192.0.2.8"): start + HOUR}, start)

    backend.sync({at("192.0.2.7"): start + HOUR, at("192.0.2.8"): start + HOUR}, [], start)
    assert lasting(backend.held(now())) == {at("192.0.2.7"): 1, at("192.0.2.8"): 1}


_SABOTAGE = {
    "flush ruleset": "table inet responder was gone",
    "delete table inet responder": "table inet responder was gone",
    "flush chain inet responder prerouting": "rules",
    "insert rule inet responder prerouting accept": "rules",
    "add chain inet responder prerouting { policy drop; }": "chain",
    "flush set inet responder drop_v4_32": "1 of 2 bans were gone",
    "delete element inet responder drop_v6_64 { 2001:db8:: }": "1 of 2 bans were gone",
    "add element inet responder drop_v4_32 { 198.51.100.1 timeout 1h }": "1 elements were added",
    "add element inet responder drop_v4_32 { 198.51.100.1 }": "1 elements were added",
    "delete element inet responder never4 { 127.0.0.0/8 }": "changed",
}


@pytest.mark.parametrize("command", _SABOTAGE)
def test_what_somebody_else_does_to_our_table_is_noticed_named_and_mended(backend: Backend, command: str) -> None:
    """Whatever it is, the watch wakes, and after one look all is as it was."""
    start = now()
    wanted = {at("192.0.2.7"): start + 5 * HOUR, at("2001:db8::/64"): start + 9 * HOUR}
    backend.sync(wanted, [Prefix.parse("127.0.0.0/8")], start)
    assert not woken(backend)
    before = nft("-t", "list", "table", "inet", "responder")

    nft(command)

    assert woken(backend)
    assert _SABOTAGE[command] in backend.tend(now())
    assert lasting(backend.held(now())) == {at("192.0.2.7"): 5, at("2001:db8::/64"): 9}
    assert nft("-t", "list", "table", "inet", "responder") == before
    assert backend.tend(now()) == ""


def test_what_does_not_concern_our_table_is_not_looked_into(backend: Backend) -> None:
    """Others may do in their tables what they like, as often as they like."""
    start = now()
    backend.sync({at("192.0.2.7"): start + 5 * HOUR}, [], start)

    subprocess.run(["nft", "-f", "-"], input=_OTHERS, text=True, check=True)
    nft("delete table inet firewalld")

    assert woken(backend), "the kernel tells of every table"
    assert backend.tend(now()) == ""
    assert not woken(backend)


def test_what_we_do_ourselves_wakes_nobody(backend: Backend) -> None:
    """Neither bans nor lifts, new scopes, another allowlist nor the end of it all."""
    start = now()
    backend.sync({at("192.0.2.7"): start + HOUR}, [], start)
    backend.apply(
        {at("192.0.2.8"): start + HOUR, at("192.0.2.7"): None, at("192.0.2.9", "reject:25"): start + 9}, start
    )
    backend.sync({at("192.0.2.8"): start + HOUR}, [Prefix.parse("127.0.0.1")], start)
    backend.flush()

    assert not woken(backend)
    assert backend.due == inf


def test_a_mended_table_goes_on_counting(backend: Backend) -> None:
    """What was stopped is known after an extension, another allowlist and a sabotaged chain too."""
    start = now()
    target = at("127.0.0.2")
    backend.sync({target: start + HOUR}, [], start)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
        knocking.bind(("127.0.0.2", 0))
        knocking.sendto(b"knock", ("127.0.0.1", 9))
    counted = backend.find([target], now())[target]
    assert (counted.packets, counted.octets) == (1, 33)

    backend.apply({target: start + 5 * HOUR}, start)
    backend.sync({target: start + 6 * HOUR}, [Prefix.parse("::1")], start)
    nft("insert rule inet responder prerouting accept")
    assert "rules" in backend.tend(now())

    again = backend.find([target], now())[target]
    assert (again.packets, again.octets) == (1, 33)
    assert lasting({target: again}) == {target: 6}


def woken(backend: Backend) -> bool:
    """Tell whether what the backend watches has become readable; the kernel tells before a change returns."""
    watched = backend.fileno()
    assert watched is not None
    return bool(select.select([watched], [], [], 0)[0])


def test_without_the_right_to_change_the_firewall_it_says_so() -> None:
    """One sentence, for an administrator, and no traceback."""
    program = "from responder.enforce.nftables import Nftables; Nftables()"
    lines = f"""
import os
import responder.enforce.nftables
from responder.errors import FirewallError
os.setuid(65534)
try:
    {program}
except FirewallError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)

    assert said.stdout.startswith("nftables needs CAP_NET_ADMIN: ")
    assert said.stdout.count("\n") == 1


def test_memory_of_ended_bans_is_given_back(backend: Backend) -> None:
    """Thousands of bans that came and went are not remembered for ever."""
    start = now()
    for batch in range(20):
        bans = {at(f"198.18.{batch * 4 + (n >> 8)}.{n & 255}"): start + 120 * batch + 1 for n in range(1000)}
        backend.apply(dict(bans), start + 120 * batch)

    assert len(getattr(backend, "_held")) <= 3000  # noqa: B009 - what is remembered is no part of the contract

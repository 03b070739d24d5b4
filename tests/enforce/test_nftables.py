"""The nftables backend touches nothing of others, leaves nothing behind and says clearly what is missing."""

import subprocess
import sys

import pytest

from responder.enforce.nftables import Nftables
from responder.errors import FirewallError
from responder.values import Prefix
from tests.enforce.namespace import nft
from tests.enforce.targets import HOUR, at, lasting, now

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


def test_rules_of_others_stay_as_they_are() -> None:
    """Ban, lift, sync and flush change no byte of another table, be it of our name in another family."""
    subprocess.run(["nft", "-f", "-"], input=_OTHERS, text=True, check=True)
    before = others()
    backend, start = Nftables(), now()

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
    Nftables().sync({at("192.0.2.7"): start + 5 * HOUR, at("2001:db8::/64"): start + 9 * HOUR}, [], start)

    assert lasting(Nftables().held(now())) == {at("192.0.2.7"): 5, at("2001:db8::/64"): 9}


def test_what_the_kernel_refuses_changes_nothing() -> None:
    """One bad change in a batch undoes the batch, in the kernel and in what we believe of it."""
    backend, start = Nftables(), now()
    backend.sync({at("192.0.2.7"): start + 5 * HOUR}, [], start)

    with pytest.raises(FirewallError, match=r"nftables refused: .+") as refused:
        backend.apply({at("192.0.2.8"): start + HOUR, at("192.0.2.9"): start + 1e15, at("192.0.2.7"): None}, start)

    assert "\n" not in str(refused.value)
    assert lasting(backend.held(now())) == {at("192.0.2.7"): 5}
    backend.apply({at("192.0.2.8"): start + HOUR}, start)
    assert lasting(backend.held(now())) == {at("192.0.2.7"): 5, at("192.0.2.8"): 1}


def test_a_change_after_the_table_was_taken_away_is_refused_and_a_sync_mends_it() -> None:
    """The daemon hears that its rules are gone, and need only say again what it wants."""
    backend, start = Nftables(), now()
    backend.sync({at("192.0.2.7"): start + HOUR}, [], start)
    nft("flush", "ruleset")

    with pytest.raises(FirewallError):
        backend.apply({at("192.0.2.8"): start + HOUR}, start)

    backend.sync({at("192.0.2.7"): start + HOUR, at("192.0.2.8"): start + HOUR}, [], start)
    assert lasting(backend.held(now())) == {at("192.0.2.7"): 1, at("192.0.2.8"): 1}


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

    assert said.stdout.startswith("nftables refused: ")
    assert "Operation not permitted" in said.stdout
    assert said.stdout.count("\n") == 1


def test_memory_of_ended_bans_is_given_back() -> None:
    """Thousands of bans that came and went are not remembered for ever."""
    backend, start = Nftables(), now()
    for batch in range(20):
        bans = {at(f"198.18.{batch * 4 + (n >> 8)}.{n & 255}"): start + 120 * batch + 1 for n in range(1000)}
        backend.apply(dict(bans), start + 120 * batch)

    assert len(backend._held) <= 3000

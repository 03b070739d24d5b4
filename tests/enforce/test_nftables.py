"""The nftables backend touches nothing of others, leaves nothing behind and says clearly what is missing."""

import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from math import inf

import pytest

from responder.enforce.backend import Backend, Target
from responder.errors import FirewallError
from responder.values import Prefix, Scope
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


def woken(backend: Backend) -> bool:
    """Tell whether what the backend watches has become readable; the kernel tells before a change returns."""
    watched = backend.fileno()
    assert watched is not None
    return bool(select.select([watched], [], [], 0)[0])


def knock(source: str) -> None:
    """Send a datagram of 33 octets over loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
        knocking.bind((source, 0))
        knocking.sendto(b"knock", ("127.0.0.1", 9))


def answer(source: str, port: int) -> str:
    """Return what a datagram from *source* to a server at *port* meets with: a word, a refusal or nothing."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        server.bind(("127.0.0.1", port))
        server.setblocking(False)
        client.bind((source, 0))
        client.connect(("127.0.0.1", port))
        client.send(b"knock")
        refused = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        try:
            return server.recv(100).decode()
        except BlockingIOError:
            return "refused" if refused else "silence"


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
    "add table inet responder { flags dormant; }": "table inet responder was changed",
    "flush chain inet responder prerouting": "the rules of chain prerouting were changed",
    "insert rule inet responder prerouting accept": "the rules of chain prerouting were changed",
    "add chain inet responder prerouting { policy drop; }": "chain prerouting was changed",
    "add set inet responder drop_v4_24 { type ipv6_addr; }": "the sets of table inet responder were changed",
    "flush set inet responder drop_v4_32": "2 bans of drop_v4_32 were gone",
    "delete element inet responder drop_v6_64 { 2001:db8:: }": "1 ban of drop_v6_64 was gone",
    "delete element inet responder drop_v6_64 { 2001:db8:: };"
    "add element inet responder drop_v6_64 { 2001:db8:: timeout 5h }": "1 ban of drop_v6_64 was to end at another time",
    "add element inet responder drop_v4_32 { 198.51.100.1 timeout 1h }": "1 element of drop_v4_32 was not ours",
    "add element inet responder drop_v4_32 { 198.51.100.1, 198.51.100.2 }": "2 elements of drop_v4_32 were not ours",
    "delete element inet responder never4 { 127.0.0.0/8 }": "who is never stopped was changed",
}


@pytest.mark.parametrize("command", _SABOTAGE)
def test_what_somebody_else_does_to_our_table_is_noticed_named_and_mended(backend: Backend, command: str) -> None:
    """Whatever it is, the watch wakes, and after one look all is as it was."""
    start = now()
    wanted = {at("192.0.2.7"): 5, at("192.0.2.8"): 50, at("2001:db8::/64"): 9, at("192.0.2.9", "reject:25,587"): 3}
    backend.sync(
        {target: start + hours * HOUR for target, hours in wanted.items()}, [Prefix.parse("127.0.0.0/8")], start
    )
    assert not woken(backend)
    before = nft("-t", "list", "table", "inet", "responder")

    nft(command)

    assert woken(backend)
    assert backend.tend(now()) == _SABOTAGE[command]
    assert lasting(backend.held(now())) == wanted
    assert nft("-t", "list", "table", "inet", "responder") == before
    assert not woken(backend)
    assert backend.due == inf


def test_what_somebody_did_before_we_made_a_new_set_does_not_pass_for_ours(backend: Backend) -> None:
    """Nobody had looked yet; the look that follows sees it all the same."""
    start = now()
    backend.sync({at("192.0.2.7"): start + 5 * HOUR}, [], start)
    nft("insert rule inet responder prerouting accept")

    backend.apply({at("2001:db8::/64", "reject:25"): start + HOUR}, start)
    backend.tend(now())

    assert " accept\n" not in nft("list", "chain", "inet", "responder", "prerouting")
    assert lasting(backend.held(now())) == {at("192.0.2.7"): 5, at("2001:db8::/64", "reject:25"): 1}


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
    knock("127.0.0.2")
    counted = backend.find([target], now())[target]
    assert (counted.packets, counted.octets) == (1, 33)

    backend.apply({target: start + 5 * HOUR}, start)
    backend.sync({target: start + 60 * HOUR}, [Prefix.parse("::1")], start)
    nft("insert rule inet responder prerouting accept")
    assert "rules" in backend.tend(now())

    again = backend.find([target], now())[target]
    assert (again.packets, again.octets) == (1, 33)
    assert lasting({target: again}) == {target: 60}


def test_a_ban_from_udp_ports_leaves_the_others_open_and_reject_says_no(backend: Backend) -> None:
    """Beside TCP ports or alone; drop is silence, reject is an answer."""
    start = now()
    backend.sync({at("127.0.0.2", "drop:25,53/udp,5353/udp"): start + HOUR}, [], start)
    assert [answer("127.0.0.2", port) for port in (53, 5353, 25)] == ["silence", "silence", "knock"]
    assert answer("127.0.0.3", 53) == "knock"

    backend.sync({at("127.0.0.0/24", "reject:53/udp"): start + HOUR}, [Prefix.parse("127.0.0.1")], start)
    assert [answer("127.0.0.2", port) for port in (53, 25)] == ["refused", "knock"]

    assert set(backend.held(now())) == {at("127.0.0.0/24", "reject:53/udp")}


def test_a_ban_ends_at_its_time(backend: Backend) -> None:
    """To a fraction of a second, in whatever way a ban came to the kernel."""
    start, targets = now(), [at(f"192.0.2.{n}") for n in range(3)]
    ends = {target: start + 1000.123 * n + 1 for n, target in enumerate(targets, 1)}
    backend.sync(ends, [], start)
    backend.apply({targets[1]: (end := start + 200_000.777)}, now())

    found = backend.find(targets, now())

    for target, expires in {**ends, targets[1]: end}.items():
        assert found[target].expires == pytest.approx(expires, abs=0.2)


def test_a_table_that_another_process_made_needs_a_sync_before_a_change(backend: Backend) -> None:
    """What the other one banned is not let go for a single ban more, and the sync keeps its counters."""
    start, target = now(), at("127.0.0.2")
    with opened("nftables") as other:
        other.sync({target: start + 50 * HOUR}, [], start)
    knock("127.0.0.2")

    with pytest.raises(FirewallError, match="needs a sync"):
        backend.apply({at("192.0.2.8"): start + HOUR}, start)
    assert set(backend.held(now())) == {target}

    backend.sync({target: start + 40 * HOUR}, [], start)
    assert lasting(backend.held(now())) == {target: 40}
    assert backend.find([target], now())[target].packets == 1


def test_a_change_of_somebody_else_between_ours_is_looked_into_all_the_same(backend: Backend) -> None:
    """The watch is off while a batch is sent, but the kernel's count of transactions tells."""
    start, target = now(), at("192.0.2.7")
    backend.sync({target: start + HOUR}, [], start)
    watch = getattr(backend, "_watch")  # noqa: B009 - the moment between its steps cannot be met from outside

    with watch.ours():
        nft("flush set inet responder drop_v4_32")
        nft("add table inet other")

    assert not woken(backend)
    assert backend.due < now()
    assert backend.tend(now()) == "1 ban of drop_v4_32 was gone"
    assert backend.due == inf


def test_what_has_just_been_added_is_held_at_once(backend: Backend) -> None:
    """Though the kernel lists it in part while it still enlarges a set that has grown."""
    start = now()
    backend.sync({}, [], start)
    for batch in range(4):
        crowd = {Target(Prefix(0xFFFFC6120000 + batch * 20_000 + n, 128), Scope()): start + HOUR for n in range(20_000)}
        backend.apply(dict(crowd), start)
        assert len(backend.held(now())) == (batch + 1) * 20_000


def test_a_look_that_failed_is_owed(backend: Backend) -> None:
    """What could not be mended is tried again, though nobody touches the table any more."""
    start = now()
    backend.sync({at("192.0.2.7"): start + HOUR}, [], start)
    nft("flush set inet responder drop_v4_32")
    getattr(backend, "_netlink").close()  # noqa: B009 - the kernel gives no reason to fail

    with pytest.raises(FirewallError, match="nftables refused: "):
        backend.tend(now())

    assert not woken(backend)
    assert backend.due < inf


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

"""The kernel's sets as ipset(8) sees them: what we write it reads, what it writes we read."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address

import pytest

from responder.enforce.ipset import LONGEST, Header, IpSets, Member
from responder.enforce.iptables_ipset import IptablesIpset
from responder.errors import FirewallError
from tests.enforce.targets import HOUR, at, lasting, now

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("network")]


@pytest.fixture
def sets(network: None) -> Iterator[IpSets]:
    with closing(IpSets()) as made:
        yield made


@pytest.fixture
def backend(network: None) -> Iterator[IptablesIpset]:
    with closing(IptablesIpset()) as made:
        yield made


def ipset(*words: str) -> str:
    return subprocess.run(["ipset", *words], check=True, capture_output=True, text=True).stdout


def member(address: str, bits: int, left: int = 600) -> Member:
    return Member(ip_address(address).packed, bits, left)


def test_what_we_add_the_program_lists(sets: IpSets) -> None:
    """Networks of both families, with timeouts and counters."""
    sets.create("four", 4, 1000)
    sets.create("six", 6, 1000)
    sets.add("four", [member("192.0.2.7", 32), member("198.51.100.0", 24)])
    sets.add("six", [member("2001:db8::", 64)])

    listed = [re.sub(r"timeout (59\d|600) ", "", line) for line in ipset("list", "four").splitlines()[-2:]]
    assert sorted(listed) == ["192.0.2.7 packets 0 bytes 0", "198.51.100.0/24 packets 0 bytes 0"]
    assert "2001:db8::/64 timeout " in ipset("list", "six")
    assert sets.header("four") == Header("hash:net", 2, 1000)
    assert {(one.key, one.bits) for one in sets.members("four")} == {
        (ip_address("192.0.2.7").packed, 32),
        (ip_address("198.51.100.0").packed, 24),
    }


def test_thousands_come_and_go_at_once(sets: IpSets) -> None:
    """More than one message holds."""
    crowd = [Member((0xC6120000 + n).to_bytes(4), 32, 600) for n in range(3000)]
    sets.create("four", 4, 5000)

    sets.add("four", crowd)
    assert {one.key for one in sets.members("four")} == {one.key for one in crowd}
    sets.remove("four", [(one.key, 32) for one in crowd[:2999]])

    assert [one.key for one in sets.members("four")] == [crowd[-1].key]


def test_adding_again_moves_the_end_and_removing_what_is_not_there_is_no_error(sets: IpSets) -> None:
    """The last word counts; nobody has to know what was there."""
    sets.create("four", 4, 1000)
    sets.add("four", [member("192.0.2.7", 32, 600)])
    sets.add("four", [member("192.0.2.7", 32, 60)])
    assert sets.members("four")[0].left <= 60
    sets.add("four", [member("192.0.2.7", 32, LONGEST)])
    assert sets.members("four")[0].left >= LONGEST - 1

    sets.remove("four", [(ip_address("192.0.2.8").packed, 32)])
    assert len(sets.members("four")) == 1


def test_refusals_name_the_set_and_the_reason(sets: IpSets) -> None:
    """A full set, one that is there already, one that is not."""
    sets.create("four", 4, 2)
    with pytest.raises(FirewallError, match="set four: the set is full"):
        sets.add("four", [Member((0xC6120000 + n).to_bytes(4), 32, 600) for n in range(200)])
    with pytest.raises(FirewallError, match="set four: "):
        sets.create("four", 4, 2)
    with pytest.raises(FirewallError, match="set nowhere: No such file"):
        sets.add("nowhere", [member("192.0.2.7", 32)])
    assert sets.header("nowhere") is None
    assert sets.members("nowhere") == []


def test_a_set_grows_while_rules_use_it(backend: IptablesIpset) -> None:
    """Everybody who was in it still is, with his end, and the rule looks at the larger one."""
    start = now()
    backend.sync({at("192.0.2.7"): start + 5 * HOUR}, [], start)
    crowd = {at(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"): start + HOUR for n in range(70_000)}

    backend.apply(dict(crowd), start)

    held = lasting(backend.held(now()))
    assert len(held) == 70_001
    assert held[at("192.0.2.7")] == 5
    assert (
        "--match-set responder4-drop src"
        in subprocess.run(["iptables-legacy", "-t", "raw", "-S"], capture_output=True, text=True, check=True).stdout
    )
    assert backend.flush() == 70_001
    assert ipset("list", "-n") == ""


def test_a_ban_longer_than_the_kernel_can_count_is_extended_in_time(backend: IptablesIpset) -> None:
    """It is asked for again long before the kernel would end it, and its end is told as it was asked for."""
    start = now()
    year = 365 * 24 * HOUR
    backend.sync({at("192.0.2.7"): start + year}, [], start)
    assert lasting(backend.held(start)) == {at("192.0.2.7"): 365 * 24}
    backend.apply({at("192.0.2.8"): start + HOUR}, start)

    later = start + LONGEST / 2 + 1
    assert backend.tend(later) == ""

    assert backend.due < later + LONGEST
    assert "192.0.2.7 timeout 21474" in ipset("list", "responder4-drop")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("ipset flush responder4-drop", "1 of the 1 elements of set responder4-drop"),
        ("iptables-legacy -w -t raw -F; ipset destroy responder4-drop", "the jump in PREROUTING"),
        ("iptables-legacy -w -t raw -F RESPONDER", "rules"),
    ],
)
def test_what_somebody_took_away_is_named_and_back_after_the_next_look(
    backend: IptablesIpset, command: str, said: str
) -> None:
    """The look is due within ten seconds."""
    start = now()
    backend.sync({at("192.0.2.7"): start + 5 * HOUR, at("2001:db8::/64"): start + HOUR}, [], start)
    assert backend.due <= start + 10
    subprocess.run(command, shell=True, check=False)

    assert said in backend.tend(backend.due)

    assert lasting(backend.held(now())) == {at("192.0.2.7"): 5, at("2001:db8::/64"): 1}
    assert backend.tend(now()) == ""

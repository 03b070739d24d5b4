"""A real rbldnsd answers from each data set as the list says."""

import random
import sys
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from responder.blacklist.export.exporting import export_one
from responder.blacklist.values import Kind, Level
from responder.settings.export import ExportSettings
from tests.blacklist.export.lists import (
    ASKED,
    ENTRIES,
    EXCLUSIONS,
    NOW,
    V4_ASKED,
    V6_ASKED,
    entry,
    level_of,
    text,
)
from tests.lab import dns, rbldnsd
from tests.lab.listings import listings
from tests.lab.wait import until

CODES = {Level.BROAD: "127.0.0.2", Level.MODERATE: "127.0.0.3", Level.STRICT: "127.0.0.4"}
LARGE = list(listings(2000, seed=7))
LONG = "xy$" * 300


@pytest.fixture(scope="module")
def server() -> Iterator[rbldnsd.Rbldnsd]:
    if problem := rbldnsd.missing():
        pytest.skip(problem)
    forms = ("ip4set", "ip4trie", "ip6trie", "ip6tset", "dnset")
    zones = {f"{form}.test": (form, text(f"rbldnsd-{form}", ENTRIES, EXCLUSIONS)) for form in forms}
    plain = text("rbldnsd-ip4set", ENTRIES, EXCLUSIONS, nested=False, codes={"strict": "127.0.0.9"})
    zones["plain.test"] = ("ip4set", plain)
    zones["large.test"] = ("ip4set", text("rbldnsd-ip4set", LARGE))
    zones["large6.test"] = ("ip6trie", text("rbldnsd-ip6trie", LARGE))
    zones["long.test"] = ("ip4trie", text("rbldnsd-ip4trie", [entry("192.0.2.5", reason=LONG)]))
    zones["odd.test"] = ("ip4trie", text("rbldnsd-ip4trie", [entry("192.0.2.5", reason="x" + "$" * 300)]))
    with rbldnsd.Rbldnsd(zones) as running:
        yield running


def nested(level: Level | None) -> set[str]:
    return {code for lower, code in CODES.items() if level and lower <= level}


def single(level: Level | None) -> set[str]:
    return {CODES[level]} if level else set()


def test_nothing_is_warned_about(server: rbldnsd.Rbldnsd) -> None:
    """It names every line that it does not take."""
    assert "warning" not in server.log
    assert "truncated" not in server.log


@pytest.mark.parametrize("address", V4_ASKED)
def test_an_ip4set_answers_with_all_levels(server: rbldnsd.Rbldnsd, address: str) -> None:
    """Of the surest listing around; nothing where there is none, or an exclusion."""
    expected = nested(level_of(address, ENTRIES, EXCLUSIONS))
    assert dns.listed(server.port, f"{dns.reverse(address)}.ip4set.test") == expected


@pytest.mark.parametrize("address", ASKED)
def test_a_trie_answers_with_the_level(server: rbldnsd.Rbldnsd, address: str) -> None:
    """The same for both families."""
    zone = "ip6trie.test" if ":" in address else "ip4trie.test"
    expected = single(level_of(address, ENTRIES, EXCLUSIONS))
    assert dns.listed(server.port, f"{dns.reverse(address)}.{zone}") == expected


def test_codes_are_what_was_asked_for(server: rbldnsd.Rbldnsd) -> None:
    """One A record, of the level's own code, where levels are not nested."""
    assert dns.listed(server.port, "5.2.0.192.plain.test") == {"127.0.0.9"}
    assert dns.listed(server.port, "6.2.0.192.plain.test") == {"127.0.0.3"}


@pytest.mark.parametrize("address", V6_ASKED)
def test_an_ip6tset_answers_for_networks_of_64_bits(server: rbldnsd.Rbldnsd, address: str) -> None:
    """And leaves all else to the trie."""
    sixty_fours = [one for one in ENTRIES if one.subject.value.endswith("/64")]
    expected = {"127.0.0.2"} if level_of(address, sixty_fours, EXCLUSIONS) else set()
    assert dns.listed(server.port, f"{dns.reverse(address)}.ip6tset.test") == expected


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("spam.example", Level.STRICT),
        ("www.spam.example", Level.STRICT),
        ("x.b.spam.example", Level.STRICT),
        ("good.spam.example", None),
        ("www.good.spam.example", None),
        ("shop.test", Level.MODERATE),
        ("notspam.example", None),
        ("example", None),
    ],
)
def test_a_dnset_answers_for_domains_and_what_is_below(server: rbldnsd.Rbldnsd, name: str, level: Level | None) -> None:
    """Exclusions too count for what is below them."""
    assert dns.listed(server.port, f"{name}.dnset.test") == nested(level)


def test_the_test_entries_of_rfc_5782_are_there(server: rbldnsd.Rbldnsd) -> None:
    """127.0.0.2 and ::FFFF:7F00:2 are listed, 127.0.0.1 and ::FFFF:7F00:1 never; TEST is, INVALID is not."""
    for zone in ("ip4set", "ip4trie"):
        assert dns.listed(server.port, f"2.0.0.127.{zone}.test")
        assert not dns.listed(server.port, f"1.0.0.127.{zone}.test")
    for zone in ("ip6trie", "ip6tset"):
        assert dns.listed(server.port, f"{v6_name('::ffff:7f00:2')}.{zone}.test")
        assert not dns.listed(server.port, f"{v6_name('::ffff:7f00:1')}.{zone}.test")
    assert dns.listed(server.port, "test.dnset.test")
    assert not dns.listed(server.port, "invalid.dnset.test")


def v6_name(address: str) -> str:
    return ".".join(reversed(ip_address(address).packed.hex()))


def test_the_reason_comes_as_it_is(server: rbldnsd.Rbldnsd) -> None:
    """With quotes, semicolons and dollars; whole up to what a TXT record takes."""
    assert dns.ask(server.port, "5.2.0.192.ip4set.test", dns.TXT).data[0] == '5 "reports"; since $May'
    assert dns.ask(server.port, "5.2.0.192.long.test", dns.TXT).data == (LONG[:191],)  # two bytes for each dollar
    assert dns.ask(server.port, "5.2.0.192.odd.test", dns.TXT).data == ("x" + "$" * 126,)


def test_the_soa_has_the_serial_number(server: rbldnsd.Rbldnsd) -> None:
    """So that a secondary and a monitor see that there is news."""
    assert dns.ask(server.port, "ip4set.test", dns.SOA).data == ("2026052800",)
    assert dns.ask(server.port, "9.9.9.9.ip4set.test").code == 3


def test_a_long_list_is_answered_rightly_wherever_it_is_sampled(server: rbldnsd.Rbldnsd) -> None:
    """Addresses that are listed, and their neighbours."""
    spaces = [one for one in LARGE if one.subject.kind in (Kind.ADDRESS, Kind.NETWORK)]
    for one in random.Random(3).sample(spaces, 100):
        first = ip_address(one.subject.value.partition("/")[0])
        nearby = [first + 1, first + 200] if one.subject.kind is Kind.NETWORK else [first + 1, first - 1]
        for address in map(str, (first, *nearby)):
            level = level_of(address, LARGE, ())
            zone, answer = ("large6.test", single) if ":" in address else ("large.test", nested)
            assert dns.listed(server.port, f"{dns.reverse(address)}.{zone}") == answer(level), address


def test_a_kept_file_is_served_when_its_reload_command_has_run() -> None:
    """With the new answers and a greater serial number."""
    if problem := rbldnsd.missing():
        pytest.skip(problem)
    with rbldnsd.Rbldnsd({"kept.test": ("ip4set", text("rbldnsd-ip4set", []))}) as server:
        hang_up = "import os, sys; os.kill(int(sys.argv[1]), 1)"
        data = {
            "format": "rbldnsd-ip4set",
            "output": str(server.folder / "kept.test"),
            "options": {"nameservers": ["ns1.example.org"]},
            "reload": [sys.executable, "-ISc", hang_up, str(server.pid)],
        }
        result = export_one(ExportSettings.model_validate(data), [entry("192.0.2.5")], (), NOW + 1)

        assert (result.changed, result.reloaded, result.serial) == (True, True, 2026052801)
        until(lambda: dns.listed(server.port, "5.2.0.192.kept.test"))
        assert dns.ask(server.port, "kept.test", dns.SOA).data == ("2026052801",)

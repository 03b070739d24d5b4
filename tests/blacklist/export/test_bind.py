"""A real BIND loads the zones and answers from them as the list says; so it does with a policy zone."""

import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from responder.blacklist.values import Level
from tests.blacklist.export.lists import ASKED, ENTRIES, EXCLUSIONS, entry, level_of, text
from tests.lab import dns, named

CODES = {Level.BROAD: "127.0.0.2", Level.MODERATE: "127.0.0.3", Level.STRICT: "127.0.0.4"}
TOP = "$TTL 300\n@ IN SOA ns.invalid. host.invalid. ( 1 1h 1h 1w 300 )\n@ IN NS ns.invalid.\n"
LOOKED_UP = f"""{TOP}
*.spam A 192.0.2.99
b.spam A 192.0.2.99
x.b.spam A 192.0.2.99
*.b.spam A 192.0.2.99
a.b.spam A 192.0.2.99
good.spam A 192.0.2.99
*.good.spam A 192.0.2.99
spam A 192.0.2.99
free A 192.0.2.99
bad4 A 198.51.100.3
hole4 A 198.51.101.7
bad6 AAAA 2001:db8:bad::24
"""


@pytest.fixture(scope="module")
def server() -> Iterator[named.Named]:
    if problem := named.missing():
        pytest.skip(problem)
    forms = ("bind-ip4", "bind-ip6", "bind-domains")
    zones = {f"{form}.test": text(form, ENTRIES, EXCLUSIONS, zone=f"{form}.test") for form in forms}
    with named.Named(zones) as running:
        yield running


@pytest.fixture(scope="module")
def resolver() -> Iterator[named.Named]:
    if problem := named.missing():
        pytest.skip(problem)
    with named.Named({"example": LOOKED_UP, "rpz.test": policy_zone()}, policy="rpz.test") as running:
        yield running


def policy_zone() -> str:
    return text("rpz", ENTRIES, EXCLUSIONS)


def nested(level: Level | None) -> set[str]:
    return {code for lower, code in CODES.items() if level and lower <= level}


@pytest.mark.parametrize("address", ASKED)
def test_a_zone_answers_with_all_levels(server: named.Named, address: str) -> None:
    """Also for what lies between a network and a surer one inside it, where wildcards do not reach."""
    zone = "bind-ip6.test" if ":" in address else "bind-ip4.test"
    expected = nested(level_of(address, ENTRIES, EXCLUSIONS))
    assert dns.listed(server.port, f"{dns.reverse(address)}.{zone}") == expected


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("spam.example", Level.STRICT),
        ("www.spam.example", Level.STRICT),
        ("x.b.spam.example", Level.STRICT),
        ("b.spam.example", Level.STRICT),
        ("a.b.spam.example", Level.BROAD),
        ("good.spam.example", None),
        ("www.good.spam.example", None),
        ("shop.test", Level.MODERATE),
        ("notspam.example", None),
        ("test", Level.BROAD),
        ("invalid", None),
    ],
)
def test_a_zone_of_domains_answers_for_what_is_below_them(server: named.Named, name: str, level: Level | None) -> None:
    """Also where a name further down is listed, and the one between is not."""
    assert dns.listed(server.port, f"{name}.bind-domains.test") == nested(level)


def test_the_test_entries_of_rfc_5782_are_there(server: named.Named) -> None:
    """127.0.0.2 and ::FFFF:7F00:2 are listed, 127.0.0.1 and ::FFFF:7F00:1 never."""
    for last, there in (("2", True), ("1", False)):
        mapped = ".".join(reversed(ip_address(f"::ffff:7f00:{last}").packed.hex()))
        assert bool(dns.listed(server.port, f"{last}.0.0.127.bind-ip4.test")) is there
        assert bool(dns.listed(server.port, f"{mapped}.bind-ip6.test")) is there


def test_the_reason_and_the_serial_number_are_told(server: named.Named) -> None:
    """Quotes, semicolons and dollars as they are."""
    assert dns.ask(server.port, "5.2.0.192.bind-ip4.test", dns.TXT).data == ('5 "reports"; since $May',)
    assert dns.ask(server.port, "bind-ip4.test", dns.SOA).data == ("2026052800",)


@pytest.mark.parametrize(
    ("name", "answered"),
    [
        ("spam.example", False),
        ("www.spam.example", False),
        ("b.spam.example", False),
        ("x.b.spam.example", False),
        ("a.b.spam.example", False),
        ("good.spam.example", True),
        ("www.good.spam.example", True),
        ("free.example", True),
        ("bad4.example", True),
    ],
)
def test_a_resolver_with_the_policy_zone_keeps_clients_from_domains(
    resolver: named.Named, name: str, answered: bool
) -> None:
    """And from nothing else: it holds domains alone unless kinds are named."""
    assert bool(dns.listed(resolver.port, name)) is answered


def test_a_policy_zone_may_hold_addresses() -> None:
    """Where kinds are named; then answers that contain them are withheld, and exclusions pass."""
    if problem := named.missing():
        pytest.skip(problem)
    zone = text("rpz", ENTRIES, EXCLUSIONS, kinds=("address", "network"))
    with named.Named({"example": LOOKED_UP, "rpz.test": zone}, policy="rpz.test") as resolver:
        assert not dns.listed(resolver.port, "bad4.example")
        assert dns.listed(resolver.port, "hole4.example") == {"198.51.101.7"}
        assert dns.ask(resolver.port, "bad6.example", 28).code == 3
        assert dns.listed(resolver.port, "spam.example")


@pytest.mark.parametrize("form", ["bind-ip4", "bind-ip6", "bind-domains", "rpz"])
def test_a_checked_zone_is_sound(tmp_path: Path, form: str) -> None:
    """By BIND's own check, long names and empty lists too."""
    check = shutil.which("named-checkzone")
    if not check:
        pytest.skip("named-checkzone is not installed")
    long = ".".join(["x" * 60] * 4)
    for entries in ([], [*ENTRIES, entry(f"{long}.example"), entry(f"{long[:120]}.example", reason='\\" ' * 200)]):
        zone = tmp_path / "zone"
        zone.write_text(text(form, entries, EXCLUSIONS, zone="rbl.example.org"))
        done = subprocess.run(
            [check, "-i", "local", "rbl.example.org", zone], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        assert "ignor" not in done.stdout


def test_nothing_is_said_that_a_zone_cannot_hold() -> None:
    """A name too long for the zone behind it is left out, lest BIND refuse all of it."""
    long = ".".join(["x" * 60] * 4) + ".example"
    assert len(long) < 253
    assert "xxx" not in text("bind-domains", [entry(long)])

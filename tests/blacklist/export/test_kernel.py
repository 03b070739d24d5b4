"""The kernel takes the sets, as new ones and in the place of those in use, and drops who is listed."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from tests.blacklist.export.lists import ASKED, ENTRIES, EXCLUSIONS, entry, level_of, ordered, text
from tests.enforce.namespace import inside

pytestmark = pytest.mark.kernel


@pytest.fixture(autouse=True)
def _own_network() -> Iterator[None]:
    with inside():
        yield


def run(*words: str, stdin: str = "") -> str:
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def spans(family: int) -> list[tuple[int, int]]:
    """Return what the set of *family* holds, as numbers."""
    found = json.loads(run("nft", "-j", "list", "set", "inet", "blacklist", f"blacklist{family}"))["nftables"]
    elements: list[Any] = next(one["set"] for one in found if "set" in one).get("elem", [])
    return [_span(element) for element in elements]


def _span(element: Any) -> tuple[int, int]:
    if isinstance(element, str):
        return int(ip_address(element)), int(ip_address(element))
    if "range" in element:
        low, high = (int(ip_address(one)) for one in element["range"])
        return low, high
    first, bits = ip_address(element["prefix"]["addr"]), element["prefix"]["len"]
    return int(first), int(first) | ((1 << (first.max_prefixlen - bits)) - 1)


def test_nft_takes_the_sets_and_replaces_them() -> None:
    """In one transaction, table and sets made by the first; then nothing of the old list is left."""
    run("nft", "-f", "-", stdin=text("nftables", [entry("192.0.2.99"), entry("2001:db8::99")]))
    run("nft", "-f", "-", stdin=text("nftables", ENTRIES, EXCLUSIONS))

    held = {family: spans(family) for family in (4, 6)}
    for address in ("192.0.2.99", "2001:db8::99", *ASKED):
        number = int(ip_address(address))
        there = any(first <= number <= last for first, last in held[6 if ":" in address else 4])
        assert there is (level_of(address, ENTRIES, EXCLUSIONS) is not None), address


def test_an_empty_list_empties_the_sets() -> None:
    """Which is a list, too."""
    for entries in (ENTRIES, []):
        run("nft", "-f", "-", stdin=text("nftables", entries))
    assert spans(4) == spans(6) == []


def test_ipset_takes_the_sets_and_swaps_them() -> None:
    """Those in use keep their name; what is excluded does not match."""
    if not shutil.which("ipset"):
        pytest.skip("ipset is not installed")
    run("ipset", "restore", stdin=text("ipset", [entry("192.0.2.99")]))
    run("ipset", "restore", stdin=text("ipset", ENTRIES, EXCLUSIONS))

    assert set(run("ipset", "list", "-n").split()) == {"blacklist4", "blacklist6"}
    for address in ("192.0.2.99", *ASKED):
        name = f"blacklist{6 if ':' in address else 4}"
        asked = subprocess.run(["ipset", "-q", "test", name, address], capture_output=True, check=False)
        assert (asked.returncode == 0) is (level_of(address, ENTRIES, EXCLUSIONS) is not None), address


def test_names_and_table_are_those_asked_for() -> None:
    """Beside an administrator's own table, which is not touched."""
    run("nft", "-f", "-", stdin="table inet filter { set mine4 { type ipv4_addr; flags interval; }; }")
    run("nft", "-f", "-", stdin=text("nftables", ordered([entry("192.0.2.5")]), table="filter", set="mine"))
    assert "192.0.2.5" in run("nft", "list", "set", "inet", "filter", "mine4")

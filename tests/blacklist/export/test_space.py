"""Whatever is listed and excluded, each format says the same of every address, by the rules of its reader."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.blacklist.export.space import cut, parse_span, split
from responder.blacklist.values import Entry, Level
from tests.blacklist.export.lists import entry, level_of, network, ordered, spaces, text, v4_values, v6_values
from tests.blacklist.export.zones import answer
from tests.lab.dns import reverse

CODES = {Level.BROAD: "127.0.0.2", Level.MODERATE: "127.0.0.3", Level.STRICT: "127.0.0.4"}
few = settings(max_examples=30)
_VALUE = re.compile(r'^"?((?:\d+\.){3}\d+(?:/\d+)?|[0-9a-f]*:[0-9a-f:]+(?:/\d+)?)', re.MULTILINE)
Case = tuple[list[Entry], list[str]]
v4_cases, v6_cases = spaces(v4_values), spaces(v6_values)
cases = st.one_of(v4_cases, v6_cases)


def asked(case: Case) -> set[str]:
    """Return addresses at the edges of all that is listed or excluded, and just outside."""
    entries, exclusions = case
    found = set()
    for value in (*(one.subject.value for one in entries), *exclusions):
        first, last = network(value)[0], network(value)[-1]
        found |= {str(address) for address in (first - 1, first, first + 1, last, last + 1)}
    return found


def body(form: str, case: Case, **options: Any) -> list[str]:
    return [line for line in text(form, *case, **options).splitlines() if not line.startswith(("#", "$", ":127", ";"))]


@few
@given(v4_cases)
def test_an_ip4trie_gives_the_longest_match(case: Case) -> None:
    """As rbldnsd looks up; an exclusion of the same length wins."""
    check_longest("rbldnsd-ip4trie", case)


@few
@given(v6_cases)
def test_an_ip6trie_gives_the_longest_match(case: Case) -> None:
    """As rbldnsd looks up."""
    check_longest("rbldnsd-ip6trie", case)


def check_longest(form: str, case: Case) -> None:
    rows = [line.partition(" :") for line in body(form, case)[1:]]
    for address in asked(case):
        here = ip_address(address)
        found = [(network(key.lstrip("!")), key[0] == "!", rest) for key, _, rest in rows]
        best = max((row for row in found if here in row[0]), key=lambda row: (row[0].prefixlen, row[1]), default=None)
        level = level_of(address, *case)
        assert (best[2].partition(":")[0] if best and not best[1] else None) == (CODES[level] if level else None)


@few
@given(cases)
def test_a_cidr_table_refuses_by_its_first_match(case: Case) -> None:
    """Both the one for smtpd and the one for postscreen."""
    for form in ("postfix-cidr", "postscreen"):
        rows = [(network(line.split()[0]), line.split()[1].lower()) for line in body(form, case)]
        for address in asked(case):
            first = next((verdict for span, verdict in rows if ip_address(address) in span), "dunno")
            assert (first == "reject") is (level_of(address, *case) is not None)


@few
@given(cases)
def test_lists_without_exceptions_hold_exactly_what_is_listed(case: Case) -> None:
    """Plain, for Exim, for nft: cut around what is excluded, and no two overlap."""
    for form in ("plain", "exim-hosts", "nftables"):
        found = [network(value) for value in _VALUE.findall(text(form, *case))]
        for address in asked(case):
            holding = [span for span in found if ip_address(address) in span]
            assert len(holding) == (level_of(address, *case) is not None)


@few
@given(cases)
def test_an_ipset_gives_the_longest_match(case: Case) -> None:
    """As hash:net with nomatch does."""
    rows = [line.split()[2:] for line in body("ipset", case) if line.startswith("add")]
    for address in asked(case):
        holding = [row for row in rows if ip_address(address) in network(row[0])]
        best = max(holding, key=lambda row: (network(row[0]).prefixlen, len(row)), default=["", "nomatch"])
        assert (len(best) == 1) is (level_of(address, *case) is not None)


@few
@given(v4_cases)
def test_an_indexed_map_finds_addresses_by_their_octets(case: Case) -> None:
    """The address, then without its last octet, and so on; no key comes twice."""
    rows = [line.split(maxsplit=2)[:2] for line in body("postfix-client", case)]
    found = dict(rows)
    assert len(rows) == len(found)
    for address in asked(case):
        parts = address.split(".")
        keys = [".".join(parts[:count]) for count in (4, 3, 2, 1)]
        verdict = next((found[key] for key in keys if key in found), "DUNNO")
        assert (verdict == "REJECT") is (level_of(address, *case) is not None)


@few
@given(v6_cases)
def test_an_indexed_map_never_refuses_an_ipv6_address_that_is_not_listed(case: Case) -> None:
    """What it cannot say is left out, what it cannot exclude precisely is excluded widely."""
    rows = [line.split(maxsplit=2)[:2] for line in body("postfix-client", case)]
    found = dict(rows)
    assert len(rows) == len(found)
    for address in asked(case):
        keys = [address]
        while ":" in keys[-1]:
            keys.append(keys[-1].rpartition(":")[0])
        verdict = next((found[key] for key in keys if key in found), "DUNNO")
        assert verdict == "DUNNO" or level_of(address, *case)


def test_an_indexed_map_holds_ipv6_networks_that_look_the_same_in_each_address() -> None:
    """Not those of which words may be written ::, one at the end or two in a row."""
    values = ("2001:db8:0:5::/64", "2001:db8:7::/48", "2001:db8::/48", "2001:0:0:5::/64", "2001:db8:8::/47")
    found = [line.split()[0] for line in body("postfix-client", (ordered(map(entry, values)), []))]
    assert found == ["2001:db8:0:5", "2001:db8:7"]


def test_an_indexed_map_excludes_a_whole_word_of_ipv6() -> None:
    """Where what is excluded ends within one; rather too much than somebody who should get in."""
    listed = [entry("2001:db8:7::/48")]
    assert body("postfix-client", (listed, ["2001:db8:7:5:4000::/66"])) == [
        "2001:db8:7 REJECT 3 reports",
        "2001:db8:7:5 DUNNO",
    ]
    assert body("postfix-client", (listed, ["2001:db8:7:8000::/50"])) == []


@pytest.mark.parametrize("nested", [True, False])
@few
@given(case=v4_cases)
def test_a_zone_of_ipv4_answers_with_the_level(nested: bool, case: Case) -> None:
    """By the rules for wildcards (RFC 4592)."""
    check_zone("bind-ip4", case, nested=nested)


@few
@given(v6_cases)
def test_a_zone_of_ipv6_answers_with_the_level(case: Case) -> None:
    """By the rules for wildcards (RFC 4592)."""
    check_zone("bind-ip6", case, nested=True)


def check_zone(form: str, case: Case, *, nested: bool) -> None:
    records: dict[str, set[str]] = {}
    for line in body(form, case, nested=nested):
        name, _, kind, data = line.split(maxsplit=3)
        records.setdefault(name, set()).update({data} if kind == "A" else ())
    for address in asked(case):
        level = level_of(address, *case)
        codes = {code for lower, code in CODES.items() if level and lower <= level}
        found = answer(records, reverse(address))
        assert max(found, default="") == max(codes, default="")
        assert not nested or found == codes


@given(st.one_of(v4_values, v6_values), st.lists(st.one_of(v4_values, v6_values), max_size=5))
def test_a_span_is_cut_to_what_is_left(value: str, others: Iterable[str]) -> None:
    """Neither more nor less, in order, in as few pieces as there can be."""
    span = parse_span(value)
    inside = sorted({hole for hole in map(parse_span, others) if network_holds(value, str(hole))})
    holes = [hole for hole in inside if not any(one != hole and network_holds(str(one), str(hole)) for one in inside)]
    pieces = list(cut(span, holes))
    assert pieces == sorted(pieces)
    total = sum(network(str(piece)).num_addresses for piece in (*pieces, *holes))
    assert total == network(value).num_addresses
    assert not any(network_holds(str(hole), str(piece)) for piece in pieces for hole in holes)


def network_holds(wide: str, narrow: str) -> bool:
    outer, inner = network(wide), network(narrow)
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


@given(v4_values)
def test_a_span_is_split_at_octets(value: str) -> None:
    """Into all that it holds."""
    parts = list(split(parse_span(value), 8))
    assert {part.bits % 8 for part in parts} == {0}
    assert sum(network(str(part)).num_addresses for part in parts) == network(value).num_addresses


@pytest.mark.parametrize("value", ["", "192.0.2", "192.0.2.0/33", "::/129", "::g", "192.0.2.0/-1", "1.2.3.4/x", "a b"])
def test_what_is_no_span_is_refused(value: str) -> None:
    """With a ValueError."""
    with pytest.raises(ValueError):
        parse_span(value)

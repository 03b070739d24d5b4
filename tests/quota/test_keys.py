"""One sender has one name, however he writes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.quota.keys import LONGEST, canonical, compiled, identities, plain, specificity
from tests.quota.values import a_request


@pytest.mark.parametrize(
    ("key", "attributes", "found"),
    [
        ("sasl-user", {"sasl_username": "Bob"}, "bob"),
        ("sasl-user", {}, None),
        ("sender", {"sender": "News@Shop.Example."}, "news@shop.example"),
        ("sender", {"sender": '"a@b"@shop.example'}, '"a@b"@shop.example'),
        ("sender-domain", {"sender": '"a@b"@SHOP.example'}, "shop.example"),
        ("sender-domain", {"sender": "x@bücher.example"}, "xn--bcher-kva.example"),
        ("sender-domain", {"sender": "x@XN--BCHER-KVA.example"}, "xn--bcher-kva.example"),
        ("sender-domain", {"sender": "www-data"}, "@"),
        ("sender-domain", {"sender": ""}, None),
        ("client", {"client_address": "2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"),
        ("client", {"client_address": "::ffff:192.0.2.7"}, "192.0.2.7"),
        ("client", {"client_address": "unknown"}, None),
        ("network", {"client_address": "192.0.2.7"}, "192.0.2.0/24"),
        ("network", {"client_address": "2001:db8:1:2:3::4"}, "2001:db8:1::/48"),
        ("global", {}, "*"),
        ("attribute:ccert_subject", {"ccert_subject": "Web1"}, "web1"),
        ("attribute:ccert_subject", {}, None),
        ("sender-domain + client", {}, "shop.example + 192.0.2.7"),
        ("sasl-user + client", {}, None),
        ("sasl-user | sender | client", {}, "news@shop.example"),
        ("sasl-user | sender | client", {"sender": ""}, "192.0.2.7"),
        ("sasl-user | sender | client", {"sasl_username": "bob"}, "bob"),
    ],
)
def test_a_request_counts_against(key: str, attributes: dict[str, str], found: str | None) -> None:
    assert compiled(key)(a_request(**attributes)) == found


@given(st.binary(min_size=1, max_size=2000).map(lambda value: value.replace(b"\n", b" ")))
def test_any_bytes_are_a_name_that_can_be_printed_and_stored(raw: bytes) -> None:
    """Bounded, too; and a name is its own name."""
    name = plain(raw)

    assert name.isprintable()
    assert 0 < len(name) <= LONGEST
    assert name.encode()
    for key in ("sender", "sender-domain", "sasl-user | client", "sender + client"):
        compiled(key)(a_request() | {b"sender": raw, b"sasl_username": raw, b"client_address": raw})


def test_long_names_stay_distinct() -> None:
    names = {plain(b"x" * 5000 + str(number).encode()) for number in range(10)}

    assert len(names) == 10
    assert max(map(len, names)) <= LONGEST


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("Shop.Example", "shop.example"),
        ("@shop.example", "shop.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("News@Shop.Example", "news@shop.example"),
        ("Bob", "bob"),
        ("2001:DB8::1", "2001:db8::/64"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.0/24", "192.0.2.0/24"),
    ],
)
def test_what_an_administrator_writes_is_what_is_counted(written: str, counted: str) -> None:
    assert canonical(written) == counted


def test_somebody_is_known_by_all_his_names() -> None:
    assert identities(a_request(sasl_username="Bob")) == {"bob", "news@shop.example", "shop.example", "192.0.2.7"}


def test_the_narrower_key_comes_first() -> None:
    keys = ["global", "network", "sender-domain", "sender", "sender + client"]

    keys.reverse()
    assert sorted(keys, key=specificity) == keys[::-1]

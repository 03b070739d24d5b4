"""Pieces that stand before an address: what a peer may write into them cannot become the address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.detect.pattern import Pattern, UnprovenError

EXIM = Pattern("login failed for <exim-host>: 535")
BASIC = Pattern('user "<basic-user>": password mismatch, client: <address>, server')
VHOST = Pattern(r"(?:<label>(?::<port>)? )?<address> - requested")


@pytest.mark.parametrize(
    ("host", "blamed"),
    [
        ("[192.0.2.7]", "192.0.2.7"),
        ("host7.example.net [192.0.2.7]:45014", "192.0.2.7"),
        ("(pc) [2001:db8::66]", "2001:db8::66"),
        ("host7.example.net (a_b-c) [192.0.2.7]", "192.0.2.7"),
        ("([198.51.100.1]) [192.0.2.7]", "192.0.2.7"),
        ("([IPv6:2001:db8::1]) [192.0.2.7]", "192.0.2.7"),
        ("([IPv6:fe80::1%eth0]) [192.0.2.7]", "192.0.2.7"),
        ("198.51.100.1 (198.51.100.1) [192.0.2.7]", "192.0.2.7"),
        ("(x y) [192.0.2.7]", None),
        ("([198.51.100.1]: 535) [192.0.2.7]", None),
        ("(a [198.51.100.1]) [192.0.2.7]", None),
        ("a b [192.0.2.7]", None),
    ],
)
def test_exim_tells_a_client_from_what_he_says(host: str, blamed: str | None) -> None:
    """His name and HELO, as far as Exim lets them be; anything else is nobody."""
    found = EXIM.find(f"login failed for {host}: 535")

    assert (str(found) if found else None) == blamed


@given(st.text(st.characters(exclude_characters=":\n"), max_size=255))
def test_a_name_of_basic_authentication_cannot_name_another(name: str) -> None:
    """It has no colon, and the program's words do."""
    found = BASIC.find(f'user "{name}": password mismatch, client: 192.0.2.7, server: x, referrer: "{name}"')

    assert str(found) == "192.0.2.7"


@pytest.mark.parametrize("host", ["", "www.example.org ", "www.example.org:443 ", "198.51.100.1 ", "198.51.100.1:80 "])
def test_a_virtual_host_is_no_client(host: str) -> None:
    """Even one that is called like an address."""
    assert str(VHOST.find(f"{host}192.0.2.7 - requested")) == "192.0.2.7"


@pytest.mark.parametrize(
    "text",
    [
        'user "<basic-user>", client <address>',
        "user <basic-user>.*: failed <address>$",
        "(?:user <basic-user>)? from: <address>",
    ],
)
def test_a_name_of_basic_authentication_must_be_followed_by_a_colon(text: str) -> None:
    """Of the program's own; else nothing says where it ends."""
    with pytest.raises(UnprovenError, match="no colon stands in the program's own words"):
        Pattern(text)

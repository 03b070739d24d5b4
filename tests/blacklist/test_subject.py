"""What people write is one subject, whichever way they write it; what is none is told what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.blacklist import names, subject
from responder.blacklist.subjects import backwards
from responder.blacklist.values import Kind, Subject
from responder.values import Prefix

SAME = [
    (Kind.ADDRESS, "192.0.2.7", ["192.0.2.7", " 192.0.2.7\n", "192.0.2.7/32", "::ffff:192.0.2.7", "::ffff:c000:207"]),
    (Kind.ADDRESS, "2001:db8::7", ["2001:DB8:0:0::7", "2001:db8::7/128"]),
    (Kind.NETWORK, "192.0.2.0/24", ["192.0.2.0/24", "192.0.2.99/24", "::ffff:192.0.2.1/120"]),
    (Kind.NETWORK, "2001:db8::/48", ["2001:db8::/48", "2001:db8:0:1::7/48"]),
    (Kind.EMAIL, "Koko@example.org", ["Koko@example.org", "Koko@EXAMPLE.org.", "Koko@example。org"]),
    (Kind.EMAIL, "k@xn--bcher-kva.example", ["k@bücher.example", "k@BÜCHER.example", "k@XN--BCHER-KVA.example"]),
    (Kind.DOMAIN, "xn--strae-oqa.example", ["straße.example", "STRAßE.example."]),
    (Kind.DOMAIN, "a_b.example.org", ["A_b.Example.org"]),
    (Kind.URL, "http://example.org/", ["HTTP://user:pw@Example.ORG:80#top", "http://example.org"]),
    (Kind.URL, "https://[2001:db8::7]:8443/a?b=%C3%A9", ["https://[2001:DB8:0::7]:8443/a?b=é#", "https://[2001:db8::7]:8443/a?b=%c3%a9"]),
    (Kind.URL, "http://192.0.2.7/A", ["http://192.0.2.7/A"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "written"), SAME, ids=[value for _, value, _ in SAME])
def test_equal_subjects_are_equal_values(kind: Kind, value: str, written: list[str]) -> None:
    assert {subject.parse(text) for text in written} == {Subject(kind, value)}
    assert subject.parse(value, kind) == Subject(kind, value)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("", "192.0.2.7"), ("127.1", "192.0.2.7"), ("1.2.3.4.5", "192.0.2.7"),
        ("example", "example.org"), ("a b.org", "example.org"),
        ("-a.example", "example.org"), ("192.0.2.0/33", "192.0.2.7"),
        ("fe80::1%eth0", "192.0.2.7"), ("xn--a.example", "example.org"),
        ("@example.org", "someone@"), ("Koko <k@example.org>", "someone@"),
        ("k@[192.0.2.7]", "example.org"), ("a" * 250 + ".org", "example.org"),
        ("http:///x", "https://"), ("gopher://example.org/", "https://"), ("http://a b.org/", "https://"),
        ("http://0x7f.1/", "example.org"),
        ("http://example.org:99999/", "https://"), ("http://2130706433/", "example.org"), ("http://[::1/", "https://"),
    ],
)  # fmt: skip
def test_what_is_no_subject_is_told_what_would_be_right(text: str, right: str) -> None:
    with pytest.raises(ValueError, match=right.replace(".", r"\.")):
        subject.parse(text)


def test_another_kind_than_was_asked_for_is_refused() -> None:
    with pytest.raises(ValueError, match="of kind address, not network"):
        subject.parse("192.0.2.7", Kind.NETWORK)


_LABELS = st.text("abcxyz019-_üßéж漢。A", min_size=1, max_size=8)
_DOMAINS = st.lists(_LABELS, min_size=1, max_size=4).map(".".join)
_PORTS = st.sampled_from(["", ":80", ":443", ":8", ":x"])
_TEXTS = st.one_of(
    _DOMAINS,
    st.builds("{}@{}".format, st.text(max_size=6), _DOMAINS),
    st.builds("{}://{}{}/{}".format, st.sampled_from(["http", "HTTPS", "ftp"]), _DOMAINS, _PORTS, st.text(max_size=9)),
    st.ip_addresses().map(str),
    st.builds("{}/{}".format, st.ip_addresses(), st.integers(0, 128)),
    st.text(max_size=20),
)  # fmt: skip


@given(_TEXTS)
def test_a_canonical_form_is_its_own(text: str) -> None:
    """Whatever is read is read again as the same; nothing else than a ValueError is raised."""
    try:
        found = subject.parse(text)
    except ValueError:
        return
    assert subject.parse(found.value) == found
    assert found.value.isprintable()
    assert len(found.value.encode()) < 2700  # what an index of PostgreSQL takes


@given(st.ip_addresses(), st.integers(0, 128))
def test_what_holds_an_address_is_found_among_its_networks(address: object, length: int) -> None:
    inside = Prefix.parse(str(address))
    holding = subject.holding(inside)

    assert holding[0] == inside
    assert all(wide.covers(inside) for wide in holding)
    assert len(holding) == (33 if inside.family == 4 else 129)
    wanted = [wide for wide in holding if wide.length == length]
    assert subject.holding(inside, [length]) == wanted


@given(_DOMAINS, _DOMAINS)
def test_domains_below_are_a_range(one: str, other: str) -> None:
    """Turned round, a domain and all below it lie together, and nothing else does."""
    try:
        above, below = names.domain(one), names.domain(other)
    except ValueError:
        return
    begins = backwards(above)
    for name in (below, f"{below}.{above}", f"x{above}"):
        inside = begins <= backwards(name) < begins[:-1] + "/"
        assert inside == (name == above or name.endswith(f".{above}"))

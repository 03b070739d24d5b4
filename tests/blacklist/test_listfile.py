"""Lists of others are read whatever their form; a line that is wrong costs itself and nothing else."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.blacklist.jsonlist import LONGEST
from responder.blacklist.listfile import FORMS, Form, Item, Listed, Misread, detect, exclusions, read
from responder.blacklist.subject import parse

PLAIN = b"""\
# a list
; of many kinds
192.0.2.7
198.51.100.0/24 ; a network
203.0.113.1-203.0.113.2
203.0.113.8 - 203.0.113.9

Spam.Example
koko@spam.example   sends mail
http://spam.example/a#b
2001:db8::/48\r
not a thing
192.0.2.999
"""
CSV = b"""\
value,kind,level,category,reason
192.0.2.7,address,strict,spam,"5 reports, 3 days"
spam.example,domain,broad,phishing,
,,,,
"192.0.2.8
x"y,z
"""
RBLDNSD = b"""\
$SOA 3600 ns1.example.org hostmaster.example.org 0 1h 15m 1w 5m
$TTL 300
#$NS 3600 ns1.example.org
:127.0.0.2:Listed, see https://rbl.example.org/q/$
127.0.0.2
192.0.2.5 :127.0.0.4:strict: 5 reports for $$9
198.51.100.0/30
!198.51.100.2
203.0.113
203.0.113.1-2 # two
2001:db8:bad::/48 :127.0.0.4:strict
!2001:db8:bad::25
$DATASET dnset @
:2:a domain
test
.spam.example
*.other.example named
!good.spam.example
192.0.2.999
"""


def lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def whole(data: bytes, form: Form | None = None) -> list[Item]:
    found = form or detect(data)
    return list(read(lines(data), found, exclusions(lines(data), found)))


def values(items: list[Item]) -> list[tuple[int, str]]:
    return [(item.line, item.subject.value) for item in items if isinstance(item, Listed)]


def misread(items: list[Item]) -> list[int]:
    return [item.line for item in items if isinstance(item, Misread)]


def test_a_plain_list_is_read() -> None:
    items = whole(PLAIN)

    assert detect(PLAIN) == "plain"
    assert values(items) == [
        *((3, "192.0.2.7"), (4, "198.51.100.0/24"), (5, "203.0.113.1"), (5, "203.0.113.2"), (6, "203.0.113.8/31")),
        *((8, "spam.example"), (9, "koko@spam.example"), (10, "http://spam.example/a"), (11, "2001:db8::/48")),
    ]
    assert misread(items) == [12, 13]
    assert next(item.reason for item in items if isinstance(item, Listed) and item.line == 9) == "sends mail"


def test_a_line_that_is_wrong_says_what_would_be_right() -> None:
    wrong = [item for item in whole(PLAIN) if isinstance(item, Misread)]

    assert wrong[0].text == "not a thing"
    assert "write" in wrong[0].problem


def test_of_a_line_that_is_much_too_long_only_the_beginning_is_shown() -> None:
    [wrong] = whole(b"x" * 5000 + b"\n")

    assert isinstance(wrong, Misread)
    assert len(wrong.text) + len(wrong.problem) < 400
    assert "write an address" in wrong.problem


def test_csv_is_read_by_the_names_of_its_columns() -> None:
    items = whole(CSV)

    assert detect(CSV) == "csv"
    assert values(items) == [(2, "192.0.2.7"), (3, "spam.example")]
    assert [(item.category, item.reason) for item in items if isinstance(item, Listed)] == [
        ("spam", "5 reports, 3 days"),
        ("phishing", ""),
    ]
    assert misread(items) == [4, 5, 6]


@pytest.mark.parametrize(
    "data", [b"ip;why\n192.0.2.7;x\n", b"192.0.2.7\tx\n", b'"192.0.2.7",x\n', b"# x\nDomain, IP\nx, 192.0.2.7\n"]
)
def test_csv_has_its_own_marks_between_columns(data: bytes) -> None:
    """And without names, the first column is what is listed."""
    assert [value for _, value in values(whole(data, "csv"))] == ["192.0.2.7"]


ENTRIES = [
    {"value": "192.0.2.7", "category": "spam", "reason": 'say "x\\"'},
    "spam.example",
    {"ip": "198.51.100.0/24", "extra": [1, {}]},
]
FOUND = ["192.0.2.7", "spam.example", "198.51.100.0/24"]


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(ENTRIES),
        json.dumps(ENTRIES, indent=2),
        json.dumps({"generated": "now", "by": {"name": [1]}, "entries": ENTRIES, "more": {"a": []}}),
        json.dumps({"generated": "now", "entries": ENTRIES}, indent=1),
        "\n".join(map(json.dumps, ENTRIES)),
        "[\n" + ",\n".join(map(json.dumps, ENTRIES)) + "\n]\n",
        '{"format": 1,\n"entries": [\n' + ",\n".join(map(json.dumps, ENTRIES)) + "\n]}\n",
        "\n".join(json.dumps(entry, indent=1) for entry in ENTRIES),
        "\n".join((json.dumps(ENTRIES[:1]), json.dumps({"data": ENTRIES[1:2]}), json.dumps(ENTRIES[2]))),
    ],
)
def test_json_is_read_as_array_as_entries_and_by_line(data: str) -> None:
    """Pretty or not; and also when it comes in pieces of any size."""
    assert detect(data.encode()) in ("json", "plain")
    assert [value for _, value in values(whole(data.encode(), "json"))] == FOUND
    for size in (1, 7):
        pieces = [data.encode()[at : at + size] for at in range(0, len(data), size)]
        assert [value for _, value in values(list(read(pieces, "json")))] == FOUND


def test_a_broken_entry_costs_itself_and_the_next_on_one_line_is_read() -> None:
    data = b'{"value": "192.0.2.1"}\n{"value": "192.0.2.2"\n{"value": "192.0.2.3"}\n{"val\xff": }\n'
    data += b'{"value": "192.0.2.4"}\n{"val'

    items = whole(data)

    assert values(items) == [(1, "192.0.2.1"), (3, "192.0.2.3"), (5, "192.0.2.4")]
    assert misread(items) == [3, 4, 6]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"[" * 100_000, "the document ends"),
        (b'{"a":' * 100_000, "the document ends"),
        (b"[" + b"[" * 100_000 + b"]" * 100_000, "no JSON"),
        (b'["' + b"x" * (LONGEST + 1) + b'", "192.0.2.7"]', "is longer than"),
        (b"[[1]]", "no entry"),
        (b'[{"value": 7}]', "nothing is listed"),
    ],
)
def test_json_that_holds_no_entry_is_told(data: bytes, problem: str) -> None:
    """Too deep, too long, cut off, or of another shape."""
    problems = [item.problem for item in whole(data, "json") if isinstance(item, Misread)]

    assert problem in " ".join(problems)


def test_a_list_for_rbldnsd_is_read() -> None:
    """Its defaults, codes, ranges, octets left out, exclusions, test entries, and several sets in one file."""
    items = whole(RBLDNSD)

    assert detect(RBLDNSD) == "rbldnsd"
    shown = [(line, value) for line, value in values(items) if line != 11]
    assert shown == [
        *((6, "192.0.2.5"), (7, "198.51.100.0/31"), (7, "198.51.100.3"), (9, "203.0.113.0/24")),
        *((10, "203.0.113.1"), (10, "203.0.113.2"), (16, "spam.example"), (17, "other.example")),
    ]
    holed = [value for line, value in values(items) if line == 11]
    assert len(holed) == 80
    assert "2001:db8:bad::24" in holed
    assert misread(items) == [18, 19]
    reasons = {item.subject.value: item.reason for item in items if isinstance(item, Listed)}
    assert reasons["192.0.2.5"] == "strict: 5 reports for $9"
    assert reasons["203.0.113.1"] == "Listed, see https://rbl.example.org/q/203.0.113.1-2"
    assert (reasons["spam.example"], reasons["other.example"]) == ("a domain", "named")


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"", "plain"),
        (b"192.0.2.7\n", "plain"),
        (b"http://spam.example/a,b;c\n", "plain"),
        (b"192.0.2.7 # a, b\n", "plain"),
        (b"ip,reason\n", "csv"),
        (b"192.0.2.7;x\n", "csv"),
        (b"  [", "json"),
        (b'{"a"', "json"),
        (b"; x\n$TTL 300\n", "rbldnsd"),
        (b"192.0.2.7 :2:x\n", "rbldnsd"),
        (b"192.0.2.0/24\n!192.0.2.7\n", "rbldnsd"),
        (b"\xef\xbb\xbf:127.0.0.2:x\n", "rbldnsd"),
    ],
)
def test_the_form_is_told_from_how_a_list_begins(data: bytes, form: Form) -> None:
    assert detect(data) == form


def test_memory_does_not_grow_with_the_list() -> None:
    """An endless list gives its first entries."""

    def endless() -> Iterator[bytes]:
        while True:
            yield b'{"value": "192.0.2.7"}\n'

    for form in FORMS:
        if form == "json":
            found = read(endless(), form)
            assert all(isinstance(next(found), Listed) for _ in range(1000))


_LINE = st.sampled_from(
    [
        *lines(PLAIN),
        *lines(CSV),
        *lines(RBLDNSD),
        *lines(json.dumps(ENTRIES, indent=1).encode()),
        b"[\n",
        b"]\n",
        b'"\n',
        b"{\n",
    ]
)


@given(st.lists(_LINE | st.binary(max_size=20), max_size=30), st.sampled_from(FORMS))
def test_any_lines_can_be_read_as_any_form(some: list[bytes], form: Form) -> None:
    """Every entry is canonical, and every line that is told has a number and what is wrong."""
    for item in read(some, form, exclusions(some, form)):
        assert 1 <= item.line <= b"".join(some).count(b"\n") + len(some) + 1
        if isinstance(item, Listed):
            assert parse(item.subject.value) == item.subject
            item.reason.encode()
        else:
            assert item.problem


_VALUES = st.sampled_from(
    ["192.0.2.7", "198.51.100.0/24", "2001:db8::/48", "spam.example", "k@spam.example", "https://spam.example/"]
)


@given(st.lists(_VALUES, max_size=20))
def test_every_form_lists_the_same(some: list[str]) -> None:
    """Whichever a list is written in."""
    written: dict[Form, str] = {
        "plain": "\n".join(some),
        "csv": "\n".join(["value,reason", *(f"{value},x" for value in some)]),
        "json": json.dumps([{"value": value} for value in some]),
    }
    for form, text in written.items():
        assert [value for _, value in values(whole(text.encode(), form))] == some

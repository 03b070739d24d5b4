"""Whatever strangers wrote into reasons, categories and names, a file has the lines it should have, and no other."""

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from responder.blacklist.export import tables
from responder.blacklist.export.formats import FORMATS
from responder.blacklist.export.wording import LONGEST, ascii_line
from responder.blacklist.values import Entry, Kind, Level, Subject
from responder.settings import export as settings
from tests.blacklist.export.lists import ENTRIES, EXCLUSIONS, NOW, entry, ordered, subject, text

hostile = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="$;\"\\\n\r\t:#!{}()<>%'|^*,=@ a.\0\x85\u2028", max_size=60),
    st.sampled_from(["x\n0.0.0.0/0 :127.0.0.2:y", '" REJECT\n192.0.2.0/24', "\\", "=1+1", "$$" * 200, "é" * 300]),
)
names = st.one_of(
    hostile,
    st.builds("{}.example".format, hostile),
    st.builds("{}@mail.example".format, hostile),
    st.builds("https://www.example/{}".format, hostile),
)
named = st.builds(Subject, st.sampled_from([Kind.DOMAIN, Kind.EMAIL, Kind.URL]), names)
LINES = [name for name in FORMATS if name not in ("json", "csv")]


def with_words(reason: str, category: str) -> list[Entry]:
    return [one._replace(reason=reason, category=category) for one in ENTRIES]


@pytest.mark.parametrize("form", LINES)
@bounded(max_examples=20)
@given(reason=hostile, category=hostile)
def test_no_reason_adds_or_spoils_a_line(form: str, reason: str, category: str) -> None:
    """Each line begins as it does with a plain reason, and all of it is printable ASCII."""
    options = {"text": "{category}: {reason} ({level})"} if "text" in settings.FORMATS[form] else {}
    found = text(form, with_words(reason, category), EXCLUSIONS, **options)
    plain = text(form, with_words("plain", "plain"), EXCLUSIONS, **options)

    assert re.fullmatch(r"[ -~\t\n]*", found)
    assert [line.split()[:1] for line in found.split("\n")] == [line.split()[:1] for line in plain.split("\n")]


@pytest.mark.parametrize("form", LINES)
@bounded(max_examples=20)
@given(subjects=st.lists(named, max_size=6))
def test_no_name_adds_or_spoils_a_line(form: str, subjects: list[Subject]) -> None:
    """A name that would is left out; those that are not are plain, one word each."""
    entries = ordered(Entry(one, Level.STRICT, 5.0, "spam", NOW - 1, NOW + 1, "reason") for one in subjects)
    found, empty = text(form, entries), text(form, [])

    assert re.fullmatch(r"[ -~\t\n]*", found)
    saying = [one for one in entries if text(form, [one]) != empty]
    assert found == text(form, saying)
    assert not any(re.search(r"[^!-~]|[\"\\]", one.subject.value) for one in saying)


@given(reason=hostile, category=hostile, subjects=st.lists(named, max_size=6))
def test_json_and_csv_hold_everything_on_a_line_each(reason: str, category: str, subjects: list[Subject]) -> None:
    """JSON gives it back as it was; CSV as one row of printable text that is no formula."""
    entries = ordered(Entry(one, Level.BROAD, 2.5, category, NOW - 1, NOW + 1, reason) for one in subjects)
    rows = text("json", entries, EXCLUSIONS).splitlines()
    assert [json.loads(row)["reason"] for row in rows[1 + len(EXCLUSIONS) :]] == [reason] * len(entries)
    assert [one for one in tables.read(rows) if isinstance(one, Entry)] == entries
    assert [one for one in tables.read(rows) if isinstance(one, Subject)] == [subject(value) for value in EXCLUSIONS]

    table = text("csv", entries, EXCLUSIONS)
    cells = list(csv.reader(io.StringIO(table)))
    assert len(cells) == len(table.splitlines()) == 1 + len(EXCLUSIONS) + len(entries)
    assert {len(row) for row in cells} == {9}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in cells for cell in row)


@given(hostile)
def test_a_line_of_ascii_is_one(written: str) -> None:
    """Of bounded length; what is one already stays."""
    line = ascii_line(written)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) <= LONGEST
    assert ascii_line(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "5",
        "[]",
        "{}",
        '{"kind": "address", "excluded": "x"}',
        '{"kind": "planet", "value": "x"}',
        '{"kind": "domain", "value": 5, "level": "broad", "score": 1, "category": "", "since": "", "until": ""}',
        '{"kind": "domain", "value": "a.example", "level": "vast", "score": 1}',
    ],
)
def test_what_is_no_list_is_refused(line: str) -> None:
    """With the number of the line."""
    with pytest.raises(ValueError, match="line 2 "):
        list(tables.read(['{"list": ""}', line]))


@pytest.mark.parametrize("form", FORMATS)
def test_names_are_excluded_with_all_that_is_below_them(form: str) -> None:
    """Domains, addresses of theirs, URLs on them."""
    values = ("good.spam.example", "a.good.spam.example", "x@good.spam.example", "https://u:p@good.spam.example:8/x")
    entries = ordered(entry(value) for value in (*values, "friend@shop.test"))
    assert text(form, entries, EXCLUSIONS) == text(form, [], EXCLUSIONS)
    assert "notgood.spam.example" in text("plain", [entry("notgood.spam.example")], EXCLUSIONS)


def test_the_formats_are_those_of_the_settings() -> None:
    """By the same names, and every option is one that there is."""
    assert list(FORMATS) == list(settings.FORMATS)
    assert {option for options in settings.FORMATS.values() for option in options} == set(
        settings.ExportOptions.model_fields
    )
    assert len({one.file for one in FORMATS.values()}) == len(FORMATS)

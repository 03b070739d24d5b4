"""tables - lists for programs and people: JSON lines, CSV, and plain values.

JSON: an object a line.  The first tells when the list was made; then come those
that are excluded, then the entries, each with value, level, code, score, category,
since, until and reason.  `read` reads it back.

CSV: a row an entry, excluded ones with the level ``excluded``; no stamp, because
nobody expects a comment there.  What a spreadsheet would take for a formula is
marked as text.

Plain: one value a line; networks are cut around what is excluded inside them.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from responder.blacklist.export.blocks import parted, walk, without_holes
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.export.space import parse_span
from responder.blacklist.export.wording import codes, level_name, one_line
from responder.blacklist.values import Entry, Kind, Level, Subject
from responder.times import format_time, parse_time

_COLUMNS = ("kind", "value", "level", "code", "score", "category", "since", "until", "reason")
_FORMULA = ("=", "+", "-", "@")
_SPACE = (Kind.ADDRESS, Kind.NETWORK)


def json_top(head: Head) -> str:
    """Return the first line."""
    return json.dumps({"list": head.stamp, "made": format_time(head.made), "serial": head.serial}) + "\n"


def json_lines(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield an object for each excluded subject and each entry."""
    for kind, value in exclusions.subjects:
        yield json.dumps({"excluded": value, "kind": kind.value}) + "\n"
    quote = json.encoder.encode_basestring_ascii
    own = codes(head.options, nested=False)
    middles = {level: f', "level": "{level_name(level)}", "code": "{own[level][0]}", "score": ' for level in Level}
    for subject, level, score, category, since, until, reason in _visible(entries, exclusions):
        yield (
            f'{{"kind": "{subject.kind.value}", "value": {quote(subject.value)}{middles[level]}{float(score)!r}'
            f', "category": {quote(category)}, "since": "{format_time(since)}", "until": "{format_time(until)}"'
            f', "reason": {quote(reason)}}}\n'
        )


def csv_rows(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield the names of the columns, the excluded subjects, the entries."""
    row = csv.writer(_Echo(), lineterminator="\n").writerow
    own = codes(head.options, nested=False)
    yield _text(row(_COLUMNS))
    for kind, value in exclusions.subjects:
        yield _text(row((kind.value, _cell(value), "excluded", *[""] * (len(_COLUMNS) - 3))))
    for subject, level, score, category, since, until, reason in _visible(entries, exclusions):
        yield _text(
            row(
                (
                    subject.kind.value,
                    _cell(subject.value),
                    level_name(level),
                    own[level][0],
                    f"{score:g}",
                    _cell(category),
                    format_time(since),
                    format_time(until),
                    _cell(reason),
                )
            )
        )


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _text(written: Any) -> str:
    return str(written)


def _cell(text: str) -> str:
    text = one_line(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain(entries: Iterable[Entry], exclusions: Exclusions, _head: Head) -> Iterator[str]:
    """Yield the values, one a line."""
    space, others = parted(entries)
    for _, text, *_ in without_holes(walk(space, exclusions), exclusions):
        yield f"{text}\n"
    for entry in _visible(others, exclusions):
        yield f"{entry.subject.value}\n"


def _visible(entries: Iterable[Entry], exclusions: Exclusions) -> Iterator[Entry]:
    return (entry for entry in entries if not exclusions.hide(entry.subject)) if exclusions.subjects else iter(entries)


def read(lines: Iterable[str]) -> Iterator[Entry | Subject]:
    """Yield the excluded Subjects and the Entries of a list as `json_lines` writes it.

    Raises ValueError, with the number of the line, for what is none.
    """
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            if "list" not in row:
                yield Subject(Kind(row["kind"]), _value(row, "excluded")) if "excluded" in row else _entry(row)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"has no {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"line {number} {what}; lines are to be as `responder export json` writes them") from None


def _entry(row: Any) -> Entry:
    return Entry(
        Subject(Kind(row["kind"]), _value(row, "value")),
        Level[str(row["level"]).upper()],
        float(row["score"]),
        str(row["category"]),
        parse_time(row["since"]),
        parse_time(row["until"]),
        str(row["reason"]),
    )


def _value(row: Any, key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise ValueError(f"has {value!r} for a value")  # noqa: TRY004 - told with its line
    return str(parse_span(value)) if row["kind"] in _SPACE else value

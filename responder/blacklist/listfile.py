"""listfile - lists of others: read line by line, whatever form they have; memory does not grow with them.

    plain    an address, network, range, domain, e-mail address or URL a line; what follows a blank is why
    csv      with names over the columns, or what is listed in the first; , or ; or tabulators
    json     an array, an object with "entries", or an object a line
    rbldnsd  ip4set, ip4trie, ip6trie, ip6tset, dnset, and several of these in one file ($DATASET)

A line that cannot be read is told with its number and what would be right;
nothing else is lost by it.

Pure: lines in, values out.  A list with exclusions is read twice: `exclusions`, then `read`.

Falls short: rbldnsd tells a domain from all below it (``.example.org``); here a domain is both.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple, get_args

from responder.blacklist import ranges, subject
from responder.blacklist.jsonlist import Broken, objects
from responder.blacklist.ranges import Holes
from responder.blacklist.values import Kind, Subject
from responder.values import Prefix, parse_address

Form = Literal["plain", "csv", "json", "rbldnsd"]
FORMS: tuple[Form, ...] = get_args(Form)

LONGEST_LINE = 65_536
_LONGEST_SHOWN = 200
_REMEDY = "write an address, a network, a range, a domain, an e-mail address or a URL"
_COMMENT = re.compile(r"(?:^|\s)[#;].*", re.DOTALL)
_RBLDNSD = re.compile(
    r"[#;:]?\$(?:SOA|NS|TTL|DATASET|TIMESTAMP|MAXRANGE4|[0-9=])\b|:[0-9.]*:|![0-9A-Za-z.]|\S+\s+:[0-9.]*:"
)
_SUBJECT_KEYS = (
    *("value", "subject", "address", "ip", "ip_address", "ipaddress", "network", "cidr", "prefix", "range"),
    *("email", "sender", "url", "domain", "host", "hostname", "indicator"),
)
_REASON_KEYS = ("reason", "why", "comment", "description", "text")
_CATEGORY_KEYS = ("category", "categories", "type", "threat")


class Listed(NamedTuple):
    """What a list lists, in which line, and the category and reason that it gives."""

    subject: Subject
    line: int
    category: str = ""
    reason: str = ""


class Misread(NamedTuple):
    """A line that could not be read, why, and what would be right."""

    line: int
    text: str
    problem: str


Item = Listed | Misread


def detect(head: bytes) -> Form:
    """Return the form of a list that begins with *head*."""
    lines = [line for line in (raw.strip() for raw in _text(head).splitlines()[:200]) if line]
    if lines and lines[0][0] in "[{":
        return "json"
    if any(_RBLDNSD.match(line) for line in lines):
        return "rbldnsd"
    content = [text for line in lines if (text := _COMMENT.sub("", line))]
    if content and any(mark in content[0] for mark in ",;\t") and "://" not in content[0].partition(",")[0]:
        return "csv"
    return "plain"


def read(lines: Iterable[bytes], form: Form, holes: Holes | None = None) -> Iterator[Item]:
    """Yield what *lines* of *form* list, without *holes*, and what could not be read."""
    for item in _READERS[form](lines):
        prefix = _prefix(item) if holes and isinstance(item, Listed) else None
        if prefix and holes and isinstance(item, Listed):
            yield from (item._replace(subject=_subject(rest)) for rest in holes.around(prefix))
        else:
            yield item


def exclusions(lines: Iterable[bytes], form: Form) -> Holes:
    """Return what *lines* of *form* exclude from what they list."""
    if form != "rbldnsd":
        return Holes()
    taken: list[Prefix] = []
    for raw in lines:
        if raw.startswith(b"!"):
            try:
                taken += ranges.parse(_entry(_text(raw[1:]))[0])
            except ValueError:
                continue  # `read` tells it
    return Holes(taken)


def _plain(lines: Iterable[bytes]) -> Iterator[Item]:
    for number, line in _numbered(lines):
        text = _COMMENT.sub("", line)
        if text.strip():
            spaced = re.sub(r"\s+-\s+", "-", text.strip(), count=1)
            named, _, reason = spaced.partition(" ") if "\t" not in spaced else spaced.partition("\t")
            yield from _listed(number, named, line, "", reason)


def _csv(lines: Iterable[bytes]) -> Iterator[Item]:
    columns: list[str] | None = None
    delimiter = ","
    for number, line in _numbered(lines):
        if not line.strip() or line.startswith("#"):
            continue
        if columns is None:
            delimiter = max(",;\t", key=line.count)
        try:
            row = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True))]
        except (csv.Error, StopIteration):
            yield Misread(number, line[:_LONGEST_SHOWN], "quotes are not closed; write a row on one line")
            continue
        if columns is None:
            columns = [cell.lower() for cell in row]
            if any(key in columns for key in _SUBJECT_KEYS):
                continue
            columns = ["value"]
        yield from _row(number, dict(zip(columns, row, strict=False)), line)


def _json(lines: Iterable[bytes]) -> Iterator[Item]:
    for number, found in objects(lines):
        if isinstance(found, str):
            yield from _listed(number, found, found)
        elif isinstance(found, dict):
            yield from _row(number, {key.lower(): found[key] for key in found}, str(found))
        elif isinstance(found, Broken):
            yield Misread(number, found.text, found.problem)
        else:
            yield Misread(number, str(found)[:_LONGEST_SHOWN], "no entry; write an object with a value, or a text")


def _rbldnsd(lines: Iterable[bytes]) -> Iterator[Item]:
    reason = ""
    for number, line in _numbered(lines):
        text = line.strip()
        if re.match(r"[#;:]?\$", text) or not text or text[0] in "#;":
            continue
        if text.startswith(":"):
            reason = text[1:].partition(":")[2]
            continue
        named, own = _entry(text.removeprefix("!"))
        if text.startswith("!"):
            yield from _excluded(number, named, line)
        elif named.lower() not in _TESTS:
            why = _reason(own or reason, named)
            yield from _listed(number, re.sub(r"^\*?\.", "", named), line, "", why, is_prefix=True)


_READERS: dict[Form, Callable[[Iterable[bytes]], Iterator[Item]]] = {
    "plain": _plain,
    "csv": _csv,
    "json": _json,
    "rbldnsd": _rbldnsd,
}
_TESTS = ("127.0.0.2", "::ffff:7f00:2", "test", ".test")


def _entry(text: str) -> tuple[str, str]:
    """Return what a line of rbldnsd lists, and its reason."""
    named, _, value = text.strip().partition(" ") if "\t" not in text else text.strip().partition("\t")
    value = value.strip()
    if value[:1] in ("#", ";"):
        value = ""
    return named.strip(), value.partition(":")[2].partition(":")[2] if value.startswith(":") else value


def _reason(text: str, named: str) -> str:
    """Return the TXT template *text* for *named*: $ is the address, $$ a dollar sign."""
    return text.strip().replace("$$", "\0").replace("$", named).replace("\0", "$")


def _excluded(number: int, named: str, line: str) -> Iterator[Item]:
    """Tell an exclusion that `Holes` cannot hold."""
    try:
        ranges.parse(named)
    except ValueError:
        yield Misread(
            number, line[:_LONGEST_SHOWN], "domains are excluded by an allowlist; allowlist it, it was not taken over"
        )


def _row(number: int, row: dict[str, Any], line: str) -> Iterator[Item]:
    """Yield what a row or object with named values lists."""
    named = next((row[key] for key in _SUBJECT_KEYS if isinstance(row.get(key), str) and row[key]), "")
    category, reason = (
        next((row[key] for key in keys if isinstance(row.get(key), str)), "") for keys in (_CATEGORY_KEYS, _REASON_KEYS)
    )
    yield from _listed(number, named, line, category, reason)


def _listed(
    number: int, named: str, line: str, category: str = "", reason: str = "", *, is_prefix: bool = False
) -> Iterator[Item]:
    """Yield what *named* is: a range gives several.  Only where *is_prefix*, octets may be left out."""
    named, most = named.strip(), _LONGEST_SHOWN
    address = parse_address(named)  # the usual case, read in a third of the time
    try:
        if address:
            subjects = [_subject(address)]
        elif ranges.looks_numeric(named) and ("-" in named or is_prefix):
            subjects = [_subject(prefix) for prefix in ranges.parse(named)]
        else:
            subjects = [subject.parse(named)]
    except ValueError as error:
        problem = str(error) if named else f"nothing is listed; {_REMEDY}"
        yield Misread(number, line[:most], problem if len(named) < most else f"too long for anything; {_REMEDY}")
        return
    for found in subjects:
        yield Listed(found, number, " ".join(category.split())[:most], " ".join(reason.split())[:most])


def _subject(prefix: Prefix) -> Subject:
    return Subject(Kind.ADDRESS if prefix.is_address else Kind.NETWORK, str(prefix))


def _prefix(item: Listed) -> Prefix | None:
    return Prefix.parse(item.subject.value) if item.subject.kind in (Kind.ADDRESS, Kind.NETWORK) else None


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Yield each line with its number, from 1."""
    for number, raw in enumerate(lines, 1):
        yield number, _text(raw[:LONGEST_LINE]).rstrip("\r\n")


def _text(raw: bytes) -> str:
    return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")

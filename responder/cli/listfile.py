"""listfile - a list in a file, as ``responder export json`` writes it: for those who export what was listed elsewhere.

Read as it is used, so its length does not matter; which is why it must be in order.
"""

import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from responder.blacklist.export import tables
from responder.blacklist.export.space import parse_span
from responder.blacklist.values import Entry, Kind, Subject
from responder.errors import UsageError

_ORDER = {Kind.ADDRESS: 0, Kind.NETWORK: 0, Kind.DOMAIN: 1, Kind.EMAIL: 2, Kind.URL: 3}


def listed(name: str) -> tuple[Iterator[Entry], tuple[Subject, ...]]:
    """Return the entries in the file *name* (- is standard input), and what is excluded.

    Raises UsageError, now or as it is read, for what is no such list or out of order.
    """
    rows = _rows(name)
    exclusions: list[Subject] = []
    for row in rows:
        if isinstance(row, Entry):
            return _entries(name, itertools.chain([row], rows)), tuple(exclusions)
        exclusions.append(row)
    return iter(()), tuple(exclusions)


def _rows(name: str) -> Iterator[Entry | Subject]:
    try:
        with Path(name).open(encoding="utf-8") if name != "-" else sys.stdin as file:
            yield from tables.read(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"{name}: {error}") from None


def _entries(name: str, rows: Iterable[Entry | Subject]) -> Iterator[Entry]:
    last: tuple[int, bytes, int] = (-1, b"", 0)
    for row in rows:
        if not isinstance(row, Entry):
            raise UsageError(f"{name}: {row.value} is excluded, but stands below entries; put it before them")
        place = _place(row.subject)
        if place <= last:
            raise UsageError(
                f"{name}: {row.subject.value} comes twice or too late; addresses and networks are in order of their "
                "space, then come domains, e-mail addresses and URLs"
            )
        last = place
        yield row


def _place(subject: Subject) -> tuple[int, bytes, int]:
    kind = _ORDER[subject.kind]
    if kind:
        return kind, subject.value.encode(errors="replace"), 0
    span = parse_span(subject.value)
    return kind, span.first, span.length

"""keys - networks for those who look up an address, then cut it shorter at a dot or colon, and look again.

So do Postfix and sendmail with access maps.  An IPv4 network becomes its octets,
at most 128 lines of them; what is excluded inside it has lines of its own, which
are found first.  IPv6 is cut at words of 16 bits; an excluded IPv6 network that
ends within a word is taken for all of the word, so that nobody is refused who
should not be.

Pure.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from responder.blacklist.export.blocks import walk
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.space import Span, make, octets, split
from responder.blacklist.values import Entry


class Key(NamedTuple):
    """What is looked up, and the entry that lists it; None for what is excluded."""

    text: str
    entry: Entry | None


def keys(entries: Iterable[Entry], exclusions: Exclusions, word_form: Callable[[Span], str]) -> Iterator[Key]:
    """Yield a key for all of *entries*; *word_form* writes an IPv6 span that ends with a word."""
    for span, text, entry, _ in walk(entries, exclusions):
        if span.length == 128:
            yield Key(text if span.v4 else word_form(span), entry)
            continue
        holes = [_widened(hole) for hole in exclusions.inside(span)]
        parts = list(split(span, 8)) if span.v4 else [span]
        for part in parts:
            if part not in holes and not any(_holds(hole, part) for hole in holes):
                yield Key(_form(part, word_form), entry)
        for hole in dict.fromkeys(holes):
            for part in split(hole, 8) if hole.v4 else [hole]:
                if part.length > parts[0].length:
                    yield Key(_form(part, word_form), None)


def _form(span: Span, word_form: Callable[[Span], str]) -> str:
    return ".".join(octets(span)) if span.v4 else word_form(span)


def _widened(hole: Span) -> Span:
    return hole if hole.v4 else make(int.from_bytes(hole.first), hole.length // 16 * 16, v4=False)


def _holds(hole: Span, part: Span) -> bool:
    return hole.first <= part.first and part.last <= hole.last

"""blocks - listed addresses and networks in the order of their space, without what needs no line of its own.

What is excluded is left out, and so is what a listed network holds: all of it,
or, where answers tell levels, what is no surer than the network around it.
A network comes before what it holds, so a stack of those around is all that is
kept: memory does not grow with the list.

Pure.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.space import Span, cut, parse_span
from responder.blacklist.values import Entry, Kind


class Block(NamedTuple):
    """A listed span, its text, why, and the listed network around it, if any, which is less sure."""

    span: Span
    text: str
    entry: Entry
    around: "Block | None"


def walk(entries: Iterable[Entry], exclusions: Exclusions, *, levels: bool = False) -> Iterator[Block]:
    """Yield the blocks of *entries*, which are addresses and networks in canonical order.

    With *levels*, also those inside a network that are surer than it.
    """
    excluded = bool(exclusions.v4.spans or exclusions.v6.spans)
    around: list[Block] = []
    for entry in entries:
        text = entry.subject.value
        span = parse_span(text)
        while around and (span.first > around[-1].span.last or span.v4 is not around[-1].span.v4):
            around.pop()
        if around and (not levels or entry.level <= around[-1].entry.level):
            continue
        if excluded and exclusions.cover(span):
            continue
        block = Block(span, text, entry, around[-1] if around else None)
        if span.length < 128:
            around.append(block)
        yield block


def without_holes(blocks: Iterable[Block], exclusions: Exclusions) -> Iterator[Block]:
    """Yield *blocks* cut around what is excluded inside them: for those who know lists only."""
    for block in blocks:
        holes = exclusions.inside(block.span) if block.span.length < 128 else ()
        if holes:
            for piece in cut(block.span, holes):
                yield block._replace(span=piece, text=str(piece))
        else:
            yield block


def parted(entries: Iterable[Entry]) -> tuple[Iterator[Entry], Iterator[Entry]]:
    """Return the addresses and networks of *entries*, and what comes behind them, to be read in this order."""
    source, border = iter(entries), list[Entry]()

    def space() -> Iterator[Entry]:
        for entry in source:
            if entry.subject.kind not in (Kind.ADDRESS, Kind.NETWORK):
                border.append(entry)
                return
            yield entry

    def others() -> Iterator[Entry]:
        yield from border
        yield from source

    return space(), others()

"""bind - DNS blacklists as zones of BIND: addresses by octets, IPv6 by nibbles, domains by name.

Networks are wildcards at the next octet or nibble.  A wildcard does not reach
below a name that exists, so where something surer is listed inside a network,
the names between the two have wildcards of their own.

IPv4 and IPv6 have a zone each: 2.0.0.0/24 as ``*.0.0.2`` would answer for half of
the IPv6 addresses there are.

Falls short: a domain that is listed below a surer one answers with its own level.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from responder.blacklist.export.blocks import Block, walk
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.export.names import Between, visible
from responder.blacklist.export.space import Span, cut, make, nibbles, octets, split
from responder.blacklist.export.wording import codes, wording
from responder.blacklist.export.zone import quoted
from responder.blacklist.values import Entry, Level

_TEST = '"Test entry of this blacklist"'
_EXCLUDED = '"not listed: on the allowlist"'
_BELOW = '"The domain above this one is listed"'
_V4_TEST, _V6_TEST = make(0xFFFF7F000002, 128, v4=True), make(0xFFFF7F000002, 128, v4=False)


class _Answers(NamedTuple):
    """The records of each level."""

    codes: dict[Level, tuple[str, ...]]

    def records(self, name: str, level: Level, txt: str) -> str:
        return "".join([f"{name} IN A {code}\n" for code in self.codes[level]]) + f"{name} IN TXT {txt}\n"


def ip4(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield the records of IPv4 addresses and networks."""
    yield f"{_name(_V4_TEST)} IN A {head.options.codes.broad}\n{_name(_V4_TEST)} IN TXT {_TEST}\n"
    yield from _addresses(entries, exclusions, head, 8)


def ip6(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield the records of IPv6 addresses and networks."""
    yield f"{_name(_V6_TEST)} IN A {head.options.codes.broad}\n{_name(_V6_TEST)} IN TXT {_TEST}\n"
    yield from _addresses(entries, exclusions, head, 4)


def _addresses(entries: Iterable[Entry], exclusions: Exclusions, head: Head, unit: int) -> Iterator[str]:
    answers, say = _Answers(codes(head.options, nested=head.options.nested)), wording(head.options.text)
    opened: dict[int, Span] = {}
    for block in walk(entries, exclusions, levels=True):
        if block.around:
            for between in _between(block, exclusions, opened, unit):
                yield answers.records(f"*.{_name(between)}", block.around.entry.level, quoted(say(block.around.entry)))
        txt = quoted(say(block.entry))
        if block.span.length == 128:
            yield answers.records(_name(block.span), block.entry.level, txt)
            continue
        for piece in cut(block.span, exclusions.inside(block.span)):
            for part in split(piece, unit):
                name = _name(part) if part.length == 128 else f"*.{_name(part)}"
                yield answers.records(name, block.entry.level, txt)


def _between(block: Block, exclusions: Exclusions, opened: dict[int, Span], unit: int) -> Iterator[Span]:
    """Yield, once each, the networks between *block* and the one around it that are not cut anyway."""
    assert block.around
    first = int.from_bytes(block.span.first)
    written = -(-block.around.span.length // unit) * unit
    for length in range(written + unit, block.span.length, unit):
        span = make(first, length, v4=block.span.v4)
        if opened.get(length) != span and not exclusions.inside(span):
            opened[length] = span
            yield span


def _name(span: Span) -> str:
    return ".".join(reversed(octets(span) if span.v4 else nibbles(span)))


def domains(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield the records of domains, for themselves and all that is below them."""
    answers, say = _Answers(codes(head.options, nested=head.options.nested)), wording(head.options.text)
    between = Between()
    yield f"test IN A {head.options.codes.broad}\ntest IN TXT {_TEST}\n"
    for name in exclusions.domains:
        between.note(name, None)
        yield f"{name} IN TXT {_EXCLUDED}\n*.{name} IN TXT {_EXCLUDED}\n"
    for name, entry in visible(entries, exclusions):
        between.note(name, entry.level)
        txt = quoted(say(entry))
        yield answers.records(name, entry.level, txt) + answers.records(f"*.{name}", entry.level, txt)
    for name, level in between.names():
        yield answers.records(name, level, _BELOW) + answers.records(f"*.{name}", level, _BELOW)

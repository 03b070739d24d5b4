"""exclusions - what must not be listed though something around it is: the allowlist, ready to be asked.

Addresses and networks are kept as disjoint spans in order; a name excludes what
is below it, too.

Pure.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from responder.blacklist.export.space import Span, parse_span
from responder.blacklist.values import Kind, Subject


class _Spans:
    """Disjoint spans of one family, in order."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans: list[Span] = []
        for span in sorted(spans, key=lambda span: (span.first, span.length)):  # of two that begin together the wider
            if not self.spans or span.first > self.spans[-1].last:
                self.spans.append(span)
        self.firsts = [span.first for span in self.spans]

    def cover(self, span: Span) -> bool:
        place = bisect_right(self.firsts, span.first) - 1
        if place < 0:
            return False
        near = self.spans[place]
        return near.length <= span.length and span.first <= near.last

    def inside(self, span: Span) -> list[Span]:
        return self.spans[bisect_left(self.firsts, span.first) : bisect_right(self.firsts, span.last)]


class Exclusions(NamedTuple):
    """The allowlist; make one with `gather`."""

    subjects: tuple[Subject, ...]
    v4: _Spans
    v6: _Spans
    names: frozenset[str]
    others: frozenset[Subject]

    @property
    def domains(self) -> list[str]:
        """Return the names, in order."""
        return sorted(self.names)

    @property
    def emails(self) -> list[str]:
        """Return the e-mail addresses, in order."""
        return sorted(subject.value for subject in self.others if subject.kind is Kind.EMAIL)

    def cover(self, span: Span) -> bool:
        """Tell whether all of *span* is excluded."""
        return (self.v4 if span.v4 else self.v6).cover(span)

    def inside(self, span: Span) -> list[Span]:
        """Return the excluded parts of *span*, in order."""
        return (self.v4 if span.v4 else self.v6).inside(span)

    def hide(self, subject: Subject) -> bool:
        """Tell whether *subject* is excluded, itself or by what holds it."""
        if subject.kind in (Kind.ADDRESS, Kind.NETWORK):
            return bool(self.v4.spans or self.v6.spans) and self.cover(parse_span(subject.value))
        if subject in self.others:
            return True
        return bool(self.names) and self._names(_host(subject))

    def _names(self, host: str) -> bool:
        while host:
            if host in self.names:
                return True
            _, _, host = host.partition(".")
        return False


def gather(subjects: Iterable[Subject]) -> Exclusions:
    """Return *subjects* as Exclusions."""
    subjects = tuple(subjects)
    spans = [parse_span(value) for kind, value in subjects if kind in (Kind.ADDRESS, Kind.NETWORK)]
    return Exclusions(
        subjects,
        _Spans(span for span in spans if span.v4),
        _Spans(span for span in spans if not span.v4),
        frozenset(value for kind, value in subjects if kind is Kind.DOMAIN),
        frozenset(subject for subject in subjects if subject.kind in (Kind.EMAIL, Kind.URL)),
    )


def _host(subject: Subject) -> str:
    """Return the name in a domain, in an e-mail address, in a URL."""
    if subject.kind is Kind.DOMAIN:
        return subject.value
    if subject.kind is Kind.EMAIL:
        return subject.value.rpartition("@")[2]
    authority = subject.value.partition("://")[2].partition("/")[0].partition("?")[0]
    return authority.rpartition("@")[2].partition(":")[0]

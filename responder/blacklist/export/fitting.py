"""fitting - which subjects a format can say at all; the others are left out and counted.

Values are canonical when they get here, but a domain or e-mail address is what
somebody wrote: one with a blank or a quote in it would break the lines of most
formats.  So only what is plain by these patterns is let through.

Pure.
"""

import re
from collections.abc import Callable
from itertools import pairwise

from responder.blacklist.export.space import Span, parse_span, words
from responder.blacklist.values import Kind, Subject
from responder.settings.export import ExportOptions

Fits = Callable[[Subject, ExportOptions], bool]

_NAME = r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])\Z"
_DOMAIN = re.compile(_NAME)
_EMAIL = re.compile(r"[A-Za-z0-9_.+=-][A-Za-z0-9_.+=~^&'/!-]{0,63}@(?:" + _NAME + ")")
_LONGEST_NAME = 253
_UNKNOWN_ZONE = 80  # how long the name of a zone may be that the option does not tell
_SPACE = (Kind.ADDRESS, Kind.NETWORK)


def anything(_subject: Subject, _options: ExportOptions) -> bool:
    """Let everything through: for formats that quote."""
    return True


def plain(subject: Subject, _options: ExportOptions) -> bool:
    """Let through what has neither blanks nor quotes in it."""
    kind, value = subject
    if kind in _SPACE:
        return span_of(value) is not None
    if kind is Kind.DOMAIN:
        return bool(_DOMAIN.match(value))
    if kind is Kind.EMAIL:
        return bool(_EMAIL.match(value))
    return value.isascii() and value.isprintable() and not re.search(r'[\s"\\]|\A[#!;]', value)


def in_zone(subject: Subject, options: ExportOptions) -> bool:
    """Let through what is plain and short enough, with the zone's name behind it and a wildcard before it."""
    room = _LONGEST_NAME - len("*.") - 1 - (len(options.zone) or _UNKNOWN_ZONE)
    return plain(subject, options) and (subject.kind in _SPACE or len(subject.value) <= room)


def sixty_four(subject: Subject, _options: ExportOptions) -> bool:
    """Let through networks of 64 bits."""
    span = span_of(subject.value)
    return span is not None and span.length == 64


def by_words(subject: Subject, options: ExportOptions) -> bool:
    """Let through what a lookup by truncation finds: IPv6 networks that end with a word, and look so in each address.

    Two words of zeros, or one at the end, are written :: in some addresses.
    """
    if subject.kind is not Kind.NETWORK or ":" not in subject.value:
        return plain(subject, options)
    span = span_of(subject.value)
    if span is None or span.length % 16:
        return False
    parts = words(span)
    return parts[-1] != "0" and ("0", "0") not in pairwise(parts)


def whole_words(subject: Subject, options: ExportOptions) -> bool:
    """Let through IPv6 networks that end with a word, and all else that is plain."""
    if subject.kind is not Kind.NETWORK or ":" not in subject.value:
        return plain(subject, options)
    span = span_of(subject.value)
    return span is not None and span.length % 16 == 0


def span_of(value: str) -> Span | None:
    """Return the span that *value* is in canonical form, or None."""
    try:
        span = parse_span(value)
    except ValueError:
        return None
    return span if span.length == 128 or str(span) == value else None

"""wording - what is said about an entry: the text of a refusal, the answers of a DNS blacklist.

Reasons and categories reached us from strangers.  What leaves here is one line
of printable ASCII of bounded length; each format does the rest of its quoting.

Pure.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from responder.blacklist.values import Entry, Level
from responder.settings.export import ExportOptions
from responder.times import format_time

LONGEST = 254  # bytes that rbldnsd takes for a TXT record, whose strings may have 255
_PLACES = re.compile(r"(\{\w+\})")
_EMPTY = "listed"


@lru_cache(maxsize=8)
def level_name(level: Level) -> str:
    """Return a level as people write it."""
    return level.name.lower()


_PARTS: dict[str, Callable[[Entry], str]] = {
    "{value}": lambda entry: entry.subject.value,
    "{kind}": lambda entry: entry.subject.kind.value,
    "{level}": lambda entry: level_name(entry.level),
    "{score}": lambda entry: f"{entry.score:g}",
    "{category}": lambda entry: entry.category,
    "{since}": lambda entry: format_time(entry.since),
    "{until}": lambda entry: format_time(entry.until),
    "{reason}": lambda entry: entry.reason,
}


def wording(template: str) -> Callable[[Entry], str]:
    """Return a function that puts an entry into *template*: one line of ASCII, never empty."""
    parts = [_PARTS.get(part) or _constant(part) for part in _PLACES.split(template) if part]
    if len(parts) == 1:
        only = parts[0]
        return lambda entry: ascii_line(only(entry)) or _EMPTY
    return lambda entry: ascii_line("".join([part(entry) for part in parts])) or _EMPTY


def _constant(text: str) -> Callable[[Entry], str]:
    return lambda _entry: text


def ascii_line(text: str) -> str:
    """Return *text* as one line of printable ASCII: other letters as ?, control characters and line ends as blanks."""
    if not (text.isascii() and text.isprintable()):
        text = one_line(text[: 4 * LONGEST]).encode("ascii", "replace").decode()
    return text[:LONGEST].strip()


def one_line(text: str) -> str:
    """Return *text* with a blank for everything that does not print, line ends before all."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def codes(options: ExportOptions, *, nested: bool) -> dict[Level, tuple[str, ...]]:
    """Return the A records that answer for each level, its own last; with *nested* those of lower levels, too."""
    own = {level: getattr(options.codes, level_name(level)) for level in Level}
    if not nested:
        return {level: (code,) for level, code in own.items()}
    return {level: tuple(dict.fromkeys(own[lower] for lower in sorted(Level) if lower <= level)) for level in Level}

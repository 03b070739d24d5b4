"""shellvars - the assignments of a file that a shell would run; it is read, and never run.

    NAME=value  export NAME='two words'  NAME="a \\"b\\""  NAME=a' b' # a remark  NAME=1; OTHER=2

A value that only a shell could tell (``$HOME``, ``$(hostname)``) is not taken, nor is anything else a file may hold;
each is told with its line.

Falls short: an assignment inside ``if`` is taken as though the condition held; the ``if`` itself is told.

Pure.
"""

import re
from typing import NamedTuple

_BETWEEN = re.compile(r"(?:[ \t\r\n;]|\\\r?\n|#[^\n]*)*")
_BEGIN = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=")
_PLAIN = re.compile(r"[^\s'\"\\$`;&|<>()]+")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\$`]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_END = re.compile(r"[ \t\r]*(?:\n|;|$|(?<=[ \t])#)")
_REST = re.compile(r"[^\n]*")


class Assignment(NamedTuple):
    """A *name* and its *value*, and where it stands."""

    name: str
    value: str
    line: int


class Unread(NamedTuple):
    """What stands on a *line* and was not taken, and *why*."""

    line: int
    text: str
    why: str


def read(text: str) -> tuple[tuple[Assignment, ...], tuple[Unread, ...]]:
    """Return the assignments in *text*, in their order, and all that is none or cannot be told."""
    found, unread = [], []
    at = _end(_BETWEEN, text, 0)
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        begin = _BEGIN.match(text, at)
        value, behind = _word(text, begin.end()) if begin else ("", at)
        ended = _END.match(text, behind)
        if begin and ended:
            found.append(Assignment(begin[1], value, line))
            at = behind
        else:
            rest = _REST.match(text, at)
            assert rest  # it matches nothing at all, too
            why = f"only a shell can tell what {begin[1]} is" if begin else "this is no assignment"
            unread.append(Unread(line, rest[0].strip(), why))
            at = rest.end()
        at = _end(_BETWEEN, text, at)
    return tuple(found), tuple(unread)


def _word(text: str, at: int) -> tuple[str, int]:
    """Return the word that begins at *at* without its quotes, and where it ends."""
    value = ""
    while True:
        if found := _SINGLE.match(text, at):
            value += found[1]
        elif found := _DOUBLE.match(text, at):
            value += re.sub(r'\\(["\\$`\n])', lambda one: one[1].strip("\n"), found[1])
        elif found := _ESCAPED.match(text, at):
            value += found[1].strip("\n")
        elif found := _PLAIN.match(text, at):
            value += found[0]
        else:
            return value, at
        at = found.end()


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at

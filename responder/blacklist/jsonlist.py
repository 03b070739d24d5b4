"""jsonlist - the entries of a JSON document, one by one: an array, an object with "entries", or an object a line.

Pure: pieces of the document in (lines, or parts of long ones), values out.  No
more than one entry is held.  One that is broken costs itself, and others only
as far as the next that begins and ends on one line.
"""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

LONGEST = 2**20
"""How many characters an entry may have."""
DEEPEST = 50

_LISTS = ("entries", "list", "data", "items")
_LONGEST_NAME = 20
_IN_STRING = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_MARK = re.compile(r'["{}\[\]]')


class Broken(NamedTuple):
    """What stands where an entry should: how it begins, and what is wrong with it."""

    text: str
    problem: str


def objects(pieces: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
    """Yield each entry in *pieces* with the line in which it ends: objects, texts, or Broken."""
    reader, decoder = _Reader(), getincrementaldecoder("utf-8-sig")("replace")
    line = 1
    for piece in pieces:
        for found in reader.take(decoder.decode(piece)):
            yield line, found
        line += piece.count(b"\n")
    if reader.unfinished():
        yield line, Broken(reader.unfinished(), "the document ends in the middle of it; complete it")


class _Reader:
    """Knows how deep it is in the document, and keeps the entry that it is in."""

    def __init__(self) -> None:
        self._depth = self._base = 0  # how deep we are; how deep entries begin
        self._string = self._escape = self._inside = False
        self._entry: list[str] = []
        self._size, self._last = 0, ""

    def take(self, text: str) -> Iterator[Any]:
        """Yield the entries that end in *text*."""
        whole = _whole(text) if text.startswith("{") else None
        if whole is not None:
            if self._inside:
                yield Broken(self.unfinished(), "it does not end before the next begins; close its brackets and quotes")
                self._depth, self._string, self._escape = self._base, False, False
            self._forget()
            yield whole
            return
        at = begin = 0
        while at < len(text):
            found = self._in_string(text, at) if self._string else self._mark(text, at)
            if found is None:
                break
            at, began, ended = found
            begin = at - 1 if began else begin
            if ended:
                yield self._made(text[begin:at])
        if self._inside and self._size <= LONGEST:
            self._entry.append(text[begin:])
            self._size += len(text) - begin

    def unfinished(self) -> str:
        """Return how the entry begins that has not ended, if there is one."""
        return "".join(self._entry)[:200] if self._inside else ""

    def _in_string(self, text: str, at: int) -> tuple[int, bool, bool] | None:
        """Go on in a string: return where it ends, and whether an entry begins and ends there."""
        start, at, self._escape = at, at + self._escape, False
        found = _IN_STRING.match(text, at)
        end = found.end() if found else at
        self._last = (self._last + text[start : min(end, start + _LONGEST_NAME)])[:_LONGEST_NAME]
        if end >= len(text):
            return None
        if text[end] == "\\":  # the last character of the piece: what it escapes is in the next
            self._escape = True
            return None
        self._string = False
        return end + 1, False, self._inside and self._depth == self._base

    def _mark(self, text: str, at: int) -> tuple[int, bool, bool] | None:
        """Go to the next bracket or quote: return what follows it, and whether an entry begins or ends there."""
        found = _MARK.search(text, at)
        if found is None:
            return None
        mark, began = found[0], False
        if mark in "}]":
            return found.end(), False, self._close()
        lists = mark == "[" and (not self._inside or self._last in _LISTS) and self._depth <= 1
        if lists and self._depth == (1 if self._inside else 0) and self._base == 0:
            self._forget()
            self._base = self._depth + 1
        elif not self._inside and self._depth == self._base:
            began = self._inside = True
        self._string = mark == '"'
        self._last = ""
        self._depth += mark != '"'
        return found.end(), began, False

    def _close(self) -> bool:
        """Leave an object or array; tell whether an entry ends with it."""
        self._depth = max(0, self._depth - 1)
        if self._inside and self._depth == self._base:
            return True
        if self._depth < self._base:
            self._base = 0
        return False

    def _made(self, end: str) -> Any:
        text = "".join((*self._entry, end))
        size = self._size + len(end)
        self._forget()
        if size > LONGEST:
            return Broken(text[:200], f"it is longer than {LONGEST} characters; shorten it")
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            return Broken(text[:200], f"no JSON: {error}; mend the syntax there")

    def _forget(self) -> None:
        self._inside, self._size = False, 0
        self._entry.clear()


def _whole(line: str) -> dict[str, Any] | None:
    """Return the one entry that *line* is, None where it is something else."""
    try:
        found = json.loads(line.rstrip(" \t\r\n,"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not any(name in found for name in _LISTS) else None

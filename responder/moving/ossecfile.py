"""ossecfile - an ossec.conf of OSSEC or Wazuh as elements, each with its line.

It is read as their own reader does (os_xml), which is no XML parser: several roots follow each other, a comment goes
from ``<!`` to ``-->`` or ``!>`` with anything inside, ``&`` is a character like others, and so is ``\\<``.  All that is
made XML first; a parser of XML does the rest.

defusedxml is not needed: what it refuses is in a document type and in references to entities, and neither can be
left.  Each ``<!`` begins a comment, and comments are gone before anything is parsed; each ``&`` stands for itself.

Source: OSSEC 3.7 and Wazuh 4, src/os_xml/os_xml.c.
"""

import re
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from responder.errors import UsageError
from responder.moving.textfile import lines

_COMMENT = re.compile(r"<!.*?(?:-->|!>)", re.DOTALL)
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>")


class Element(NamedTuple):
    """An element that begins on *line*: its own *text*, and the elements *inside*."""

    tag: str
    line: int
    text: str
    inside: tuple["Element", ...]

    def all(self, *tags: str) -> tuple["Element", ...]:
        """Return the elements inside that are called one of *tags*."""
        return tuple(one for one in self.inside if one.tag in tags)

    def last(self, tag: str) -> "Element | None":
        """Return the element inside that is called *tag*; of several the last, which is the one that counts."""
        return next((one for one in reversed(self.inside) if one.tag == tag), None)

    def get(self, tag: str) -> str:
        """Return the text of the last element inside that is called *tag*; nothing where there is none."""
        found = self.last(tag)
        return found.text if found else ""


def read(path: Path) -> Element:
    """Return what all ``<ossec_config>`` of the file at *path* have inside, as one element.

    Raises UsageError, which says where and what, for a file that neither OSSEC nor Wazuh could read.
    """
    text = "\n".join(lines(path, "name an ossec.conf of OSSEC or Wazuh"))
    roots = _Elements(path).parse(text).all("ossec_config")
    if not roots:
        raise UsageError(f"{path}: there is no <ossec_config>; name an ossec.conf of OSSEC or Wazuh")
    return Element("ossec_config", roots[0].line, "", tuple(one for root in roots for one in root.inside))


class _Open(NamedTuple):
    """An element that has not ended yet."""

    tag: str
    line: int
    texts: list[str]
    inside: list[Element]


class _Elements:
    """Makes elements of what the parser meets."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open = [_Open("", 0, [], [])]
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def parse(self, text: str) -> Element:
        """Return the element that holds all roots of *text*."""
        # Lines stay where they are: around all roots goes one more, on the lines that are there.
        text = _DECLARATION.sub(_as_many_lines, text, count=1) if _DECLARATION.match(text) else text
        text = _COMMENT.sub(_as_many_lines, text)
        if "<!" in text:
            line = text.count("\n", 0, text.index("<!")) + 1
            raise UsageError(f"{self._path}:{line}: a comment does not end; write --> behind it")
        text = text.replace("&", "&amp;").replace("\\<", "\\&lt;")
        try:
            self._parser.Parse(f"<all>{text}</all>".encode(), True)
        except expat.ExpatError as error:
            what = f"this is no XML: {expat.ErrorString(error.code)}; mend it there"
            raise UsageError(f"{self._path}:{error.lineno}: {what}") from None
        return self._open[0].inside[0]

    def _begin(self, tag: str, _attributes: dict[str, str]) -> None:
        self._open.append(_Open(tag, self._parser.CurrentLineNumber, [], []))

    def _end(self, _tag: str) -> None:
        done = self._open.pop()
        made = Element(done.tag, done.line, "".join(done.texts).strip(), tuple(done.inside))
        self._open[-1].inside.append(made)

    def _text(self, text: str) -> None:
        self._open[-1].texts.append(text)


def _as_many_lines(found: re.Match[str]) -> str:
    """Return nothing, but for a blank (two signs that it parted must not become one) and the ends of lines."""
    return " " + "\n" * found[0].count("\n")

"""ini - fail2ban's configuration files: sections of options, with includes and interpolation.

    jail.conf  jail.d/*.conf  jail.local  jail.d/*.local       in this order; what is read later wins
    [INCLUDES] before = FILE, after = FILE                     each with its .local behind it
    %(name)s  %(section/name)s  %(known/name)s  %(__name__)s   known: what the option was before it was overridden
    option = value ; remark                                    a value goes on in lines that are indented

Values keep the file and line they come from.  What is no file of this kind is told, and left out.

Source: fail2ban 1.0.2 and 1.1.0, jail.conf(5) and fail2ban/client/configparserinc.py.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from configparser import Error, RawConfigParser
from pathlib import Path
from typing import NamedTuple

_DEFAULT = "DEFAULT"
_REFERENCE = re.compile(r"%(?:%|\(([^()]+)\)s)")
_SECTION = re.compile(r"\[([^\]]+)\]")
_OPTION = re.compile(r"([^\s=:#;\[][^=:]*?)\s*[=:]")
_DEEPEST = 30


class Value(NamedTuple):
    """What an option is set to, not yet interpolated, and where."""

    text: str
    path: Path
    line: int

    @property
    def where(self) -> str:
        """Return file and line, as editors read them."""
        return f"{self.path}:{self.line}"


class UndefinedError(ValueError):
    """A value refers to an option that is nowhere."""


class Ini:
    """The files of one configuration, merged."""

    def __init__(self) -> None:
        self.sections: dict[str, dict[str, Value]] = {}
        self.problems: list[tuple[Path, str]] = []
        self._known: dict[str, dict[str, Value]] = {}

    def read(self, paths: Iterable[Path]) -> "Ini":
        """Add what stands in *paths*, with all that they include; a path that is not there is passed over."""
        for path in paths:
            for one in self._with_includes(path, ()):
                self._merge(one)
        return self

    def replace(self, option: str, file: str, text: str) -> None:
        """Have *option* be *text* wherever a file of the name *file* set it."""
        for options in (*self.sections.values(), *self._known.values()):
            if option in options and options[option].path.name == file:
                options[option] = options[option]._replace(text=text)

    def get(self, section: str, option: str) -> Value | None:
        """Return what *option* is set to in *section*, or by default."""
        return self.sections.get(section, {}).get(option) or self.sections.get(_DEFAULT, {}).get(option)

    def text(self, section: str, option: str, given: Mapping[str, str] | None = None) -> str:
        """Return the interpolated value of *option*, nothing where there is none; *given* goes before all others.

        Raises UndefinedError.
        """
        found = self.get(section, option)
        if given and option in given:
            return given[option]
        return self.interpolated(found.text, section, given or {}) if found else ""

    def options(self, section: str) -> list[str]:
        """Return the options of *section*, those of [DEFAULT] included."""
        return list(dict.fromkeys((*self.sections.get(_DEFAULT, {}), *self.sections.get(section, {}))))

    def interpolated(self, text: str, section: str, given: Mapping[str, str], depth: int = 0) -> str:
        """Return *text* with every reference replaced; raises UndefinedError."""
        if depth > _DEEPEST:
            raise UndefinedError(f"{text[:60]!r} refers to itself")

        def replaced(found: "re.Match[str]") -> str:
            name = found[1]
            if name is None:
                return "%"
            if name in given:
                return given[name]
            if name == "__name__":
                return section
            value = self._referred(name, section)
            if value is None:
                raise UndefinedError(f"%({name})s is nowhere")
            return self.interpolated(value.text, section, given, depth + 1)

        return _REFERENCE.sub(replaced, text)

    def _referred(self, name: str, section: str) -> Value | None:
        place, slash, option = name.partition("/")
        if not slash:
            return self.get(section, name)
        if place.lower() == "known":
            return self._known.get(section, {}).get(option) or self.sections.get(_DEFAULT, {}).get(option)
        where = _DEFAULT if place.lower() == "default" else place
        return self.get(where, option)

    def _with_includes(self, path: Path, seen: tuple[Path, ...]) -> Iterator[Path]:
        if path in seen or not path.is_file():
            return
        includes = _parsed(path, self.problems).get("INCLUDES", {})
        for option in ("before", "after"):
            if option == "after":
                yield path
            for name in includes[option].text.split() if option in includes else ():
                other = path.parent / name
                for one in (other, other.with_suffix(".local")):
                    yield from self._with_includes(one, (*seen, path))

    def _merge(self, path: Path) -> None:
        for section, options in _parsed(path, self.problems).items():
            mine = self.sections.setdefault(section, {})
            known = {name: mine[name] for name in options if name in mine}
            self._known.setdefault(section, {}).update(known)
            mine.update(options)


def _parsed(path: Path, problems: list[tuple[Path, str]]) -> dict[str, dict[str, Value]]:
    """Return the sections of *path*; nothing, and a problem more, where it cannot be read."""
    parser = RawConfigParser(strict=False, inline_comment_prefixes=(";",), default_section="")
    try:
        text = path.read_text("utf-8", errors="surrogateescape")
        parser.read_string(text)
    except (OSError, Error) as error:
        problems.append((path, str(error).replace("\n", " ")))
        return {}
    lines = _lines(text)
    return {
        section: {name: Value(value, path, lines.get((section, name), 1)) for name, value in parser.items(section)}
        for section in parser.sections()
    }


def _lines(text: str) -> dict[tuple[str, str], int]:
    """Return the line on which each option of each section begins."""
    lines = {}
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        if found := _SECTION.match(line):
            section = found[1]
        elif found := _OPTION.match(line):
            lines[section, found[1].lower()] = number
    return lines

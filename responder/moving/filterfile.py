"""filterfile - a filter of fail2ban's, as one of its jails uses it: whole regular expressions, all references replaced.

    filter = NAME[mode=aggressive, option="value"]     what the jail gives goes before [Init], that before [Definition]
    <option>  <lt_<logtype>/option>                    options inside options, the innermost first
    prefregex = ^...<F-CONTENT>.+</F-CONTENT>$         stands before each failregex and ignoreregex

What syslog writes before a message, which fail2ban's common.conf calls
``__prefix_line``, becomes the one character `HEADER`: a rule of ours sees the message only.

Source: fail2ban 1.0.2 and 1.1.0, jail.conf(5), fail2ban/client/filterreader.py and fail2ban/helpers.py.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from responder.moving import prefregex
from responder.moving.ini import Ini, UndefinedError

HEADER = "\uf8fe"
_TAG = re.compile(r"<([^ <>]+)>")
_NAMED = re.compile(r"([^\[]+)(?:\[(.*)\])?\s*", re.DOTALL)
_GIVEN = re.compile(r"""\s*([\w.-]+)=(?:"([^"]*)"|'([^']*)'|([^,\]]*))(?:,|\]\s*\[|$)""", re.DOTALL)
_MOST_TAGS = 1000
OF_THE_JAIL = ("prefregex", "failregex", "ignoreregex", "maxlines", "datepattern", "journalmatch", "usedns")
"""Options of a filter that a jail may set itself."""


class Regex(NamedTuple):
    """One expression of a filter, *number* so many from the top, whole; or why there is none."""

    number: int
    text: str
    problem: str = ""


class Filter(NamedTuple):
    """What a filter comes to; *daemon* is an expression for the programs it is about, *files* what it was read from."""

    name: str
    given: Mapping[str, str]
    files: tuple[Path, ...]
    where: str
    failures: tuple[Regex, ...]
    ignored: tuple[Regex, ...]
    daemon: str
    journal: str
    datepattern: str
    lines: int
    usedns: str


def named(text: str) -> tuple[str, dict[str, str]]:
    """Return the name and the options in ``NAME[option=value, ...]``."""
    found = _NAMED.fullmatch(text.strip())
    if found is None:
        return text.strip(), {}
    options = {}
    for one in _GIVEN.finditer(found[2] or ""):
        options[one[1]] = next(value for value in one.groups()[1:] if value is not None).strip()
    return found[1].strip(), options


def read(folder: Path, name: str, given: Mapping[str, str], jail: Mapping[str, str]) -> Filter:
    """Return the filter *name* of the configuration in *folder*, with what the jail gives it and sets of its own.

    Raises UndefinedError where it refers to what is nowhere, FileNotFoundError where there is no such filter.
    """
    path = folder / "filter.d" / f"{name}.conf"
    files = tuple(one for one in (path, path.with_suffix(".local")) if one.is_file())
    if not files:
        raise FileNotFoundError(str(path))
    ini = Ini().read(files)
    if ini.problems:
        raise UndefinedError(ini.problems[0][1])
    ini.replace("__prefix_line", "common.conf", HEADER)
    own = dict(given)
    options = {option: ini.text("Definition", option, own) for option in ini.options("Definition")}
    options |= {option: ini.text("Init", option, own) for option in ini.sections.get("Init", {})}
    options |= own
    known = {f"known/{option}": _whole(value, options, ini) for option, value in options.items()}
    options |= {option: ini.interpolated(jail[option], "Definition", known) for option in OF_THE_JAIL if option in jail}
    whole = {option: _whole(value, options, ini) for option, value in options.items()}
    at = ini.get("Definition", "failregex")
    prefix = whole.get("prefregex", "").strip()
    return Filter(
        name=name,
        given=given,
        files=files,
        where=at.where if at else str(path),
        failures=_regexes(whole.get("failregex", ""), prefix, prefregex.failing),
        ignored=_regexes(whole.get("ignoreregex", ""), prefix, prefregex.ignoring),
        daemon=whole.get("_daemon", ""),
        journal=whole.get("journalmatch", ""),
        datepattern=whole.get("datepattern", ""),
        lines=int(whole["maxlines"]) if whole.get("maxlines", "").isdigit() else 1,
        usedns=whole.get("usedns", ""),
    )


def _whole(text: str, options: Mapping[str, str], ini: Ini) -> str:
    """Return *text* with each tag that is an option replaced by its value; other tags are fail2ban's own."""
    for _ in range(_MOST_TAGS):
        for found in _TAG.finditer(text):
            value = _option(found[1], options, ini)
            if value is not None:
                text = text[: found.start()] + value + text[found.end() :]
                break
        else:
            return text
    raise UndefinedError(f"{text[:60]!r} refers to itself")


def _option(name: str, options: Mapping[str, str], ini: Ini) -> str | None:
    if name in options:
        return options[name]
    section, slash, option = name.partition("/")
    if slash and ini.get(section, option):
        return ini.text(section, option)
    return None


def _regexes(text: str, prefix: str, behind: Callable[[str, str], tuple[str, str]]) -> tuple[Regex, ...]:
    found = [line.strip() for line in text.split("\n") if line.strip()]
    return tuple(Regex(number, *(behind(prefix, one) if prefix else (one,))) for number, one in enumerate(found, 1))

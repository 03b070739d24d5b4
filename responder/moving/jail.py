"""jail - one jail of fail2ban's: its options, read, and what is the administrator's own among them.

    maxretry  findtime  bantime            times as fail2ban writes them: 600, 10m, 1d12h, "1h 30m"; -1 is for ever
    bantime.increment .factor .maxtime     longer bans for who comes back
    port  banaction                        from what is banned
    logpath  backend  journalmatch         where lines come from
    ignoreip  ignorecommand                who is not banned

Source: fail2ban 1.0.2 and 1.1.0, jail.conf(5) and fail2ban/client/jailreader.py.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from responder.moving.filterfile import OF_THE_JAIL, named
from responder.moving.ini import Ini, UndefinedError
from responder.times import DAY, HOUR, MINUTE

FOREVER = -1.0
_UNITS = (
    (re.compile(r"y(?:y|ea?|ears?)?"), 365 * DAY),
    (re.compile(r"mon?(?:ths?)?"), 30 * DAY),
    (re.compile(r"w(?:w|ee?|eeks?)?"), 7 * DAY),
    (re.compile(r"d(?:d|a|ays?)?"), DAY),
    (re.compile(r"h(?:h|ou?|ours?)?"), HOUR),
    (re.compile(r"m(?:m|in?|inutes?)?"), MINUTE),
    (re.compile(r"s(?:s|ec?|econds?)?"), 1.0),
)
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
_USED = frozenset(
    (
        "enabled", "filter", "maxretry", "findtime", "bantime", "bantime.increment", "bantime.factor",
        "bantime.formula", "bantime.multipliers", "bantime.maxtime", "port", "protocol", "action", "logpath",
        "backend", "ignoreip", "ignorecommand", "destemail", "sender",
    )
)  # fmt: skip
_STOCK = re.compile(r"jail\.conf|paths-[\w-]+\.conf|defaults-debian\.conf")
_ACTION = re.compile(r"""([\w.-]+)(?:\[(?:[^\]"']|"[^"]*"|'[^']*')*\])*(?=\s|$)""")


def seconds(text: str) -> float:
    """Return the span that fail2ban means by *text*, `FOREVER` for none; raises ValueError."""
    text = text.strip()
    if re.fullmatch(r"-\d+", text):
        return FOREVER
    at, total = 0, 0.0
    while at < len(text):
        found = _SPAN.match(text, at)
        size = (
            1.0
            if found and not found[2]
            else next((size for unit, size in _UNITS if found and unit.fullmatch(found[2].lower())), 0.0)
        )
        if found is None or not size:
            raise ValueError(f"{text!r} is no time that fail2ban writes")
        total += float(found[1]) * size
        at = found.end()
    return total


class Jail(NamedTuple):
    """A jail; *options* are its settings with all references replaced.

    *own* are the options that the administrator set, in a file that did not come with fail2ban.
    """

    name: str
    where: str
    options: Mapping[str, str]
    own: frozenset[str]
    problems: tuple[str, ...]

    def get(self, option: str) -> str:
        """Return what *option* is set to; nothing where it is not."""
        return self.options.get(option, "")

    @property
    def enabled(self) -> bool:
        """Tell whether fail2ban runs it."""
        return self.get("enabled").lower() in ("true", "yes", "on", "1")

    @property
    def filter(self) -> tuple[str, dict[str, str]]:
        """Return the name of its filter, and what it gives that."""
        return named(self.get("filter"))

    @property
    def journal(self) -> bool:
        """Tell whether it reads systemd's journal."""
        return self.get("backend").startswith("systemd")

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the logs it reads, globs among them."""
        lines = (line.strip() for line in self.get("logpath").split("\n"))
        return tuple(re.sub(r"\s+(head|tail)$", "", line) for line in lines if line)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return who is not banned."""
        return tuple(re.split(r"[\s,;]+", self.get("ignoreip").strip())) if self.get("ignoreip").strip() else ()

    @property
    def actions(self) -> tuple[str, ...]:
        """Return the names of what it does."""
        return tuple(dict.fromkeys(found[1] for found in _ACTION.finditer(self.get("action"))))

    @property
    def lets_in(self) -> bool:
        """Tell whether its action lets in whom it finds, instead of keeping him out."""
        return re.search(r"blocktype\s*=\s*[\"']?(?:RETURN|ACCEPT)\b", self.get("action")) is not None


def jails(ini: Ini, folder: Path, changed: frozenset[Path]) -> Iterator[Jail]:
    """Yield the jails of the configuration *ini*, which was read in *folder*; *changed* are no longer as they came."""
    for section in ini.sections:
        if section not in ("DEFAULT", "INCLUDES", "Definition", "Init"):
            yield _jail(ini, section, folder, changed)


def _jail(ini: Ini, section: str, folder: Path, changed: frozenset[Path]) -> Jail:
    given = {"fail2ban_confpath": str(folder), "fail2ban_version": "1.1.0"}
    options, own, problems = {}, set(), []
    for option in filter(_is_used, ini.options(section)):
        value = ini.get(section, option)
        assert value is not None  # it is one of those that are there
        if value.path in changed or not _STOCK.fullmatch(value.path.name):
            own.add(option)
        try:
            # What a jail makes of its filter's options is put together where the filter is known.
            options[option] = value.text if option in OF_THE_JAIL else ini.text(section, option, given)
        except UndefinedError as error:
            problems.append(f"{value.where}: {option}: {error}")
    enabled = ini.get(section, "enabled")
    where = f"{enabled.where} [{section}]" if enabled else f"[{section}]"
    return Jail(section, where, options, frozenset(own), tuple(problems))


def _is_used(option: str) -> bool:
    return option in _USED or option in OF_THE_JAIL

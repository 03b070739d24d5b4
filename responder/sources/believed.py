"""believed - which entries of the journal are those of the services that are followed.

Who may log may log under any name: ``logger -t sshd`` is any user's.  So a name
counts for nothing, and what the journal vouches for decides: the unit that the
process belongs to, and its user.

    "ssh.service"   a unit: what its processes log as root or another user of the system
    "sshd"          a name: what root logs under it

A user of the system has an id below 1000, or one that systemd gives services
(DynamicUser=): not the users whose programs a mail system or cron starts inside
its own unit.  Where *users* are named, these and root are believed, and nobody else.
Patterns are shell-style.

Pure.
"""

import re
from collections.abc import Collection, Iterable
from enum import Enum
from fnmatch import translate

UNITS = (".service", ".scope", ".socket", ".slice", ".mount", ".timer", ".path", ".swap", ".device", ".target")
"""What the name of a unit ends in."""
_SYSTEM = range(1000)
_DYNAMIC = range(61184, 65520)
_KNOWN = 4096


class Verdict(Enum):
    """What an entry is to us."""

    OURS = 1
    OTHER = 2
    FORGED = 3
    """It has the unit or name that is followed, and a user whom nobody would believe."""


class Believed:
    """What is followed: *wanted* units and names, of *users* (numeric ids; empty: see above) beside root."""

    def __init__(self, wanted: Iterable[str], users: Collection[int] = ()) -> None:
        wanted = tuple(wanted)
        self._units = _any_of(one for one in wanted if is_unit(one))
        self._names = _any_of(one for one in wanted if not is_unit(one))
        self._users = frozenset(users)
        self._known: dict[tuple[bytes, bytes, bytes], Verdict] = {}

    def judge(self, unit: bytes, uid: bytes, name: bytes) -> Verdict:
        """Return what an entry is that a process of *unit* and *uid* wrote under *name*."""
        key = unit, uid, name
        verdict = self._known.get(key)
        if verdict is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            verdict = self._known[key] = self._judge(unit, uid, name)
        return verdict

    def _judge(self, unit: bytes, uid: bytes, name: bytes) -> Verdict:
        user = int(uid) if uid.isdigit() and len(uid) <= 10 else -1
        by_unit = bool(unit) and self._units.fullmatch(_text(unit)) is not None
        by_name = self._names.fullmatch(_text(name)) is not None
        if not by_unit and not by_name:
            return Verdict.OTHER
        if user == 0 or user in self._users:
            return Verdict.OURS
        trusted = by_unit and not self._users and (user in _SYSTEM or user in _DYNAMIC)
        return Verdict.OURS if trusted else Verdict.FORGED


def is_unit(wanted: str) -> bool:
    """Tell whether *wanted* is a unit, or a pattern of some; else it is a name."""
    return wanted.endswith(UNITS)


def matches(wanted: Collection[str]) -> list[str]:
    """Return what has ``journalctl`` pass over all that cannot be *wanted*; nothing where it cannot know."""
    if any(_is_pattern(one) for one in wanted):
        return []
    return [f"{'_SYSTEMD_UNIT' if is_unit(one) else 'SYSLOG_IDENTIFIER'}={one}" for one in wanted]


def _is_pattern(wanted: str) -> bool:
    return any(sign in wanted for sign in "*?[")


def _any_of(patterns: Iterable[str]) -> "re.Pattern[str]":
    return re.compile("|".join(map(translate, patterns)) or r"(?!)", re.DOTALL)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")

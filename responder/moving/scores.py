"""scores - the limits of SSHGuard as those of policies of ours.

    THRESHOLD               limit: most attacks score 10, and three of them reach 30
    DETECTION_TIME          within
    BLOCK_TIME              ban
    BLOCK_TIME_MULTIPLIER   escalate; where it is not set 2: the manual of 2.4 says 1.5, but 2.4.2 blocks for
                            1, 2, 4, 8 seconds, as its source has it
    IPV4_SUBNET IPV6_SUBNET prefix_v4, prefix_v6

They go to `login` and `ssh-probe`.  Nearly all that SSHGuard knows of mail, FTP and web servers are failed logins,
which count against `login` here, too.  The policies for what a mail client does wrong (smtp-probe and others) and for
requests of web pages stay ours: their rules see much more than SSHGuard's few, so its limits would ban customers.

Pure.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from responder.moving.plan import EVER
from responder.moving.remark import Kind, Remark
from responder.moving.shellvars import Assignment
from responder.moving.tomltext import value
from responder.times import DAY, format_duration

POLICIES = ("login", "ssh-probe")
_NUMBER = re.compile(r"\s*(\d{1,9})\s*", re.ASCII)
_FACTOR = re.compile(r"\s*(\d{1,4}(?:\.\d{1,6})?)\s*", re.ASCII)
_SCORE = 10
_MOST = 10_000
_DOUBLED = 2.0
_LONGEST_WINDOW = 30 * DAY
"""Offences are kept for so long, unless the settings say otherwise."""

Read = tuple[object, Kind, str]
"""A value of ours for one of theirs, what became of it, and a word on that, if one is needed."""


class Limits(NamedTuple):
    """The table of each policy (empty where nothing was set), and what became of each setting."""

    table: Mapping[str, object]
    remarks: tuple[Remark, ...]


def limits(settings: Mapping[str, Assignment], where: str) -> Limits:
    """Return what the *settings* of the file *where* come to."""
    table: dict[str, object] = {}
    remarks = []
    for name, (key, read) in _READERS.items():
        if name in settings:
            given = settings[name]
            at = f"{where}:{given.line}"
            try:
                table[key], kind, note = read(given.value)
            except ValueError as error:
                remarks.append(Remark("human", at, f"{name}={given.value[:40]!r}: {error}; {key} stays ours"))
            else:
                text = f"{name}={given.value.strip()}: {key} = {value(table[key])}"
                remarks.append(Remark(kind, at, f"{text}; {note}" if note else text))
    if "ban" in table:
        table.setdefault("escalate", _DOUBLED)
        what = f"each further ban is {table['escalate']} times longer, as SSHGuard's are whatever its manual says"
        what += "; but none is longer than `max_ban`, and it is forgotten after `memory`"
        remarks.append(Remark("tightened", where, what))
    return Limits(table, tuple(remarks))


def bits(limits: Limits) -> tuple[int, int]:
    """Return as networks of how many bits SSHGuard bans with *limits*, IPv4 and IPv6."""
    v4, v6 = limits.table.get("prefix_v4", 32), limits.table.get("prefix_v6", 128)
    assert isinstance(v4, int)
    assert isinstance(v6, int)
    return v4, v6


def _limit(text: str) -> Read:
    limit = min(-(-_whole(text) // _SCORE), _MOST)
    note = f"{limit} failed logins, or {limit} probes of sshd; ours are 15 and 20, as devices repeat a wrong password"
    return limit, "tightened", note


def _within(text: str) -> Read:
    seconds = _whole(text)
    if seconds > _LONGEST_WINDOW:
        return format_duration(_LONGEST_WINDOW), "tightened", "offences are kept no longer (keep.offences)"
    return format_duration(seconds), "kept", ""


def _ban(text: str) -> Read:
    seconds = _whole(text)
    if seconds > EVER:
        return format_duration(EVER), "tightened", "ten years are enough"
    return format_duration(seconds), "kept", ""


def _escalate(text: str) -> Read:
    found = _FACTOR.fullmatch(text)
    if not found or not 1 <= float(found[1]) <= 1000:
        raise ValueError("it is no factor of 1 or more")
    return float(found[1]), "kept", ""


def _bits(least: int, most: int, usual: int) -> Callable[[str], Read]:
    def read(text: str) -> Read:
        bits = _whole(text)
        if not least <= bits <= most:
            raise ValueError(f"networks have {least} to {most} bits here")
        if bits < usual:
            return bits, "human", "who is in one such network is counted together here, not only banned together"
        return bits, "kept", ""

    return read


def _whole(text: str) -> int:
    found = _NUMBER.fullmatch(text)
    if not found or not int(found[1]):
        raise ValueError("it is no whole number above 0")
    return int(found[1])


_READERS: Mapping[str, tuple[str, Callable[[str], Read]]] = {
    "THRESHOLD": ("limit", _limit),
    "DETECTION_TIME": ("within", _within),
    "BLOCK_TIME": ("ban", _ban),
    "BLOCK_TIME_MULTIPLIER": ("escalate", _escalate),
    "IPV4_SUBNET": ("prefix_v4", _bits(8, 32, 32)),
    "IPV6_SUBNET": ("prefix_v6", _bits(16, 128, 64)),
}
SETTINGS = frozenset(_READERS)

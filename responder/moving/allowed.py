"""allowed - whom the jails of fail2ban do not ban, and whom they tell.

Our allowlist holds for everything: who was ignored by one jail is banned by none.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from responder.moving.jail import Jail
from responder.moving.plan import Allowed
from responder.moving.remark import Remark
from responder.values import Prefix

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")
_LOOPBACK = (Prefix.parse("127.0.0.0/8"), Prefix.parse("::1"))


class Ignored(NamedTuple):
    """Networks and names of hosts, and what could not be kept."""

    networks: tuple[Allowed, ...]
    hosts: tuple[Allowed, ...]
    remarks: tuple[Remark, ...]


def ignored(jails: Sequence[Jail]) -> Ignored:
    """Return whom *jails* ignore."""
    networks: dict[str, list[str]] = {}
    hosts: dict[str, list[str]] = {}
    remarks = []
    for jail in jails:
        for text in jail.ignored:
            try:
                prefix = Prefix.parse(text)
            except ValueError:
                if _HOST.fullmatch(text):
                    hosts.setdefault(text, []).append(jail.name)
                else:
                    what = f"ignoreip: {text!r} is no address and no name; see [allow]"
                    remarks.append(Remark("human", jail.where, what))
            else:
                if not any(one.covers(prefix) for one in _LOOPBACK):
                    networks.setdefault(str(prefix), []).append(jail.name)
        if jail.get("ignorecommand").strip():
            what = "ignorecommand has no counterpart; put whom it spares into [allow]"
            remarks.append(Remark("human", jail.where, what))
    names = [jail.name for jail in jails]
    for text, some in (*networks.items(), *hosts.items()):
        if some != names:
            what = f"{text} was ignored by {', '.join(some)} alone, and is banned by nothing now"
            remarks.append(Remark("tightened", "ignoreip", what))
    return Ignored(_allowed(networks, names), _allowed(hosts, names), tuple(remarks))


def _allowed(found: dict[str, list[str]], names: Iterable[str]) -> tuple[Allowed, ...]:
    every = list(names)
    return tuple(
        Allowed(text, "ignoreip" if some == every else f"ignoreip of {', '.join(some)}") for text, some in found.items()
    )

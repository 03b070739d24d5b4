"""spared - the entries of somebody's list of those who are never banned, as our allowlist has them.

    192.0.2.7  192.0.2.0/24  192.0.2.0/255.255.255.0  2001:db8::/48    networks
    office.example.org                                                hosts

Loopback, and the names by which a host calls itself, are on our allowlist anyway and are left out: a name that no
resolver knows would be a trouble that `responder status` tells for ever.  A list that spares everybody is left to
a human.

Pure.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from responder.moving.plan import Allowed
from responder.moving.remark import Remark
from responder.values import Prefix

_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_LONGEST = 253
_LOOPBACK = (Prefix.parse("127.0.0.0/8"), Prefix.parse("::1"))
_OURSELVES = re.compile(r"(?:ip6-)?localhost[46]?(?:\.localdomain[46]?)?\.?", re.IGNORECASE)


class Entry(NamedTuple):
    """What stands *where* in a list.  *note* says how it means less here than there; nothing: it means the same."""

    text: str
    where: str
    note: str = ""


class Spared(NamedTuple):
    """Networks and names of hosts for ``[allow]``, and what became of each entry."""

    networks: tuple[Allowed, ...]
    hosts: tuple[Allowed, ...]
    remarks: tuple[Remark, ...]


def spared(entries: Iterable[Entry]) -> Spared:
    """Return *entries* as our allowlist has them, each once."""
    networks: dict[str, Allowed] = {}
    hosts: dict[str, Allowed] = {}
    remarks = []
    for entry in entries:
        network, host = parsed(entry.text)
        if network and any(one.covers(network) for one in _LOOPBACK):
            remarks.append(Remark("kept", entry.where, f"{entry.text}: this host itself is never banned"))
        elif network and not network.bits:
            what = f"{entry.text} spares everybody, so nobody could be banned; it is left out of [allow]"
            remarks.append(Remark("human", entry.where, what))
        elif network:
            networks.setdefault(str(network), Allowed(str(network), entry.where))
            remarks.append(_told(entry, f"{network} is in allow.networks"))
        elif _OURSELVES.fullmatch(host):
            remarks.append(Remark("kept", entry.where, f"{host}: this host itself is never banned"))
        elif host:
            hosts.setdefault(host, Allowed(host, entry.where))
            remarks.append(_told(entry, f"{host} is in allow.hosts: its addresses are asked for every five minutes"))
        else:
            what = f"{entry.text[:80]!r} is no address, no network and no host; put whom it spares into [allow]"
            remarks.append(Remark("human", entry.where, what))
    return Spared(tuple(networks.values()), tuple(hosts.values()), tuple(remarks))


def parsed(text: str) -> tuple[Prefix | None, str]:
    """Return the network that *text* is, or the name of the host; neither where it is none of both."""
    try:
        return Prefix.parse(text), ""
    except ValueError:
        last = text.rstrip(".").rpartition(".")[2]
        is_host = _HOST.fullmatch(text) and len(text) <= _LONGEST and not last.isdigit()
        return None, text if is_host else ""


def _told(entry: Entry, what: str) -> Remark:
    if entry.note:
        return Remark("tightened", entry.where, f"{what}; {entry.note}")
    return Remark("kept", entry.where, what)

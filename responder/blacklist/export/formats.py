"""formats - every format there is: what it is for, what it holds, and what writes it.

`FORMATS` is what ``responder export --list`` shows and the command line completes.
Which options a format heeds stands in responder/settings/export.py.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from responder.blacklist.export import (
    bind,
    exim,
    filters,
    fitting,
    kernel,
    postfix,
    rbldnsd,
    rpz,
    sendmail,
    tables,
    zone,
)
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.values import Entry, Kind
from responder.settings import export as settings

Body = Callable[[Iterable[Entry], Exclusions, Head], Iterator[str]]
Top = Callable[[Head], str]

_SPACE = (Kind.ADDRESS, Kind.NETWORK)
_SENDERS = (Kind.EMAIL, Kind.DOMAIN)


class Format(NamedTuple):
    """A kind of file.  *kinds* are what it can hold, *usual* what it holds unless told otherwise."""

    name: str
    title: str
    file: str
    kinds: tuple[Kind, ...]
    top: Top
    body: Body
    fits: fitting.Fits = fitting.plain
    families: tuple[int, ...] = (4, 6)
    usual: tuple[Kind, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options that it heeds."""
        return settings.FORMATS[self.name]

    @property
    def numbered(self) -> bool:
        """Tell whether its serial number means something to its reader."""
        return "serial" in self.options


def _stamped(head: Head) -> str:
    return f"# {head.stamp}\n"


def _nothing(_head: Head) -> str:
    return ""


_V4, _V6 = (4,), (6,)
_DOMAINS = (Kind.DOMAIN,)
_ALL = (
    Format("rbldnsd-ip4set", "rbldnsd, IPv4", "ip4set", _SPACE, rbldnsd.top, rbldnsd.ip4set, families=_V4),
    Format(
        "rbldnsd-ip4trie", "rbldnsd, IPv4, mostly networks", "ip4trie", _SPACE,
        rbldnsd.top, rbldnsd.ip4trie, families=_V4,
    ),
    Format("rbldnsd-ip6trie", "rbldnsd, IPv6", "ip6trie", _SPACE, rbldnsd.top, rbldnsd.ip6trie, families=_V6),
    Format(
        "rbldnsd-ip6tset", "rbldnsd, IPv6 networks of 64 bits", "ip6tset", (Kind.NETWORK,),
        rbldnsd.top, rbldnsd.ip6tset, fitting.sixty_four, _V6,
    ),
    Format("rbldnsd-dnset", "rbldnsd, domains", "dnset", _DOMAINS, rbldnsd.top, rbldnsd.dnset, fitting.in_zone),
    Format("bind-ip4", "zone of BIND, IPv4", "blacklist4.zone", _SPACE, zone.top, bind.ip4, families=_V4),
    Format("bind-ip6", "zone of BIND, IPv6", "blacklist6.zone", _SPACE, zone.top, bind.ip6, families=_V6),
    Format("bind-domains", "zone of BIND, domains", "domains.zone", _DOMAINS, zone.top, bind.domains, fitting.in_zone),
    Format(
        "rpz", "response policy zone for a resolver", "rpz.zone", (*_SPACE, *_DOMAINS),
        zone.top, rpz.lines, fitting.in_zone, usual=_DOMAINS,
    ),
    Format("postfix-cidr", "Postfix, clients, cidr table", "client.cidr", _SPACE, _stamped, postfix.cidr),
    Format("postfix-client", "Postfix, clients, indexed", "client", _SPACE, _stamped, postfix.client, fitting.by_words),
    Format("postfix-sender", "Postfix, senders, indexed", "sender", _SENDERS, _stamped, postfix.sender),
    Format("postscreen", "Postfix, postscreen_access_list", "postscreen.cidr", _SPACE, _stamped, postfix.postscreen),
    Format("exim-hosts", "Exim, hosts, net-iplsearch", "exim-hosts", _SPACE, _stamped, exim.hosts),
    Format("exim-senders", "Exim, senders, lsearch*@", "exim-senders", _SENDERS, _stamped, exim.senders),
    Format(
        "sendmail", "sendmail, access map", "access", (*_SPACE, *_SENDERS),
        _stamped, sendmail.lines, fitting.whole_words,
    ),
    Format("spamassassin", "SpamAssassin, senders", "blacklist.cf", _SENDERS, _stamped, filters.spamassassin),
    Format("adblock", "domains, syntax of Adblock", "domains.txt", _DOMAINS, filters.adblock_top, filters.adblock),
    Format("nftables", "sets for nft -f", "blacklist.nft", _SPACE, _stamped, kernel.nftables),
    Format("ipset", "sets for ipset restore", "blacklist.ipset", _SPACE, _stamped, kernel.ipset),
    Format("json", "JSON lines", "blacklist.jsonl", tuple(Kind), tables.json_top, tables.json_lines, fitting.anything),
    Format("csv", "CSV", "blacklist.csv", tuple(Kind), _nothing, tables.csv_rows, fitting.anything),
    Format("plain", "one value a line", "blacklist.txt", tuple(Kind), _stamped, tables.plain),
)  # fmt: skip

FORMATS: Mapping[str, Format] = {one.name: one for one in _ALL}
"""Every format by its name."""

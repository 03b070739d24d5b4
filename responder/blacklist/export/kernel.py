"""kernel - sets for another host's own firewall: a file for ``nft -f``, and one for ``ipset restore``.

nft replaces the elements in one transaction; table and sets are made where there
are none, rules are the administrator's: ``ip saddr @blacklist4 drop``.  What is
excluded is cut out of its network, because an interval set knows no exceptions.

An ipset is built beside and swapped; what is excluded is an element of its own
(nomatch).  A set of that name must have the same type and maxelem, if there is one.
"""

from collections.abc import Iterable, Iterator

from responder.blacklist.export.blocks import walk, without_holes
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.values import Entry

_TYPES = {4: ("ipv4_addr", "inet"), 6: ("ipv6_addr", "inet6")}


def nftables(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield what replaces the elements of two sets, one for each family."""
    options = head.options
    table = f"{options.family} {options.table}"
    yield f"add table {table}\n"
    for family, (kind, _) in _TYPES.items():
        name = f"{table} {options.set}{family}"
        yield f"add set {name} {{ type {kind}; flags interval; }}\nflush set {name}\n"
    writing = 0  # the family whose elements are being written
    for span, text, *_ in without_holes(walk(entries, exclusions), exclusions):
        family = 4 if span.v4 else 6
        if family == writing:
            yield f",\n{text}"
        else:
            yield (" }\n" if writing else "") + f"add element {table} {options.set}{family} {{\n{text}"
            writing = family
    yield " }\n" if writing else ""


def ipset(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield what builds two sets, one for each family, and puts them in the place of those in use."""
    options = head.options
    for family, (_, kind) in _TYPES.items():
        for name in (f"{options.set}{family}", f"{options.set}{family}-new"):
            yield f"create {name} hash:net family {kind} maxelem {options.maxelem} -exist\n"
        yield f"flush {options.set}{family}-new\n"
    for span, text, *_ in walk(entries, exclusions):
        name = f"{options.set}{4 if span.v4 else 6}-new"
        yield f"add {name} {text}\n"
        for hole in exclusions.inside(span) if span.length < 128 else ():
            yield f"add {name} {hole} nomatch\n"
    for family in _TYPES:
        name = f"{options.set}{family}"
        yield f"swap {name}-new {name}\ndestroy {name}-new\n"

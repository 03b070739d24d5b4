"""rpz - a response policy zone: a resolver that has it does not answer for listed domains, nor with listed addresses.

Domains are what it is for, and all that it holds unless kinds are named: it
keeps clients from names, not SMTP clients from a server.
"""

from collections.abc import Iterable, Iterator

from responder.blacklist.export.blocks import parted, walk
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.export.names import Between, visible
from responder.blacklist.export.space import Span
from responder.blacklist.values import Entry

_POLICIES = {"nxdomain": ".", "nodata": "*.", "drop": "rpz-drop."}
_PASS = "rpz-passthru."  # noqa: S105


def lines(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield a rule for each listed domain and all below it, and for each listed address or network."""
    target = _POLICIES[head.options.policy]
    between = Between()
    yield f"test CNAME {target}\n"
    for name in exclusions.domains:
        between.note(name, None)
        yield f"{name} CNAME {_PASS}\n*.{name} CNAME {_PASS}\n"
    space, named = parted(entries)
    for span, *_ in walk(space, exclusions):
        yield f"{_trigger(span)} CNAME {target}\n"
        for hole in exclusions.inside(span) if span.length < 128 else ():
            yield f"{_trigger(hole)} CNAME {_PASS}\n"
    for name, entry in visible(named, exclusions):
        between.note(name, entry.level)
        yield f"{name} CNAME {target}\n*.{name} CNAME {target}\n"
    for name, _ in between.names():
        yield f"{name} CNAME {target}\n*.{name} CNAME {target}\n"


def _trigger(span: Span) -> str:
    """Return the owner of a rule on an address: its length, and its octets or words from behind, zz for ::."""
    text, _, _ = str(span).partition("/")
    if span.v4:
        return f"{span.bits}.{'.'.join(reversed(text.split('.')))}.rpz-ip"
    parts = text.replace("::", ":zz:").strip(":").split(":")
    return f"{span.bits}.{'.'.join(reversed(parts))}.rpz-ip"

"""exim - lists for Exim: hosts for net-iplsearch, senders for lsearch*@.

    deny hosts   = net-iplsearch;FILE
    deny senders = lsearch*@;FILE

Exim reads them from the top, so a list of hosts has no more lines than it must.

Falls short: a list of senders names domains alone, not what is below them, and
cannot exclude an address of a listed domain.
"""

from collections.abc import Iterable, Iterator

from responder.blacklist.export.blocks import walk, without_holes
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.export.wording import wording
from responder.blacklist.values import Entry, Kind


def hosts(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield addresses and networks; those with colons in quotes."""
    say = wording(head.options.text)
    for span, text, entry, _ in without_holes(walk(entries, exclusions), exclusions):
        yield f"{text}: {say(entry)}\n" if span.v4 else f'"{text}": {say(entry)}\n'


def senders(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield e-mail addresses and domains."""
    say = wording(head.options.text)
    for entry in entries:
        if not exclusions.hide(entry.subject):
            whole = "*@" if entry.subject.kind is Kind.DOMAIN else ""
            yield f"{whole}{entry.subject.value}: {say(entry)}\n"

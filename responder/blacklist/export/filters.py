"""filters - lists for SpamAssassin, and for whoever reads the syntax of Adblock.

SpamAssassin: addresses belong into a check_rbl of the zone; this is for senders.

Falls short: SpamAssassin cannot exclude an address of a listed domain.
"""

from collections.abc import Iterable, Iterator

from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.values import Entry, Kind


def spamassassin(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield a directive for each e-mail address, and for each domain with all below it."""
    directive = head.options.directive
    for entry in entries:
        if not exclusions.hide(entry.subject):
            value = entry.subject.value
            yield (
                f"{directive} {value}\n" if entry.subject.kind is Kind.EMAIL else f"{directive} *@{value} *@*.{value}\n"
            )


def adblock_top(head: Head) -> str:
    """Return the first lines of a filter list."""
    return f"[Adblock Plus 2.0]\n! {head.stamp}\n! Title: responder blacklist\n"


def adblock(entries: Iterable[Entry], exclusions: Exclusions, _head: Head) -> Iterator[str]:
    """Yield a rule for each domain and all below it."""
    for name in exclusions.domains:
        yield f"@@||{name}^\n"
    for entry in entries:
        if not exclusions.hide(entry.subject):
            yield f"||{entry.subject.value}^\n"

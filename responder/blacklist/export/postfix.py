"""postfix - access tables of Postfix: cidr and indexed for clients, indexed for senders, cidr for postscreen.

    check_client_access cidr:FILE, check_client_access lmdb:FILE,
    check_sender_access lmdb:FILE, postscreen_access_list = permit_mynetworks, cidr:FILE

A cidr table is read from the top and the first match wins, so what is excluded
stands before its network.  Smtpd reads a changed cidr table by itself in new
processes; postscreen wants a ``postfix reload``.

Falls short: an indexed client map cannot say IPv6 networks that end within a
word of 16 bits, or whose words are written :: in some addresses.
"""

from collections.abc import Iterable, Iterator

from responder.blacklist.export.blocks import walk
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.export.keys import keys
from responder.blacklist.export.space import Span, words
from responder.blacklist.export.wording import wording
from responder.blacklist.values import Entry, Kind


def cidr(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield a cidr table for check_client_access."""
    say, action = wording(head.options.text), head.options.action
    for span, text, entry, _ in walk(entries, exclusions):
        for hole in exclusions.inside(span) if span.length < 128 else ():
            yield f"{hole} DUNNO\n"
        yield f"{text} {action} {say(entry)}\n"


def postscreen(entries: Iterable[Entry], exclusions: Exclusions, _head: Head) -> Iterator[str]:
    """Yield a cidr table for postscreen_access_list."""
    for span, text, *_ in walk(entries, exclusions):
        for hole in exclusions.inside(span) if span.length < 128 else ():
            yield f"{hole} dunno\n"
        yield f"{text} reject\n"


def client(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield an indexed map for check_client_access."""
    say, action = wording(head.options.text), head.options.action
    for text, entry in keys(entries, exclusions, _words):
        yield f"{text} {action} {say(entry)}\n" if entry else f"{text} DUNNO\n"


def _words(span: Span) -> str:
    return str(span) if span.length == 128 else ":".join(words(span))


def sender(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield an indexed map for check_sender_access: addresses, domains and what is below them."""
    say, action = wording(head.options.text), head.options.action
    for email in exclusions.emails:
        yield f"{email} DUNNO\n"
    for name in exclusions.domains:
        yield f"{name} DUNNO\n.{name} DUNNO\n"
    for entry in entries:
        if exclusions.hide(entry.subject):
            continue
        verdict, value = f"{action} {say(entry)}\n", entry.subject.value
        yield f"{value} {verdict}"
        if entry.subject.kind is Kind.DOMAIN:
            yield f".{value} {verdict}"

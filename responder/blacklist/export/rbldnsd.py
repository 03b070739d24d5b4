"""rbldnsd - datasets of rbldnsd: ip4set, ip4trie, ip6trie, ip6tset, dnset.

Each has the test entries of RFC 5782 and excludes what is allowlisted inside a
listed network.  An ip4set and a dnset answer with several A records where levels
are nested; the others keep one record an entry.

``$SOA`` and ``$NS`` are written where nameservers are named; without them
rbldnsd's negative answers are not kept by resolvers.

Falls short: an ip6tset holds networks of 64 bits alone, with one answer for all
of them, and excludes single addresses only; a network of which more than such is
excluded is left out.  A domain that is listed below a surer one answers with its
own level.
"""

from collections.abc import Iterable, Iterator

from responder.blacklist.export.blocks import walk
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.export.space import words
from responder.blacklist.export.wording import LONGEST, codes, wording
from responder.blacklist.values import Entry

_TEST = "Test entry of this blacklist"
_ALIKE = "Listed"


def top(head: Head) -> str:
    """Return the first lines: stamp, SOA, nameservers, time to live."""
    options = head.options
    lines = [f"# {head.stamp}"]
    if options.nameservers:
        first = options.nameservers[0]
        contact = options.contact or f"hostmaster.{first}"
        lines += [
            f"$SOA {options.ttl} {first} {contact} {head.serial} 1h 15m 1w {options.ttl}",
            f"$NS {options.ttl} {' '.join(options.nameservers)}",
        ]
    return "\n".join([*lines, f"$TTL {options.ttl}", ""])


def ip4set(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield IPv4 addresses and networks, several A records each where levels are nested."""
    yield _test_entry(head, "127.0.0.2")
    yield from _addresses(entries, exclusions, head, nested=head.options.nested)


def ip4trie(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield IPv4 addresses and networks, one A record each."""
    yield _test_entry(head, "127.0.0.2")
    yield from _addresses(entries, exclusions, head, nested=False)


def ip6trie(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield IPv6 addresses and networks, one A record each."""
    yield _test_entry(head, "::ffff:7f00:2")
    yield from _addresses(entries, exclusions, head, nested=False)


def _test_entry(head: Head, name: str) -> str:
    return f":{head.options.codes.broad}:{_TEST}\n{name}\n"


def _addresses(entries: Iterable[Entry], exclusions: Exclusions, head: Head, *, nested: bool) -> Iterator[str]:
    answers, say = codes(head.options, nested=nested), wording(head.options.text)
    for span, text, entry, around in walk(entries, exclusions, levels=True):
        said = _escaped(say(entry))
        for code in answers[entry.level]:
            yield f"{text} :{code}:{said}\n"
        if span.length < 128 and not around:  # once is enough, and twice would be warned of
            for hole in exclusions.inside(span):
                yield f"!{hole}\n"


def _escaped(text: str) -> str:
    """Return *text* with dollars doubled, and never cut between two of them: one alone would become the address."""
    if "$" in text:
        text = text.replace("$", "$$")[:LONGEST]
        if (len(text) - len(text.rstrip("$"))) % 2:
            text = text[:-1]
    return text


def ip6tset(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield IPv6 networks of 64 bits, and the addresses excluded from them."""
    yield f":{head.options.codes.broad}:{_ALIKE}\n0:0:0:0\n!::ffff:7f00:1\n"
    for span, *_ in walk(entries, exclusions):
        holes = exclusions.inside(span)
        if all(hole.length == 128 for hole in holes):
            yield ":".join(words(span)) + "\n"
            for hole in holes:
                yield f"!{hole}\n"


def dnset(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield domains with all that is below them."""
    yield _test_entry(head, "test")
    for name in exclusions.domains:
        yield f"!.{name}\n"
    answers, say = codes(head.options, nested=head.options.nested), wording(head.options.text)
    for entry in entries:
        if exclusions.hide(entry.subject):
            continue
        said = _escaped(say(entry))
        for code in answers[entry.level]:
            yield f".{entry.subject.value} :{code}:{said}\n"

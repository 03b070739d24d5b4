"""sendmail - lines for sendmail's access map, to be joined with the administrator's own and built with makemap.

    cat /etc/mail/access.own FILE | makemap hash /etc/mail/access

Falls short: IPv6 networks that end within a word of 16 bits cannot be said, nor
can an address of a listed domain be excluded.
"""

from collections.abc import Iterable, Iterator

from responder.blacklist.export.blocks import parted
from responder.blacklist.export.exclusions import Exclusions
from responder.blacklist.export.head import Head
from responder.blacklist.export.keys import keys
from responder.blacklist.export.space import Span, words
from responder.blacklist.export.wording import wording
from responder.blacklist.values import Entry

_UNSAFE = str.maketrans(dict.fromkeys('"\\$%()<>;{}|', " ") | {'"': "'"})
"""What sendmail's rules take for words of their own."""


def lines(entries: Iterable[Entry], exclusions: Exclusions, head: Head) -> Iterator[str]:
    """Yield ``Connect:`` for addresses and networks, ``From:`` for e-mail addresses and domains."""
    say = wording(head.options.text)
    space, senders = parted(entries)
    for text, entry in keys(space, exclusions, _words):
        yield f"Connect:{text}\t{_refusal(say(entry)) if entry else 'SKIP'}\n"
    for name in exclusions.domains:
        yield f"From:{name}\tSKIP\n"
    for entry in senders:
        if not exclusions.hide(entry.subject):
            yield f"From:{entry.subject.value}\t{_refusal(say(entry))}\n"


def _refusal(text: str) -> str:
    return f'ERROR:5.7.1:"550 {text.translate(_UNSAFE)}"'


def _words(span: Span) -> str:
    return "IPv6:" + ":".join(words(span))

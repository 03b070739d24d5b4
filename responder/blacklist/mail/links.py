"""links - URLs, domains and e-mail addresses in the text of a mail, as its reader sees them.

Read are plain text and HTML (targets of links and pictures, and its text), with
character references resolved, and names that somebody made harmless:
``hxxp://spam[.]example``, ``user[at]spam[.]example``.

Takes time in proportion to the text, whatever it is: no repetition here stands
in another, and each is bounded or ends where it can begin again.

Falls short: a URL that only a script puts together is not found.
"""

import html
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from responder.blacklist.mail.message import Part

_TAG = re.compile(r"<[^<>]*>")
_COMMENT = ("<!--", "-->")
_TARGET = re.compile(
    r"""\b(?:href|src|action|formaction|background)\s{0,9}=\s{0,9}(?:"([^"]{1,2048})"|'([^']{1,2048})'|([^\s"'<>]{1,2048}))""",
    re.IGNORECASE,
)
_DOT = re.compile(r"[\[({]\s?\.\s?[\])}]|\s?[\[({]\s?dot\s?[\])}]\s?|\\\.", re.IGNORECASE)
_AT = re.compile(r"\s?[\[({]\s?(?:@|at)\s?[\])}]\s?", re.IGNORECASE)
_SCHEME = re.compile(r"\bh(?:tt|xx|\*\*)p(s?)(?:\[:\]//|\[://\]|://)", re.IGNORECASE)
_REST = r"[^\s\x00-\x1f\x7f<>\"'`{}|\\^\[\]]"
_URL = re.compile(
    rf"\b(?:https?|ftp)://{_REST}{{1,2048}}|\bhttps?://\[[0-9a-f:.]{{2,45}}\]{_REST}{{0,2048}}", re.IGNORECASE
)
_WWW = re.compile(rf"(?<![\w./@-])www\.[a-z0-9-]{{1,63}}\.{_REST}{{1,2048}}", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?<![\w.+/-])([a-z0-9_.+=-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z0-9-]{2,63})(?![\w-])", re.IGNORECASE
)
_NAME = re.compile(
    r"(?<![\w@/.\])}-])(?:[a-z0-9_-]{1,63}(?:\[\.\]|\(\.\)|\[dot\])){1,8}[a-z0-9-]{2,63}(?![\w@-])", re.IGNORECASE
)
_CLOSING = ".,;:!?)]}'*_~\u2019\u201d\u2026\u3002\uff09"
_INVISIBLE = dict.fromkeys((0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065)))
_HUGE = re.compile(r"&#[0-9]{8,};?")


class Link(NamedTuple):
    """What a text names: a URL, an e-mail address or a domain, and how."""

    kind: Literal["url", "email", "domain"]
    text: str
    why: str


def find(part: Part) -> Iterator[Link]:
    """Yield what *part* names, in no order and perhaps more than once."""
    text = _visible(part.text)
    if part.kind == "text/html":
        text = _uncommented(text)
        yield from _targets(text)
        text = _resolved(_TAG.sub(" ", text))
    elif not part.kind.startswith("text/"):
        return
    yield from _named(text)


def _targets(text: str) -> Iterator[Link]:
    for groups in _TARGET.findall(text):
        target = _resolved(next(filter(None, groups))).strip()
        scheme, _, rest = target.partition(":")
        if scheme.lower() == "mailto":
            yield Link("email", rest.partition("?")[0].strip(), "a mail link")
        elif scheme.lower() in ("http", "https", "ftp"):
            yield Link("url", "".join(target.split()), "a link")
        elif target.startswith("//"):
            yield Link("url", "https:" + "".join(target.split()), "a link")


def _named(text: str) -> Iterator[Link]:
    """Yield what *text* names."""
    for match in _NAME.finditer(text):
        yield Link("domain", _DOT.sub(".", match[0]), "named in the text")
    text = _AT.sub("@", _DOT.sub(".", text)) if "[" in text or "(" in text or "{" in text or "\\" in text else text
    text = _SCHEME.sub(lambda match: f"http{match[1].lower()}://", text)
    for match in _URL.finditer(text):
        yield Link("url", _closed(match[0]), "a URL in the text")
    for match in _WWW.finditer(text):
        yield Link("url", "http://" + _closed(match[0]), "a URL in the text")
    for match in _EMAIL.finditer(text):
        yield Link("email", match[1], "named in the text")


def _resolved(text: str) -> str:
    """Return *text* with its character references resolved; Python raises on numbers of thousands of digits."""
    return _visible(html.unescape(_HUGE.sub("\ufffd", text)))


def _visible(text: str) -> str:
    """Return *text* without the characters that nobody sees, which break words for programs alone."""
    return text if text.isascii() else text.translate(_INVISIBLE)


def _closed(url: str) -> str:
    """Return *url* without what ends the sentence it stands in."""
    return url.rstrip(_CLOSING) if not url.endswith(")") or "(" not in url else url


def _uncommented(text: str) -> str:
    """Return HTML without its comments."""
    begin, end = _COMMENT
    kept, at = [], 0
    while (start := text.find(begin, at)) >= 0:
        stop = text.find(end, start + len(begin))
        if stop < 0:
            break
        kept.append(text[at:start])
        at = stop + len(end)
    return "".join((*kept, text[at:]))

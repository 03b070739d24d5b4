"""expressions - of what they are made in tests, messages that a pattern matches, and what fail2ban finds in them."""

import re

from hypothesis import strategies as st

from responder.moving.filterfile import HEADER

_TEXTS = ("login failed", "user", "from ", "auth: ", " ")
WORDS = (*_TEXTS, r"\S+", ".*", "[^<]*", r"\d+", "(?:a|b)", "x?", "<F-A>", "</F-A>")
_ADDRESSES = r"(?:192\.0\.2\.[1-9]|198\.51\.100\.[1-9])"


def messages(pattern: str) -> st.SearchStrategy[str]:
    """Return a strategy for messages that *pattern* matches, most of them."""
    compiled = re.compile(pattern.replace("<address>", _ADDRESSES), re.ASCII)
    return st.from_regex(compiled, fullmatch=not pattern.endswith("$"))


def found_by_fail2ban(text: str, message: str, prefix: str = "") -> str | None:
    """Return the address that fail2ban finds in *message* by *text*, in what the prefregex *prefix* leaves of it.

    Blanks may stand before it that our messages are without: behind a time, or in syslog's header.
    """
    found = (_found(text, " " * blanks + message, prefix) for blanks in range(7))
    return next((address for address in found if address), None)


def _found(text: str, message: str, prefix: str) -> str | None:
    groups = {}
    if prefix:
        before = _compiled(prefix).search(message)
        if before is None:
            return None
        groups = before.groupdict()
        message = groups.pop("content")
    found = _compiled(text).search(message)
    return next(filter(None, (groups | found.groupdict()).values()), None) if found else None


def _compiled(text: str) -> "re.Pattern[str]":
    text = text.replace(HEADER, "").replace("<F-CONTENT>", "(?P<content>").replace("<F-A>", "(?:")
    text = text.replace("<HOST>", r"(?P<host>[\d.]+)").replace("<IP4>", r"(?P<ip4>[\d.]+)")
    # To fail2ban a few control characters are blanks, to us not.
    return re.compile(re.sub("</F-[A-Z]+>", ")", text), re.ASCII)

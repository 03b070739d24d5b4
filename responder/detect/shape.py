"""shape - what is the same in messages that differ in names, numbers and addresses only.

Two messages of one shape are the same sentence of a program.  A shape is also
the draft of a pattern: `draft` turns a message into one, with its variable parts
open and the address to blame in its place.

Pure.  Falls short: a guess.  Words that vary and look like no name stay as they are.
"""

import re

from responder.detect import proof, syntax
from responder.values import parse_address

_PARTS = re.compile(
    r"(?P<client>[A-Za-z0-9._-]{1,255}\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?)"
    r'|(?P<quoted>"[^"]*")'
    r"|(?P<angled><[^<>]*>)"
    r"|(?P<address>(?<![\w.])\[?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})\]?(?![\w.]))"
    r"|(?P<mail>[\w.+=-]+@[\w.-]+)"
    r"|(?P<token>\b(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{20,}=*)"
    r"|(?P<hex>\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[A-Fa-f])[0-9a-fA-F]{8,}\b)"
    r"|(?P<value>(?<==)[^\s,;()<>\"\[\]]+)"
    r"|(?P<number>\d+)",
    re.ASCII,  # as rules are matched
)
_SPECIAL = re.compile(r"([\\.^$*+?{}\[\]()|])")
_OPEN = {
    "quoted": '"[^"]*"',
    "angled": "<[^>]*>",
    "mail": r"[^\s@]+@\S+",
    "token": "[A-Za-z0-9+/=]+",
    "hex": "[0-9A-Fa-f]+",
    "value": r"[^\s,;]*",
    "number": r"\d+",
}


def shape(message: str) -> str:
    """Return *message* with every part that varies replaced by the name of its kind."""
    return _PARTS.sub(_named, message)


def draft(message: str) -> str:
    """Return a pattern for *message*; the first address is the one to blame.

    It is proven already where its address can be found from the end.
    """
    made = _opened(message)
    try:
        return f"{made}$" if proof.faults(syntax.parse(made)) and not proof.faults(syntax.parse(f"{made}$")) else made
    except ValueError:
        return made


def _opened(message: str) -> str:
    parts, at, blamed = [], 0, False
    for found in _PARTS.finditer(message):
        kind, text = _kind(found), found[0]
        parts.append(_escape(message[at : found.start()]))
        at = found.end()
        if kind in ("client", "address"):
            name, blamed = (kind if not blamed else "ip"), True
            parts.append(_escape(text) if kind == "client" and name == "ip" else _bracketed(text, name))
        else:
            parts.append(_OPEN.get(kind, _escape(text)))
    return "".join([*parts, _escape(message[at:])])


def first_address(message: str) -> str:
    """Return the address that `draft` blames, or nothing."""
    for found in _PARTS.finditer(message):
        kind = _kind(found)
        if kind in ("client", "address"):
            inside = found[0].partition("[")[2].partition("]")[0] or found[0]
            return str(parse_address(inside) or "")
    return ""


def _named(found: "re.Match[str]") -> str:
    kind = _kind(found)
    return f"<{kind}>" if kind else found[0]


def _kind(found: "re.Match[str]") -> str:
    """Return what kind of part was found; nothing for an address that is none."""
    kind = found.lastgroup or ""
    if kind == "address" and parse_address(found[0].strip("[]")) is None:
        return ""
    return kind


def _bracketed(text: str, name: str) -> str:
    return rf"\[<{name}>\]" if text.startswith("[") and text.endswith("]") else f"<{name}>"


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)

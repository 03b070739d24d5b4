"""asked - what a request at the control socket says, read strictly: of the right kind, or a UsageError.

A word that is no UTF-8 becomes text that can be stored; texts are bounded.
"""

from collections.abc import Mapping
from typing import Any

from responder import policyfile
from responder.errors import UsageError
from responder.values import Prefix, Scope

Words = Mapping[str, Any]
_MOST_TEXT = 500


def prefix(words: Words) -> Prefix:
    """Return the ``address``; raises ValueError for what is none."""
    return Prefix.parse(str(words.get("address")))


def scope(words: Words) -> Scope:
    """Return what is to be closed, by ``verdict`` and ``ports``; raises ValueError or UsageError."""
    verdict, ports = str(words.get("verdict") or "drop"), words.get("ports") or []
    if verdict not in ("drop", "reject"):
        raise UsageError(f"{verdict!r} is no verdict; it is drop or reject")
    if not isinstance(ports, list):
        raise UsageError(f"ports is {ports!r}; it is a list")
    return policyfile.scope(verdict, map(policyfile.parse_port, ports))


def number(words: Words, key: str, default: float) -> float:
    """Return the number called *key*; raises UsageError for what is none."""
    value = words.get(key) or default
    if not isinstance(value, (int, float)):
        raise UsageError(f"{key} is {value!r}; write a number")
    return value


def text(words: Words, key: str, default: str) -> str:
    """Return the text called *key*."""
    return str(words.get(key) or default).encode(errors="replace").decode()[:_MOST_TEXT]


def by(words: Words) -> str:
    """Return who asks."""
    return text(words, "by", "an administrator")

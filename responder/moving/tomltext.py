"""tomltext - values as TOML for people: backslashes not doubled, a line of its own for each of many."""

import json
from collections.abc import Mapping, Sequence

_LONG = 90


def literal(text: str) -> str:
    """Return *text* as a TOML string that leaves backslashes alone where that can be."""
    plain = "'" not in text and text.isprintable() and "\\" in text
    return f"'{text}'" if plain else '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    code = ord(char)
    return char if char.isprintable() else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def value(given: object) -> str:
    """Return *given*, of the types that JSON has, as TOML."""
    if isinstance(given, str):
        return literal(given)
    if isinstance(given, Mapping):
        return "{ " + ", ".join(f"{key} = {value(one)}" for key, one in given.items()) + " }"
    if isinstance(given, Sequence):
        items = [value(one) for one in given]
        line = ", ".join(items)
        return f"[{line}]" if len(line) < _LONG else "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    return json.dumps(given)


def pairs(table: Mapping[str, object]) -> str:
    """Return the lines ``key = value`` of *table*."""
    return "".join(f"{key} = {value(one)}\n" for key, one in table.items())


def comment(text: str) -> str:
    """Return *text* as a comment, whatever is in it."""
    lines = text.splitlines() or [""]
    shown = (
        "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)
        for line in lines
    )
    return "".join(f"# {line}".rstrip() + "\n" for line in shown)

"""regextext - a tree of `re`'s parser written as a pattern of ours again.

Only what patterns may use is written (detect/syntax.py); groups lose their
names and numbers.  Classes are kept as they are, but for blanks: ``\\s`` becomes a space.

Pure.
"""

from collections.abc import Callable
from typing import Any

from responder.detect.syntax import REPEATS, Node, Nodes, op, parts

_SINGLE = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.BRANCH)
_SPECIAL = frozenset(r"\.^$*+?{}[]()|")
_IN_CLASS = frozenset(r"\]^-[")
_SHORT = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: " ",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}
_AT = {
    op.AT_BEGINNING: "^",
    op.AT_BEGINNING_STRING: "^",
    op.AT_END: "$",
    op.AT_END_STRING: "$",
    op.AT_BOUNDARY: r"\b",
    op.AT_NON_BOUNDARY: r"\B",
}


def written(nodes: Nodes, names: dict[int, str]) -> str:
    """Return the pattern that *nodes* are; *names* are the texts of characters that stand for something."""
    return "".join(_node(node, names) for node in nodes)


def _node(node: Node, names: dict[int, str]) -> str:
    kind, argument = node
    if kind in _PLAIN:
        return _PLAIN[kind](argument)
    if kind is op.LITERAL:
        return names.get(argument) or ("" if argument in names else _literal(argument))
    if kind is op.BRANCH:
        return f"(?:{'|'.join(written(part, names) for part in parts(node))})"
    if kind in REPEATS:
        return _repeat(node, names)
    raise ValueError(f"{str(kind).lower().replace('_', ' ')}, which patterns have not")


def _repeat(node: Node, names: dict[int, str]) -> str:
    low, high, inside = node[1]
    once = written(list(inside), names)
    if len(inside) != 1 or inside[0][0] not in _SINGLE:
        once = f"(?:{once})"
    return once + _times(low, None if high is op.MAXREPEAT else high) + ("?" if node[0] is op.MIN_REPEAT else "")


def _times(low: int, high: int | None) -> str:
    if high is None:
        return "*" if low == 0 else "+" if low == 1 else f"{{{low},}}"
    if (low, high) == (0, 1):
        return "?"
    return f"{{{low}}}" if low == high else f"{{{low},{high}}}"


def _literal(code: int) -> str:
    char = chr(code)
    return f"\\{char}" if char in _SPECIAL else " " if char == "\t" else char


def _class(members: Nodes) -> str:
    if len(members) == 1 and members[0][0] is op.CATEGORY:
        return _SHORT[members[0][1]]
    inside = "".join(_item(item) for item in members)
    return f"[\\{inside}]" if inside.startswith(":") else f"[{inside}]"  # `regex` has other uses for [:


def _item(item: Node) -> str:
    kind, argument = item
    if kind is op.NEGATE:
        return "^"
    if kind is op.CATEGORY:
        return _SHORT[argument]
    if kind is op.RANGE:
        return f"{_member(argument[0])}-{_member(argument[1])}"
    return _member(argument)


def _member(code: int) -> str:
    char = chr(code)
    return f"\\{char}" if char in _IN_CLASS else char


_PLAIN: dict[Any, Callable[[Any], str]] = {
    op.NOT_LITERAL: lambda code: f"[^{_member(code)}]",
    op.ANY: lambda _: ".",
    op.AT: _AT.__getitem__,
    op.IN: _class,
}

"""syntax - a rule's pattern as a tree, for the proofs that are made of it.

A pattern is parsed with the standard library's own parser (`re._parser`, there
since Python 1.5 under one name or another), so only syntax that `re` and
`regex` share is a pattern.  Pieces become single private characters first: a
proof then sees where a piece stands and trusts its inside.  `re` and `regex`
must mean the same by a pattern, or a proof would be of another pattern than the
one that is matched: what they read differently is refused.

Nodes are plain tuples ``(operation, argument)`` as that parser makes them; the
few operations a rule may use are named here, everything else is refused.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

from responder.detect.pieces import ADDRESS_PIECES, PIECES, pieces, substitute

Node = tuple[Any, Any]
Nodes = list[Node]
op = _constants

_FIRST = 0xE000  # Unicode's private use area: no log line's literal
_NAMES = {_FIRST + index: name for index, name in enumerate(PIECES)}
_GROUPS = {name: f"({chr(code)})" for code, name in _NAMES.items()}  # a group, so that the parser keeps it whole
ALL = frozenset(range(256))
_BEYOND_ASCII = frozenset(range(128, 256))
"""Stands for every character that is not ASCII: of these one is as good as another."""
_CATEGORIES = {
    op.CATEGORY_DIGIT: frozenset(b"0123456789"),
    op.CATEGORY_SPACE: frozenset(b" \t\n\r\f\v"),
    op.CATEGORY_WORD: frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"),
}
_CATEGORIES |= {
    op.CATEGORY_NOT_DIGIT: ALL - _CATEGORIES[op.CATEGORY_DIGIT],
    op.CATEGORY_NOT_SPACE: ALL - _CATEGORIES[op.CATEGORY_SPACE],
    op.CATEGORY_NOT_WORD: ALL - _CATEGORIES[op.CATEGORY_WORD],
}
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
_ALLOWED = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.BRANCH, op.SUBPATTERN, op.AT, *REPEATS)
UNBOUNDED = 100
"""A repetition of more than this is as good as endless."""
_READ_DIFFERENTLY = re.compile(r"(?<!\\)(?:\\\\)*(?:\[:|\{(?!\d*,?\d*\}))")
"""`regex` takes ``[:alpha:]`` for a class and ``{e<=1}`` for leave to match roughly; to `re` both are plain text."""


def parse(pattern: str) -> Nodes:
    """Return the tree of *pattern*, pieces still folded.

    Raises ValueError, with the reason, for what is no pattern or uses syntax
    that rules may not use (flags, groups of their own, look-around, back references).
    """
    if _READ_DIFFERENTLY.search(pattern):
        raise ValueError("a bare [: or a { that begins no repetition (plain ones are written \\[: and \\{)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of syntax that may come to mean something else
            tree = _parser.parse(substitute(pattern, _GROUPS.__getitem__), re.ASCII)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        raise ValueError(f"no regular expression: {error}") from None
    if tree.state.flags != re.ASCII:
        raise ValueError("flags inside a pattern")
    nodes = list(tree)
    for node in walk(nodes):
        if node[0] not in _ALLOWED:
            raise ValueError(f"{str(node[0]).lower().replace('_', ' ')} in a pattern")
        if node[0] is op.SUBPATTERN and node[1][0] is not None and not any(map(piece, parts(node)[0])):
            raise ValueError("a capturing group")
        if node[0] is op.SUBPATTERN and (node[1][1] or node[1][2]):
            raise ValueError("flags inside a pattern")
        if node[0] is op.LITERAL and _never_read(node[1]):
            raise ValueError("a character that no line has once it is read")
    if sum(bool(piece(node)) for node in walk(nodes)) != len(pieces(pattern)):
        raise ValueError("a piece inside [...], or a private character of Unicode's")
    return nodes


def _never_read(code: int) -> bool:
    """Tell whether no message has this character: a line end, half a character, or the mark of a broken one."""
    return code in (0x0A, 0xFFFD) or 0xD800 <= code <= 0xDFFF


def piece(node: Node) -> str:
    """Return the name of the piece that *node* stands for, or nothing."""
    return _NAMES.get(node[1], "") if node[0] is op.LITERAL else ""


def is_address(node: Node) -> bool:
    """Tell whether *node* is a piece that holds the address to blame."""
    return piece(node) in ADDRESS_PIECES


def parts(node: Node) -> list[Nodes]:
    """Return the sequences of nodes inside *node*: one for each alternative."""
    if node[0] is op.BRANCH:
        return [list(branch) for branch in node[1][1]]
    if node[0] is op.SUBPATTERN:
        return [list(node[1][3])]
    if node[0] in REPEATS:
        return [list(node[1][2])]
    return []


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield every node at every depth."""
    for node in nodes:
        yield node
        for part in parts(node):
            yield from walk(part)


def looks_back(nodes: Nodes) -> bool:
    """Tell whether what stands before a message can make a difference: its begin, or the boundary of a word."""
    return any(node[0] is op.AT and node[1] is not op.AT_END for node in walk(nodes))


def first(nodes: Nodes, after: frozenset[int] = frozenset()) -> frozenset[int]:
    """Return the bytes with which text matched by *nodes* may begin; *after* where they may match nothing."""
    if not nodes:
        return after
    node, rest = nodes[0], nodes[1:]
    if node[0] is op.AT:
        return first(rest, after)
    if node[0] in REPEATS:
        tail = first(rest, after)
        inside = first(parts(node)[0], tail)
        return inside | tail if node[1][0] == 0 else inside
    if parts(node):
        tail = first(rest, after)
        return frozenset().union(*(first(part, tail) for part in parts(node)))
    return charset(node)


def charset(node: Node) -> frozenset[int]:
    """Return the bytes that one character of *node* may be; a piece may be anything."""
    if piece(node):
        return ALL
    if node[0] is op.LITERAL:
        return _range(node[1], node[1])
    if node[0] is op.NOT_LITERAL:
        return ALL - {node[1]} | _BEYOND_ASCII
    if node[0] is op.IN:
        members = [item for item in node[1] if item[0] is not op.NEGATE]
        inside = frozenset().union(*(_member(item) for item in members))
        return ALL - inside | _BEYOND_ASCII if len(members) < len(node[1]) else inside
    return ALL


def is_wild(node: Node) -> bool:
    """Tell whether *node* is a character of which the pattern only says what it is not, if anything."""
    return not piece(node) and node[0] in (op.ANY, op.NOT_LITERAL, op.IN) and charset(node) >= _BEYOND_ASCII


def _member(item: Node) -> frozenset[int]:
    if item[0] is op.LITERAL:
        return _range(item[1], item[1])
    if item[0] is op.RANGE:
        return _range(*item[1])
    return _CATEGORIES[item[1]]


def _range(low: int, high: int) -> frozenset[int]:
    return frozenset(range(low, min(high, 127) + 1)) | (_BEYOND_ASCII if high > 127 else frozenset())

"""expression - an expression of fail2ban's as a tree in which only what patterns have is left, or nearly.

    <HOST> <ADDR> <IP4> ...         the character `ADDRESS`; names are never resolved, so only addresses count
    <F-USER>...</F-USER>, (...)     what is inside
    (?i)                            both cases of each letter
    \\[\\] where a time was          the character `DATE`: fail2ban has cut the time out, we have not

Look-aheads that must fail stay, for `rewrite` to deal with.

Source: fail2ban 1.0.2 and 1.1.0, jail.conf(5) and fail2ban/server/failregex.py.
"""

import re
import warnings
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]

from responder.detect.syntax import REPEATS, Node, Nodes, op

ADDRESS = 0xF8F0
DATE = 0xF8F2
_HOSTS = re.compile(r"<(?:HOST|ADDR|IP4|IP6|F-IP4/|F-IP6/|F-ADDR/|SUBNET|F-SUBNET/)>")
_FIELD = re.compile(r"<F-([A-Z0-9_-]+)>|</F-[A-Z0-9_-]+>")
_FREE = {"<F-ID/>": r"\S+", "<F-PORT/>": r"\w+"}
_LOCAL_FLAG = re.compile(r"(?<!\\)\((?:\?:)?\(\?i\)")
_PLAIN = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.AT)
_DEPENDS = "a part of it depends on what another part matched"


class Refusal(ValueError):  # noqa: N818 - it is no fault of a program
    """Why an expression cannot be a pattern."""


def read(text: str, *, dated: bool) -> Nodes:
    """Return the tree of the expression *text*; *dated*: the message still has its time.  Raises Refusal."""
    return _flat(_parsed(_tagged(text, dated=dated)))


def _tagged(text: str, *, dated: bool) -> str:
    """Return *text* with fail2ban's own tags replaced by what `re` can parse; raises Refusal."""
    if "<SKIPLINES>" in text or r"\n" in text:
        raise Refusal("it joins several lines; a rule of ours does that with key, from and pattern")
    if "<F-NOFAIL>" in text:
        raise Refusal("it finds no failure, only an address for another line of the same session")
    if "<F-MLFGAINED>" in text:
        raise Refusal("it finds no failure, but a success that makes fail2ban forget some")
    text = _HOSTS.sub(chr(ADDRESS), text)
    for tag, expression in _FREE.items():
        text = text.replace(tag, expression)
    text = _FIELD.sub(lambda found: "(?:" if found[1] else ")", text)
    if dated:
        text = text.replace(r"\[\]", chr(DATE))
    return _LOCAL_FLAG.sub("(?i:", text)


def _parsed(text: str) -> Nodes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(text, 0)
    except (re.error, RecursionError, OverflowError) as error:
        if "unknown group name" in str(error):
            raise Refusal(_DEPENDS) from None
        raise Refusal(f"no regular expression: {error}") from None
    nodes = list(tree)
    return _both_cases(nodes) if tree.state.flags & re.IGNORECASE else nodes


def _flat(nodes: Nodes) -> Nodes:
    """Return *nodes* without groups that only group, and with what their flags say done; raises Refusal."""
    flat: Nodes = []
    for node in nodes:
        kind, argument = node
        if kind is op.SUBPATTERN:
            _, added, removed, inside = argument
            if added & ~(re.IGNORECASE | re.UNICODE | re.ASCII | re.MULTILINE) or removed:
                raise Refusal("flags in it that no pattern has")
            inside = _flat(_both_cases(list(inside)) if added & re.IGNORECASE else list(inside))
            flat += inside
        elif kind is op.BRANCH:
            flat.append((kind, (argument[0], [_flat(list(part)) for part in argument[1]])))
        elif kind in REPEATS:
            low, high, inside = argument
            flat.append((kind, (low, high, _flat(list(inside)))))
        elif kind in (op.GROUPREF, op.GROUPREF_EXISTS):
            raise Refusal(_DEPENDS)
        elif kind is op.ASSERT or (kind is op.ASSERT_NOT and argument[0] < 0):
            raise Refusal("it looks ahead or back")
        elif kind is op.ASSERT_NOT:
            flat.append((kind, (argument[0], _flat(list(argument[1])))))
        elif kind in _PLAIN:
            flat.append(node)
        else:
            raise Refusal(f"it has what no pattern has: {str(kind).lower().replace('_', ' ')}")
    return flat


def _both_cases(nodes: Nodes) -> Nodes:
    """Return *nodes* with a class of both cases for each letter."""
    made: Nodes = []
    for kind, argument in nodes:
        if kind is op.LITERAL and chr(argument).isascii() and chr(argument).isalpha():
            made.append((op.IN, [(op.LITERAL, ord(one)) for one in (chr(argument).upper(), chr(argument).lower())]))
        elif kind is op.IN:
            made.append((kind, [*argument, *_other_case(argument)]))
        elif kind is op.SUBPATTERN:
            made.append((kind, (*argument[:3], _both_cases(list(argument[3])))))
        elif kind is op.BRANCH:
            made.append((kind, (argument[0], [_both_cases(list(part)) for part in argument[1]])))
        elif kind in REPEATS:
            made.append((kind, (*argument[:2], _both_cases(list(argument[2])))))
        elif kind is op.ASSERT_NOT:
            made.append((kind, (argument[0], _both_cases(list(argument[1])))))
        else:
            made.append((kind, argument))
    return made


def _other_case(members: Nodes) -> Iterator[Node]:
    for kind, argument in members:
        if kind is op.LITERAL and chr(argument).isascii() and chr(argument).isalpha():
            yield (kind, ord(chr(argument).swapcase()))
        elif kind is op.RANGE and all(chr(code).isascii() and chr(code).isalpha() for code in argument):
            yield (kind, tuple(ord(chr(code).swapcase()) for code in argument))

"""rewrite - an expression of fail2ban's into patterns of ours, which match no more than it does.

What has no place in a pattern is turned into what has one, or refused:

    <HOST> <ADDR> <IP4> ...        <address>; names are never resolved, so only addresses count
    <F-USER>...</F-USER>, (...)    a group without a name
    (?i)                           both cases of each letter
    (?!...)                        an `ignore` pattern
    a branch that holds an address a pattern for each way through it
    what stands before \\[<HOST>\\]  <client>, where Postfix wrote it

A pattern is tried as it is, then with a final ``$``; the first that is proven
(detect/proof.py) is taken.

Pure.  Falls short: look-behind, look-ahead other than the above, back
references and conditions are refused.
"""

import re
import warnings
from collections.abc import Iterator
from itertools import product
from re import _parser  # type: ignore[attr-defined]
from typing import NamedTuple

from responder.detect.pattern import Pattern, Shape, UnprovenError, slow_text
from responder.detect.syntax import REPEATS, Node, Nodes, op, parts, walk
from responder.moving.filterfile import HEADER
from responder.moving.regextext import written

_ADDRESS = 0xF8F0
_CLIENT = 0xF8F1
_DATE = 0xF8F2
_NAMES = {_ADDRESS: "<address>", _CLIENT: "<client>", _DATE: r"\[[^\]]*\]", ord(HEADER): ""}
_HOSTS = re.compile(r"<(?:HOST|ADDR|IP4|IP6|F-IP4/|F-IP6/|F-ADDR/|SUBNET|F-SUBNET/)>")
_FIELD = re.compile(r"<F-([A-Z0-9_-]+)>|</F-[A-Z0-9_-]+>")
_FREE = {"<F-ID/>": r"\S+", "<F-PORT/>": r"\w+"}
_LOCAL_FLAG = re.compile(r"(?<!\\)\((?:\?:)?\(\?i\)")
_ANOTHER_LINE = "it names no address: fail2ban takes it from another line of the same session"
_MOST = 32


class Refusal(ValueError):  # noqa: N818 - it is no fault of a program
    """Why an expression cannot be a pattern."""


class Rewritten(NamedTuple):
    """Patterns that do what an expression did, messages they must leave alone, and in what they are narrower."""

    any_of: tuple[str, ...]
    ignore: tuple[str, ...]
    tightened: tuple[str, ...]


def rewrite(text: str, *, postfix: bool = False, dated: bool = False) -> Rewritten:
    """Return the patterns for the expression *text*, which is searched for in a message.

    *postfix* says that Postfix wrote it, *dated* that the message still has its time (in ``[...]``).  Raises Refusal.
    """
    nodes = _flat(_parsed(_tagged(text, dated=dated)))
    tightened = []
    if nodes and nodes[0] == (op.AT, op.AT_BEGINNING):
        while nodes and nodes[0] == (op.AT, op.AT_BEGINNING):
            nodes = nodes[1:]
    elif nodes and nodes[0] != (op.LITERAL, ord(HEADER)) and not _anything(nodes[0]):
        tightened.append("anchored at the begin of the message")
    nodes = _without_head(nodes, dated=dated)
    if postfix and (with_client := _clients(nodes)) != nodes:
        nodes = with_client
        tightened.append("a client is a name and an address in brackets")
    nodes, ignored = _looked_ahead(nodes)
    if not any(_is_address(node) for node in walk(nodes)):
        raise Refusal(_ANOTHER_LINE)
    any_of = []
    for way in _ways(nodes):
        pattern, narrower = _proven(written(way, _NAMES))
        any_of.append(pattern)
        tightened += narrower
    ignore = tuple(_shape(written(one, _NAMES)) for one in ignored)
    return Rewritten(tuple(dict.fromkeys(any_of)), ignore, tuple(dict.fromkeys(tightened)))


def ignored(text: str, *, dated: bool = False) -> str:
    """Return a pattern for messages that the ``ignoreregex`` *text* finds; raises Refusal."""
    nodes = _flat(_parsed(_tagged(text, dated=dated)))
    anchored = bool(nodes) and nodes[0] in ((op.AT, op.AT_BEGINNING), (op.LITERAL, ord(HEADER)))
    while nodes and nodes[0] == (op.AT, op.AT_BEGINNING):
        nodes = nodes[1:]
    nodes = _without_head(nodes, dated=dated)
    before = "" if anchored or not nodes or _anything(nodes[0]) else ".*"
    return _shape(before + written(nodes, _NAMES))


def _tagged(text: str, *, dated: bool) -> str:
    """Return *text* with fail2ban's own tags replaced by what `re` can parse; raises Refusal."""
    if "<SKIPLINES>" in text or r"\n" in text:
        raise Refusal("it joins several lines; a rule of ours does that with key, from and pattern")
    if "<F-NOFAIL>" in text:
        raise Refusal("it finds no failure, only an address for another line of the same session")
    if "<F-MLFGAINED>" in text:
        raise Refusal("it finds no failure, but a success that makes fail2ban forget some")
    text = _HOSTS.sub(chr(_ADDRESS), text)
    for tag, expression in _FREE.items():
        text = text.replace(tag, expression)
    text = _FIELD.sub(lambda found: "(?:" if found[1] else ")", text)
    if dated:
        text = text.replace(r"\[\]", chr(_DATE))
    return _LOCAL_FLAG.sub("(?i:", text)


def _parsed(text: str) -> Nodes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(text, 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise Refusal(f"no regular expression: {error}") from None
    nodes = list(tree)
    return _both_cases(nodes) if tree.state.flags & re.IGNORECASE else nodes


def _flat(nodes: Nodes) -> Nodes:
    """Return *nodes* without groups that only group, and with what their flags say done; raises Refusal."""
    flat: Nodes = []
    for node in nodes:
        kind, argument = node
        if kind is op.SUBPATTERN:
            group, added, removed, inside = argument
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
            raise Refusal("a part of it depends on what another part matched")
        elif kind is op.ASSERT or (kind is op.ASSERT_NOT and argument[0] < 0):
            raise Refusal("it looks ahead or back")
        elif kind is op.ASSERT_NOT:
            flat.append((kind, (argument[0], _flat(list(argument[1])))))
        else:
            flat.append(node)
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


def _without_head(nodes: Nodes, *, dated: bool) -> Nodes:
    """Return *nodes* without what stands before the message: blanks, syslog's header, an empty pair of brackets."""
    date = [(op.LITERAL, ord("[")), (op.LITERAL, ord("]"))]
    while nodes:
        head = nodes[0]
        if head == (op.LITERAL, ord(HEADER)) or head == (op.AT, op.AT_BEGINNING) or _blank(head):
            nodes = nodes[1:]
        elif not dated and nodes[:2] == date:
            nodes = nodes[2:]
        else:
            break
    return nodes


def _blank(node: Node) -> bool:
    """Tell whether *node* is blanks and nothing else."""
    if node[0] in REPEATS:
        return len(node[1][2]) == 1 and _blank(node[1][2][0])
    blank = (op.CATEGORY, op.CATEGORY_SPACE)
    return node in ((op.LITERAL, ord(" ")), blank) or (node[0] is op.IN and list(node[1]) == [blank])


def _anything(node: Node) -> bool:
    return node[0] in REPEATS and node[1][1] is op.MAXREPEAT and list(node[1][2])[0][0] is op.ANY


def _is_address(node: Node) -> bool:
    return node[0] is op.LITERAL and node[1] in (_ADDRESS, _CLIENT)


def _clients(nodes: Nodes) -> Nodes:
    """Return *nodes* with ``[^[]*\\[<HOST>\\]`` and a port behind it as what Postfix calls a client."""
    for index in range(1, len(nodes) - 2):
        bracket, address, closing = nodes[index : index + 3]
        if (bracket, closing) != ((op.LITERAL, ord("[")), (op.LITERAL, ord("]"))) or not _is_address(address):
            continue
        if nodes[index - 1][0] not in REPEATS or not parts(nodes[index - 1])[0]:
            continue
        rest = nodes[index + 3 :]
        if rest and rest[0][0] in REPEATS and parts(rest[0])[0][:1] == [(op.LITERAL, ord(":"))]:
            rest = rest[1:]
        return [*nodes[: index - 1], (op.LITERAL, _CLIENT), *rest]
    return nodes


def _looked_ahead(nodes: Nodes) -> tuple[Nodes, list[Nodes]]:
    """Return *nodes* without the look-aheads in their sequence, and what is to be ignored instead; raises Refusal."""
    kept: Nodes = []
    ignore = []
    for node in nodes:
        if node[0] is op.ASSERT_NOT:
            ignore += [[*kept, *way] for way in _alternatives(node[1][1])]
        elif any(inner[0] is op.ASSERT_NOT for inner in walk([node])):
            raise Refusal("it looks ahead inside a branch or a repetition")
        else:
            kept.append(node)
    return kept, ignore


def _alternatives(nodes: Nodes) -> list[Nodes]:
    if len(nodes) == 1 and nodes[0][0] is op.BRANCH:
        return parts(nodes[0])
    return [list(nodes)]


def _ways(nodes: Nodes) -> list[Nodes]:
    """Return a sequence for each way through the branches that hold an address; raises Refusal."""
    choices: list[list[Nodes]] = []
    for node in nodes:
        holds = any(_is_address(inner) for inner in walk([node]))
        if holds and node[0] is op.BRANCH:
            choices.append([way for part in parts(node) for way in _ways(part)])
        elif holds and node[0] in REPEATS:
            raise Refusal("the address may be missing, or there may be several")
        else:
            choices.append([[node]])
    count = 1
    for one in choices:
        count *= len(one)
    if count > _MOST:
        raise Refusal(f"more than {_MOST} ways lead to an address")
    ways = [[node for part in way for node in part] for way in product(*choices)]
    if any(sum(_is_address(node) for node in walk(way)) != 1 for way in ways):
        raise Refusal("not every way through it has exactly one address")
    return ways


def _proven(pattern: str) -> tuple[str, list[str]]:
    """Return *pattern*, narrowed until it is proven, and how it was narrowed; raises Refusal."""
    try:
        Pattern(pattern)
        found, narrower = pattern, []
    except UnprovenError as first:
        try:
            Pattern(f"{pattern}$")
        except UnprovenError:
            raise Refusal(f"{first}; {first.remedy}") from None
        found, narrower = f"{pattern}$", ["nothing may stand behind it"]
    if slow_text(found) is not None:
        raise Refusal("it may take too long to match; narrow its repetitions, as in <[^>]*>")
    return found, narrower


def _shape(pattern: str) -> str:
    try:
        Shape(pattern)
    except UnprovenError as error:
        raise Refusal(f"what it must leave alone is no pattern: {error}; {error.remedy}") from None
    return pattern

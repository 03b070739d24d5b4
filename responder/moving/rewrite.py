"""rewrite - an expression of fail2ban's into patterns of ours, which match no more than it does.

What has no place in a pattern is turned into what has one, or refused:

    <HOST>                         <address>
    (?!...)                        an `ignore` pattern
    a branch that holds an address a pattern for each way through it
    what stands before \\[<HOST>\\]  <client>, where Postfix wrote it

fail2ban searches an expression anywhere, a pattern of ours begins where the message does.  One without
``^`` is tried with ``.*`` before it, then as it is; each of them then with a final
``$``.  The first that is proven (detect/proof.py) is taken.

Pure.  Falls short: look-behind, look-ahead other than the above, back
references and conditions are refused.
"""

from itertools import product
from typing import NamedTuple

from responder.detect.pattern import Pattern, Shape, UnprovenError, slow_text
from responder.detect.syntax import REPEATS, Node, Nodes, op, parts, walk
from responder.moving import expression
from responder.moving.expression import ADDRESS, DATE, Refusal
from responder.moving.filterfile import HEADER
from responder.moving.regextext import written

_CLIENT = 0xF8F1
_NAMES = {ADDRESS: "<address>", _CLIENT: "<client>", DATE: r"\[[^\]]*\]", ord(HEADER): ""}
_ANOTHER_LINE = "it names no address: fail2ban takes it from another line of the same session"
_BEGIN = "only where the message begins so"
_END = "only where nothing stands behind it"
_UNFINISHED = (",", ";", ":", "=", r"\(", r"\[", r"\{")
"""What an expression ends in where more of the line follows for sure."""
_MOST = 32


class Rewritten(NamedTuple):
    """Patterns that do what an expression did, messages they must leave alone, and in what they are narrower.

    *lead* is what stands before a message in a log of the program's own, with braces for the time.
    """

    any_of: tuple[str, ...]
    ignore: tuple[str, ...]
    tightened: tuple[str, ...]
    lead: str = "{} "


def rewrite(text: str, *, postfix: bool = False, dated: bool = False) -> Rewritten:
    """Return the patterns for the expression *text*, which is searched for in a message.

    *postfix* says that Postfix wrote it, *dated* that the message still has its time (in ``[...]``).  Raises Refusal.
    """
    nodes = expression.read(text, dated=dated)
    tightened = []
    anchored = bool(nodes) and (nodes[0] == (op.AT, op.AT_BEGINNING) or _is_header(nodes[0]) or _anything(nodes[0]))
    headed = any(map(_is_header, nodes))
    nodes, lead = _without_head(nodes, anchored=anchored, dated=dated)
    if anchored and not headed and not dated:
        ways = _unblanked(nodes)
        lead += " " * ways[0].blank
        nodes = ways[0].nodes if len(ways) == 1 else [(op.BRANCH, (None, [way.nodes for way in ways]))]
    if postfix and (with_client := _clients(nodes)) != nodes:
        nodes = with_client
        tightened.append("a client is a name and an address in brackets")
    nodes, ignored = _looked_ahead(nodes)
    if not any(_is_address(node) for node in walk(nodes)):
        raise Refusal(_ANOTHER_LINE)
    any_of = []
    for way in _ways(nodes):
        pattern, narrower = _proven(written(way, _NAMES), anchored=anchored)
        any_of.append(pattern)
        tightened += narrower
    ignore = tuple(_shape(written(one, _NAMES)) for one in ignored)
    return Rewritten(tuple(dict.fromkeys(any_of)), ignore, tuple(dict.fromkeys(tightened)), lead)


def ignored(text: str, *, dated: bool = False) -> str:
    """Return a pattern for messages that the ``ignoreregex`` *text* finds; raises Refusal."""
    nodes = expression.read(text, dated=dated)
    anchored = bool(nodes) and (nodes[0] == (op.AT, op.AT_BEGINNING) or _is_header(nodes[0]))
    nodes, _ = _without_head(nodes, anchored=anchored, dated=dated)
    before = "" if anchored or not nodes or _anything(nodes[0]) else ".*"
    return _shape(before + written(nodes, _NAMES))


def _without_head(nodes: Nodes, *, anchored: bool, dated: bool) -> tuple[Nodes, str]:
    """Return *nodes* without what stands before the message, and how that looks in a log of the program's own."""
    brackets = [(op.LITERAL, ord("[")), (op.LITERAL, ord("]"))]
    lead, headed = "{}", any(map(_is_header, nodes))
    while nodes:
        head = nodes[0]
        if _is_header(head) or head == (op.AT, op.AT_BEGINNING) or (headed and _blank(head)):
            nodes = nodes[1:]
        elif not dated and nodes[:2] == brackets:
            nodes, lead = nodes[2:], "[{}]"
        elif not dated and head[0] in REPEATS and head[1][:2] == (0, 1) and parts(head)[0][:2] == brackets:
            nodes = [*parts(head)[0], *nodes[1:]]
        else:
            break
    return nodes, lead if anchored else "{} "


class _Way(NamedTuple):
    """One way through an expression, and whether a blank may stand before it."""

    nodes: Nodes
    blank: bool = False


def _unblanked(nodes: Nodes) -> list[_Way]:
    """Return the ways through *nodes* without the blank behind a time: fail2ban's message begins with it, ours not."""
    if not nodes:
        return [_Way([])]
    head, rest = nodes[0], nodes[1:]
    if _blank(head):
        ways = [_Way([*_more(head), *rest])] if _needed(head) else _unblanked(rest)
        return [_Way(way.nodes, blank=True) for way in ways]
    if head[0] is op.BRANCH:
        return [_Way([*way.nodes, *rest], way.blank) for part in parts(head) for way in _unblanked(part)]
    if head[0] in REPEATS and head[1][:2] == (0, 1):
        return [*(_Way([*way.nodes, *rest], way.blank) for way in _unblanked(parts(head)[0])), *_unblanked(rest)]
    return [_Way(nodes)]


def _is_header(node: Node) -> bool:
    """Tell whether *node* is what syslog writes before a message, needed or not."""
    if node[0] in REPEATS:
        return all(map(_is_header, node[1][2]))
    return node == (op.LITERAL, ord(HEADER))


def _blank(node: Node) -> bool:
    """Tell whether *node* is blanks and nothing else."""
    if node[0] in REPEATS:
        return len(node[1][2]) == 1 and _blank(node[1][2][0])
    blank = (op.CATEGORY, op.CATEGORY_SPACE)
    return node in ((op.LITERAL, ord(" ")), blank) or (node[0] is op.IN and list(node[1]) == [blank])


def _needed(blank: Node) -> bool:
    """Tell whether at least one blank has to be there."""
    return blank[0] not in REPEATS or blank[1][0] > 0


def _more(blank: Node) -> Nodes:
    """Return what is left of *blank* when one was taken from it: any number where it is repeated, else nothing."""
    if blank[0] not in REPEATS or not _needed(blank):
        return []
    return [(op.MAX_REPEAT, (0, op.MAXREPEAT, [(op.LITERAL, ord(" "))]))]


def _anything(node: Node) -> bool:
    return node[0] in REPEATS and node[1][1] is op.MAXREPEAT and node[1][2][0][0] is op.ANY


def _is_address(node: Node) -> bool:
    return node[0] is op.LITERAL and node[1] in (ADDRESS, _CLIENT)


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


def _proven(pattern: str, *, anchored: bool) -> tuple[str, list[str]]:
    """Return *pattern*, narrowed until it is proven, and how it was narrowed; raises Refusal."""
    begins = [(pattern, [])] if anchored else [(f".*{pattern}", []), (pattern, [_BEGIN])]
    whole = [] if pattern.endswith(_UNFINISHED) else [_END]
    tried = [one for begin, how in begins for one in ((begin, how), *((f"{begin}$", [*how, end]) for end in whole))]
    problem = None
    for text, how in tried:
        try:
            Pattern(text)
        except UnprovenError as error:
            problem = problem or error
        else:
            if slow_text(text) is not None:
                raise Refusal("it may take too long to match; narrow its repetitions, as in <[^>]*>")
            return text, how
    assert problem is not None
    raise Refusal(f"{problem}; {problem.remedy}") from None


def _shape(pattern: str) -> str:
    try:
        Shape(pattern)
    except UnprovenError as error:
        raise Refusal(f"what it must leave alone is no pattern: {error}; {error.remedy}") from None
    return pattern

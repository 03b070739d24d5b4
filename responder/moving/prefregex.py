r"""prefregex - a filter's expressions behind what it asks of each message before it looks for them.

    ^...<F-CONTENT>.+</F-CONTENT>$               they are looked for in the rest of the message
    ^...<F-CONTENT>(?:Bad|Exit).+</F-CONTENT>$   and the rest itself has to be so

To fail2ban the rest has to match both, its condition and an expression; a pattern
cannot ask for two things at once.  So an expression is put there only where it is
proven to ask for the condition anyway: it begins with ``^``, and whatever it finds
begins as the condition does, up to the ``.*`` in which that ends.

Pure.  Falls short: what is not proven so is refused, though both together could be some pattern.  Where
what stands before <F-CONTENT> can end at several places, fail2ban looks behind one of them, a pattern behind all.

Source: fail2ban 1.0.2 and 1.1.0, fail2ban/server/filter.py, findFailure.
"""

import re
from collections.abc import Iterator

from responder.detect.syntax import ALL, REPEATS, Node, Nodes, charset, op, parts
from responder.moving import expression
from responder.moving.expression import Refusal

_CONTENT = re.compile(r"(.*?)<F-CONTENT>(.*?)</F-CONTENT>(.*)", re.DOTALL)
_BESIDE = "prefregex has no <F-CONTENT>, and asks for something beside it"
_ANYTHING = (".+", ".*")
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|</?F-[A-Z0-9_-]+>|[()|]", re.DOTALL)
_CHARACTERS = (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY)
_ASCII = frozenset(range(128))


def failing(prefix: str, text: str) -> tuple[str, str]:
    """Return the failregex *text* behind *prefix*, and why it cannot stand there, or nothing."""
    found = _CONTENT.fullmatch(prefix)
    if found is None:
        return text, _BESIDE
    before, content, after = found.groups()
    alternatives = _alternatives(text)
    problem = _alone(text)
    if after != "$" and (after or content not in _ANYTHING):
        problem = "<F-CONTENT> in prefregex is not the rest of the message"
    elif not problem and content not in _ANYTHING:
        problem = _unproven(alternatives, content)
    return _joined(before, alternatives), problem


def ignoring(prefix: str, text: str) -> tuple[str, str]:
    """Return the ignoreregex *text* behind *prefix*, likewise.

    It is asked where a failregex was found, so the content is what it has to be.
    """
    found = _CONTENT.fullmatch(prefix)
    return (_joined(found[1], _alternatives(text)), _alone(text)) if found else (text, _BESIDE)


def _alone(text: str) -> str:
    """Return why *text* is no expression by itself, or nothing; fail2ban compiles it so, and ``a)(b`` would fit in."""
    try:
        expression.read(text, dated=False)
    except Refusal as refusal:
        return str(refusal)
    return ""


def _alternatives(text: str) -> list[str]:
    """Return what stands between the ``|`` in *text* that are in no group."""
    made, begin, depth = [], 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] == "|" and depth == 0:
            made.append(text[begin : token.start()])
            begin = token.end()
        depth += token[0].startswith(("(", "<F")) - token[0].startswith((")", "</F"))
    return [*made, text[begin:]]


def _joined(before: str, alternatives: list[str]) -> str:
    if before.startswith("(?"):  # its flags are not for what stands behind it
        before = f"(?:{before})"
    behind = [one[1:] if one.startswith("^") else f".*{one}" for one in alternatives]
    return f"{before}(?:{'|'.join(behind)})"  # in a group even one, should a ``|`` in it have been overlooked


def _unproven(alternatives: list[str], condition: str) -> str:
    """Return why it is not proven that what any of *alternatives* finds is as *condition* says, or nothing."""
    try:
        wanted = expression.read(condition, dated=False)
        for one in alternatives:
            if not one.startswith("^") or not _within(expression.read(one[1:], dated=False), [wanted]):
                return "it may find what <F-CONTENT> in prefregex leaves out, and no pattern can ask for both"
    except Refusal as refusal:
        return str(refusal)
    return ""


def _within(nodes: Nodes, conditions: list[Nodes]) -> bool:
    """Tell whether whatever *nodes* match begins as one of *conditions* does, up to the ``.*`` in which that ends.

    *nodes* may be taken for more than they are, *conditions* for less.
    """
    ways = [way for condition in conditions for way in _opened(condition)]
    if any(len(way) == 1 and _is_rest(way[0]) for way in ways):
        return True
    return bool(nodes and ways) and all(_within(*further) for further in _further(nodes, ways))


def _further(nodes: Nodes, ways: list[Nodes]) -> Iterator[tuple[Nodes, list[Nodes]]]:
    """Yield, for each way on through *nodes*, what follows, and what *ways* then still ask for."""
    head, rest = nodes[0], nodes[1:]
    if head[0] in (op.AT, op.ASSERT_NOT):
        yield rest, ways
    elif head[0] is op.BRANCH:
        yield from (([*part, *rest], ways) for part in parts(head))
    elif head[0] in REPEATS and (head[1][1] == 1 or _takes(head[1][2])):
        low, high, inside = head[1]
        again = [(head[0], (max(low - 1, 0), high - 1, inside))] if high > 1 else []
        yield [*inside, *again, *rest], ways
        if low == 0:
            yield rest, ways
    elif _takes(nodes):
        for wanted in {tuple(code in _begins(way) for way in ways) for code in charset(head)}:
            yield rest, [way[1:] for way, fits in zip(ways, wanted, strict=True) if fits]
    else:
        yield [], []  # nothing is known of it


def _takes(nodes: Nodes) -> bool:
    """Tell whether *nodes* begin with just one character; an address stands there as one, but is many."""
    return bool(nodes) and nodes[0][0] in _CHARACTERS and (nodes[0][0] is not op.LITERAL or nodes[0][1] in _ASCII)


def _opened(condition: Nodes) -> list[Nodes]:
    """Return the ways into *condition*, each of which begins with one character or is a last ``.*``."""
    if not condition:
        return []
    head, rest = condition[0], condition[1:]
    if head[0] is op.BRANCH:
        return [way for part in parts(head) for way in _opened([*part, *rest])]
    if head[0] not in REPEATS or (_is_rest(head) and not rest):
        return [condition]
    low, high, inside = head[1]
    if low > 0:
        fewer = (low - 1, high if high is op.MAXREPEAT else high - 1, inside)
        return _opened([*inside, (head[0], fewer), *rest])
    return [*(_opened([*inside, *rest]) if high else []), *_opened(rest)]


def _begins(condition: Nodes) -> frozenset[int]:
    """Return the bytes with which *condition* may begin for sure; of those beyond ASCII all or none."""
    head = condition[0]
    if head[0] is op.ANY:
        return ALL
    return charset(head) & _ASCII if head[0] in _CHARACTERS else frozenset()


def _is_rest(node: Node) -> bool:
    return node[0] is op.MAX_REPEAT and node[1][:2] == (0, op.MAXREPEAT) and list(node[1][2]) == [(op.ANY, None)]

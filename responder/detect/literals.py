"""literals - the strings by which one scan over a log finds the lines that a pattern may match.

Every match of a pattern contains at least one of its literals.  Of several such
sets the one is taken that fewer lines will hold.
"""

from responder.detect.syntax import REPEATS, Node, Nodes, op, parts, piece

SHORTEST = 5
"""Characters that a literal must have to be worth a scan."""

_LONG_ENOUGH = 12  # characters; from here on, few literals are worth more than long ones
_MOST = 32  # literals of one pattern


def needed(nodes: Nodes) -> frozenset[str]:
    """Return strings of which every match contains at least one; empty where there are none long enough."""
    best: frozenset[str] = frozenset()
    run = [""]
    for node in [*nodes, (op.AT, None)]:
        exact = _exact(node)
        joined = [head + tail for head in run for tail in exact] if exact else []
        if exact and len(joined) <= _MOST:
            run = joined
            continue
        best = _better(best, frozenset(run))
        run = exact if exact and len(exact) <= _MOST else [""]
        if not exact:
            best = _better(best, _inside(node))
    best = _better(best, frozenset(run))
    if not best or min(map(len, best)) < SHORTEST:
        return frozenset()
    return frozenset(text for text in best if not any(other in text for other in best if other != text))


def _inside(node: Node) -> frozenset[str]:
    """Return the literals of a node that is no exact text: all its alternatives', when each has some."""
    if node[0] in REPEATS and node[1][0] == 0:
        return frozenset()
    found = [needed(part) for part in parts(node)]
    return frozenset().union(*found) if found and all(found) else frozenset()


def _exact(node: Node) -> list[str]:
    """Return every text that *node* can match, when these are few and plain; else nothing."""
    if node[0] is op.LITERAL:
        return [] if piece(node) else [chr(node[1])]
    if node[0] is op.IN:
        plain = [chr(item[1]) for item in node[1] if item[0] is op.LITERAL]
        return plain if len(plain) == len(node[1]) else []
    if node[0] in REPEATS:
        low, high, inside = node[1]
        once = _exact_sequence(list(inside)) if high == 1 else []
        return [*once, *([""] if low == 0 else [])] if once else []
    found = [_exact_sequence(part) for part in parts(node)]
    return [text for texts in found for text in texts] if found and all(found) else []


def _exact_sequence(nodes: Nodes) -> list[str]:
    texts = [""]
    for node in nodes:
        texts = [head + tail for head in texts for tail in _exact(node)]
        if len(texts) > _MOST:
            return []
    return texts


def _better(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Return the set that fewer lines will hold: long enough, then few of them, then longer."""

    def worth(texts: frozenset[str]) -> tuple[int, int, int]:
        shortest = min(map(len, texts), default=0)
        return (min(shortest, _LONG_ENOUGH), -len(texts), shortest)

    return max(one, other, key=worth)

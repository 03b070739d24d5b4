"""proof - what must hold of a pattern before a log line may be judged by it.

1. Exactly one address, on every way through the pattern.
2. The address is *pinned*: everything before it is of fixed shape (pinned from
   the left), or everything after it is, up to a final ``$`` (from the right).
   Fixed shape means literals, alternatives, options, digits, blanks, pieces and
   so many characters of a class: nothing whose length a peer may choose.  So no
   text that an attacker wrote, be it a whole imitated line, can move the place
   where the address is read.
3. No runaway: inside a repetition the next character decides every choice, and
   at most one open-ended repetition may also match what follows it.
4. A literal of `SHORTEST` characters or more in every match, by which one scan
   over the log finds the candidates.

Falls short: a pattern pinned from the right trusts that the line is whole; the
engine therefore does not show it lines long enough to have been cut.  What a
pattern spells out is taken for the program's own words: one that spells out
what a peer chose (``for root from <address>``) lets him go on in its words.
Where an open-ended repetition follows the one that 3. allows, the cost is the
square of a message's length.
"""

from itertools import takewhile
from typing import NamedTuple

from responder.detect.literals import SHORTEST, needed
from responder.detect.pieces import ADDRESS_PIECES, PIECES
from responder.detect.syntax import (
    REPEATS,
    UNBOUNDED,
    Node,
    Nodes,
    charset,
    first,
    is_address,
    is_wild,
    op,
    parts,
    piece,
    walk,
)

_CLOSED = 10  # how much the length of a repetition may vary before it counts as open-ended
_BLANKS_AND_DIGITS = frozenset(b"0123456789 \t")


class Fault(NamedTuple):
    """What is wrong with a pattern, and what would be right."""

    what: str
    remedy: str


_UNPINNED = Fault(
    "free text stands before the address, so whoever writes that text chooses the address",
    "pin the address from the left (only literals, digits and pieces before it) or from the right (only those "
    "after it, up to a final $)",
)
_NESTED = Fault(
    "a repetition whose inside can match in more than one way can backtrack without end",
    "repeat only a character or class, or let the next character decide each choice, as in (?:[a-z]+,)*",
)
_OVERLAPPING = Fault(
    "two open-ended repetitions may each match what follows them, so matching is not linear",
    "narrow one to a class without the character that ends it, as in <[^>]*>",
)
_ENDLESS = Fault(
    "no colon stands in the program's own words behind <basic-user>, so nothing says where the name ends",
    "spell out what the program writes after the name, up to a colon",
)
_NO_LITERAL = Fault(
    f"no literal of {SHORTEST} characters is in every match, so every line would have to be tried",
    "spell out a word that the message always contains",
)


def faults(nodes: Nodes) -> list[Fault]:
    """Return what is wrong with the pattern *nodes*; nothing when it is proven."""
    found = _address_faults(nodes)
    if not found and not pinned_left(nodes) and not _pinned_right(nodes):
        found.append(_UNPINNED)
    if not _named_users_end(nodes):
        found.append(_ENDLESS)
    return [*found, *runaways(nodes), *literal_faults(nodes)]


def _named_users_end(nodes: Nodes) -> bool:
    """Tell whether literals with a colon follow wherever the piece <basic-user> stands, in the same sequence."""
    for index, node in enumerate(nodes):
        if node[0] is op.SUBPATTERN and any(map(_is_basic_user, parts(node)[0])):
            words = takewhile(lambda one: one[0] is op.LITERAL and not piece(one), nodes[index + 1 :])
            if ord(":") not in {one[1] for one in words}:
                return False
        elif not all(map(_named_users_end, parts(node))):
            return False
    return True


def _is_basic_user(node: Node) -> bool:
    return piece(node) == "basic-user"


def literal_faults(nodes: Nodes) -> list[Fault]:
    """Return what is wrong where no literal is in every match."""
    return [] if needed(nodes) else [_NO_LITERAL]


def key_faults(nodes: Nodes, key: str) -> list[Fault]:
    """Return what is wrong with the place of the piece *key*, which joins this line with others."""
    if sum(piece(node) == key for node in walk(nodes)) != 1:
        return [
            Fault(f"the key <{key}> does not stand there just once", f"write <{key}> into each of the rule's patterns")
        ]
    before = list(takewhile(lambda node: not any(piece(inner) == key for inner in walk([node])), nodes))
    at = nodes[len(before)]
    if all(map(_fixed, before)) and (piece(at) == key or _leads(at, key)):
        return []
    return [Fault(f"free text stands before the key <{key}>", "let only literals, digits and pieces stand before it")]


def _leads(node: Node, key: str) -> bool:
    """Tell whether *node*, a group that is neither repeated nor an alternative, begins with the piece *key*."""
    return node[0] is op.SUBPATTERN and bool(parts(node)[0]) and piece(parts(node)[0][0]) == key


def runaways(nodes: Nodes) -> list[Fault]:
    """Return what keeps the pattern *nodes* from matching in linear time; nothing when it does."""
    if any(_repeats(node) and not _decided(parts(node)[0], first(parts(node)[0])) for node in walk(nodes)):
        return [_NESTED]
    return [_OVERLAPPING] if _overlapping(nodes, frozenset()) > 1 else []


def pinned_left(nodes: Nodes) -> bool:
    """Tell whether everything before the address is of fixed shape."""
    return _fixed_until_address(nodes)


def _pinned_right(nodes: Nodes) -> bool:
    if not nodes or nodes[-1] != (op.AT, op.AT_END):
        return False
    return _fixed_until_address(nodes[::-1], backwards=True)


def _fixed_until_address(nodes: Nodes, *, backwards: bool = False) -> bool:
    """Tell whether the nodes met before the address are fixed, going inside the one that holds it."""
    for node in nodes:
        if is_address(node):
            return True
        if any(is_address(inner) for inner in walk([node])):
            inside = parts(node)[0]
            return _fixed_until_address(inside[::-1] if backwards else inside, backwards=backwards)
        if not _fixed(node):
            return False
    return False


def _fixed(node: Node) -> bool:
    if node[0] in REPEATS:
        low, high, inside = node[1]
        if high == 1 or (low == high and high <= UNBOUNDED):
            return all(_fixed(inner) for inner in inside)
        return len(inside) == 1 and not parts(inside[0]) and charset(inside[0]) <= _BLANKS_AND_DIGITS
    return not is_wild(node) and all(_fixed(inner) for part in parts(node) for inner in part)


def _address_faults(nodes: Nodes) -> list[Fault]:
    names = " or ".join(f"<{name}>" for name in ADDRESS_PIECES)
    count = sum(is_address(node) for node in walk(nodes))
    if count != 1:
        known = ", ".join(f"<{name}>" for name in PIECES)
        what = f"the pattern names {count or 'no'} address{'es' if count else ''}"
        return [Fault(what, f"write exactly one {names} (the pieces are {known})")]
    for node in walk(nodes):
        optional = node[0] in REPEATS or node[0] is op.BRANCH
        if optional and any(is_address(inner) for part in parts(node) for inner in walk(part)):
            return [Fault("not every match has the address", f"move {names} out of the alternative or repetition")]
    return []


def _repeats(node: Node) -> bool:
    return node[0] in REPEATS and node[1][1] > 1


def _open_ended(node: Node) -> bool:
    return node[0] in REPEATS and node[1][1] - node[1][0] > _CLOSED


def _decided(nodes: Nodes, after: frozenset[int]) -> bool:
    """Tell whether, in a repetition that goes on with *after*, the next character alone decides every choice."""
    for index, node in enumerate(nodes):
        tail = first(nodes[index + 1 :], after)
        heads = [first(part, tail) for part in parts(node)]
        follow = tail
        if node[0] in REPEATS:
            low, high, _ = node[1]
            follow = tail | heads[0] if high > 1 else tail
            heads += [tail] if low != high else []
        if piece(node) or sum(map(len, heads)) > len(frozenset().union(*heads)):
            return False
        if not all(_decided(part, follow) for part in parts(node)):
            return False
    return True


def _overlapping(nodes: Nodes, after: frozenset[int]) -> int:
    """Count the open-ended repetitions that can go on through what follows; the last of a pattern cannot."""
    count = 0
    for index, node in enumerate(nodes):
        tail = first(nodes[index + 1 :], after)
        if _open_ended(node):
            inside = frozenset().union(*(charset(inner) for inner in walk(parts(node)[0]) if not parts(inner)))
            count += bool(inside & tail)
        elif parts(node):
            count += max(_overlapping(part, tail) for part in parts(node))
    return count

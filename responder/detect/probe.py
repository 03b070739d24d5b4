"""probe - whether a pattern matches in the time it should, tried with texts that are made to be bad for it.

The static proof (proof.py) is about the shape of a pattern; this is the trial.
For every repetition a text is built that leads there, repeats what it takes, or
what would follow it, up to the longest message that is ever judged, and then
breaks off.  The time is that of the processor, taken by `regex` itself.
"""

from collections.abc import Iterator
from itertools import takewhile

import regex

from responder.detect.syntax import REPEATS, Node, Nodes, charset, op, parts, piece

LONGEST = 8192
"""Characters of a message that patterns are matched against; what is behind is not read."""
_PATIENCE = 0.05  # seconds; a good pattern takes a few milliseconds at most
_TRIES = 3
_CLOSED = 10
_SAMPLES = {
    "address": "192.0.2.7", "client": "unknown[192.0.2.7]", "ip": "192.0.2.7", "port": "25", "number": "1",
    "seconds": "1", "queue-id": "NOQUEUE", "stage": "RCPT", "tls": "TLS", "session": "x", "hex-id": "0123456789abcdef",
    "code": "550 5.1.1",
}  # fmt: skip


def slow_text(compiled: "regex.Pattern[str]", nodes: Nodes) -> str | None:
    """Return a text on which *compiled*, whose tree is *nodes*, takes too long; None where there is none."""
    return next((text for text in pumped(nodes) if all(_slow(compiled, text) for _ in range(_TRIES))), None)


def pumped(nodes: Nodes) -> Iterator[str]:
    """Yield texts that are bad for the pattern *nodes*."""
    for before, repeated, after in _repetitions(nodes, "", []):
        following = _sample(list(takewhile(lambda node: not _open_ended(node), after)))
        for unit in {_sample(repeated) or "x", following or "x", f"{_sample(repeated)}{following}" or "x"}:
            yield (before + unit * (LONGEST // len(unit) + 1))[: LONGEST - 1] + "\0"


def _repetitions(nodes: Nodes, before: str, after: Nodes) -> Iterator[tuple[str, Nodes, Nodes]]:
    """Yield each open-ended repetition: a text that leads to it, what it repeats, what may follow it."""
    for index, node in enumerate(nodes):
        rest = [*nodes[index + 1 :], *after]
        if _open_ended(node):
            yield before, list(node[1][2]), rest
        for part in parts(node):
            yield from _repetitions(part, before, rest)
        before += _sample([node])


def _open_ended(node: Node) -> bool:
    return node[0] in REPEATS and bool(node[1][1] - node[1][0] > _CLOSED)


def _sample(nodes: Nodes) -> str:
    """Return a short text that *nodes* match."""
    return "".join(map(_sample_of, nodes))


def _sample_of(node: Node) -> str:
    if name := piece(node):
        return _SAMPLES.get(name, "x")
    if node[0] in REPEATS:
        low, _, inside = node[1]
        return _sample(list(inside)) * int(low)
    if parts(node):
        return _sample(parts(node)[0])
    if node[0] is op.LITERAL:
        return chr(node[1])
    return "" if node[0] is op.AT else _character(charset(node))


def _character(codes: frozenset[int]) -> str:
    """Return a character of *codes*, one of everyday texts where that can be."""
    return next((char for char in "x1 -" if ord(char) in codes), chr(min(codes, default=120)))


def _slow(compiled: "regex.Pattern[str]", text: str) -> bool:
    try:
        compiled.match(text, timeout=_PATIENCE)
    except TimeoutError:
        return True
    return False

"""sample - log lines that a pattern matches, made from it: the examples that a rule must carry.

    the plain case                     whom it blames
    the same with a word for address   nobody
    the same with free text that holds somebody else's address

Pure.  Falls short: a made line shows that a pattern can match, not that the program ever writes so.
"""

from collections.abc import Iterator

from responder.detect import syntax
from responder.detect.syntax import REPEATS, Node, Nodes, charset, is_address, is_wild, op, parts, piece

BLAMED = "192.0.2.7"
OTHER = "198.51.100.1"
_TIME = "25/Nov/2026:10:00:00 +0000"
_HOSTS = {"address": "{}", "client": "unknown[{}]"}


class _Fill:
    """What to put where a pattern leaves a choice: each text once, where its characters may stand."""

    def __init__(self, texts: list[str], address: str) -> None:
        self._texts, self._address = texts, address

    def text(self, nodes: Nodes) -> str:
        return "".join(map(self._node, nodes))

    def _node(self, node: Node) -> str:
        if name := piece(node):
            return _HOSTS[name].format(self._address) if is_address(node) else "1"
        if node[0] in REPEATS:
            return self._repeat(node)
        if parts(node):
            return self.text(parts(node)[0])
        if node[0] is op.LITERAL:
            return chr(node[1])
        return "" if node[0] is op.AT else _character(charset(node))

    def _repeat(self, node: Node) -> str:
        low, high, inside = node[1]
        once = list(inside)
        if len(once) == 1 and is_wild(once[0]):
            allowed = charset(once[0])
            for text in self._texts:
                if low <= len(text) <= high and allowed.issuperset(text.encode()):
                    self._texts.remove(text)
                    return text
        return "".join(self.text(once) for _ in range(int(low)))


def lines(pattern: str, form: str, program: str) -> Iterator[tuple[str, str, str]]:
    """Yield lines of *form* (formats/lines.py), which *program* might write: line, address to blame, why.

    Not all of them need be what they are meant to be; try them.
    """
    nodes = syntax.parse(pattern)
    times = [f" - [{_TIME}] ", _TIME] if form == "access-log" else []
    plain = _Fill([*times], BLAMED).text(nodes)
    yield _whole(plain, form, program), BLAMED, ""
    yield _whole(_Fill([*times], "nobody").text(nodes), form, program), "", "no address, nobody to blame"
    yield _whole("something else " + plain.replace(BLAMED, ""), form, program), "", "another message"
    why = "free text with an address of somebody else"
    yield _whole(_Fill([*times, f"for {OTHER} ", OTHER], BLAMED).text(nodes), form, program), BLAMED, why
    yield _whole(f"{plain} for {OTHER}", form, program), BLAMED, why
    if form == "syslog":
        yield _whole(plain, form, program, host=OTHER), BLAMED, "a host that is called like an address"


def _whole(message: str, form: str, program: str, host: str = "mx") -> str:
    if form == "syslog":
        return f"Nov 25 10:00:00 {host} {program}[1]: {message}"
    return message if form == "access-log" else f"2026-11-25 10:00:00 {message}"


def _character(codes: frozenset[int]) -> str:
    return next((char for char in "x1 -/" if ord(char) in codes), chr(min(codes, default=120)))

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
BLAMED_V6 = "2001:db8::7"
OTHER = "198.51.100.1"
_DAY = "2026-11-25 10:00:00"
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


def lines(pattern: str, form: str, program: str, lead: str = "{} ") -> Iterator[tuple[str, str, str]]:
    """Yield lines of *form* (formats/lines.py), which *program* might write: line, address to blame, why.

    *lead* is what stands before the message of a plain line, with braces for the time.
    Not all of them need be what they are meant to be; try them.
    """
    nodes = syntax.parse(pattern)
    times = [f" - [{_TIME}] ", _TIME] if form == "access-log" else []
    blamed = BLAMED_V6 if "IPv6:<address>" in pattern else BLAMED
    head = (
        f"Nov 25 10:00:00 mx {program}[1]: " if form == "syslog" else "" if form == "access-log" else lead.format(_DAY)
    )
    plain = _Fill([*times], blamed).text(nodes)
    yield f"{head}{plain}", blamed, ""
    yield head + _Fill([*times], "nobody").text(nodes), "", "no address, nobody to blame"
    yield f"{head}something else {plain.replace(blamed, '')}", "", "another message"
    why = "free text with an address of somebody else"
    yield head + _Fill([*times, f"for {OTHER} ", OTHER], blamed).text(nodes), blamed, why
    yield f"{head}{plain} for {OTHER}", blamed, why
    if form == "syslog":
        yield f"{head.replace(' mx ', f' {OTHER} ')}{plain}", blamed, "a host that is called like an address"


def _character(codes: frozenset[int]) -> str:
    return next((char for char in "x1 -/" if ord(char) in codes), chr(min(codes, default=120)))

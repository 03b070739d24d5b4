"""request - Postfix's policy delegation protocol: bytes in, Requests out; and answers.

A request is lines ``name=value`` up to an empty line; a connection carries any
number of them, however they are cut into pieces.  Names that we do not know are
kept and ignored; values are bytes, whatever is in them.  An answer is one line
``action=...`` and an empty line, at most 8,192 bytes, and nothing that is handed
in can add a line to it.

    parser = Parser()
    for request in parser.feed(data):
        ...
    if parser.broken:            # nothing can be read from this connection any more

What breaks a connection: a line without ``=``, an empty request, one longer than
LONGEST, another kind of request than ``smtpd_access_policy``.  What came whole
before that is still returned.  Pure.
"""

Request = dict[bytes, bytes]

LONGEST = 16384
"""Bytes of one request; Postfix's own have some 700, and no attribute of more than 2,048."""

_LONGEST_ANSWER = 8192
_KIND = b"smtpd_access_policy"


class Parser:
    """What one connection has sent and is not a whole request yet."""

    __slots__ = ("_rest", "broken")

    def __init__(self) -> None:
        self.broken = ""
        self._rest = b""

    def feed(self, data: bytes) -> list[Request]:
        """Return the requests that *data* completes, in their order."""
        if self.broken:
            return []
        *blocks, rest = (self._rest + data if self._rest else data).split(b"\n\n")
        requests: list[Request] = []
        for block in blocks:
            if not (request := self._read(block)):
                return requests
            requests.append(request)
        self._rest = rest
        if rest.startswith(b"\n"):
            self._break("an empty request")
        elif len(rest) > LONGEST:
            self._break(f"a request of more than {LONGEST} bytes")
        return requests

    def _read(self, block: bytes) -> Request:
        """Return the request in *block*, or nothing where there is none."""
        if not block or block.startswith(b"\n"):
            return self._break("an empty request")
        if len(block) > LONGEST:
            return self._break(f"a request of more than {LONGEST} bytes")
        try:
            request = dict([line.split(b"=", 1) for line in block.split(b"\n")])
        except ValueError:
            return self._break("a line without =")
        if request.get(b"request") != _KIND:
            return self._break("a request that is no smtpd_access_policy")
        return request

    def _break(self, why: str) -> Request:
        self.broken, self._rest = why, b""
        return {}


def encode(action: str) -> bytes:
    """Return the answer that tells Postfix to do *action*."""
    line = "".join(char if char.isprintable() else "?" for char in action).encode(errors="replace")
    return b"action=%b\n\n" % line[: _LONGEST_ANSWER - len(b"action=\n\n")]


DUNNO = encode("DUNNO")

"""notes - what the policy service did, a line each, for people and rules.

    quota: defer client=192.0.2.7 quota=sender-domain limit="20 messages per 1m" used=20 until=... stage=RCPT
        user="" key="shop.example" sender="news@shop.example" recipient="a@b.test"

(in one line), and of clients that are refused whatever they send

    client: reject client=192.0.2.7 banned until=... reason="..."

The fields are always these, in this order.  The client's address
stands before all that a client can write, which comes last, quoted, with quotes,
backslashes and whatever does not print spelt out.  Pure.
"""

from typing import Literal, NamedTuple

from responder.quota.request import Request
from responder.times import format_time
from responder.values import parse_address

_LONGEST = 256

What = Literal["defer", "reject", "hold", "warning", "suspend"]


class Refusal(NamedTuple):
    """A client that was refused whatever he would send: *why* is banned or listed."""

    why: str
    address: str
    until: float
    reason: str

    def __str__(self) -> str:
        """Return the line."""
        until = format_time(self.until)
        return f"client: reject client={self.address} {self.why} until={until} reason={_quoted(self.reason)}"


class Note(NamedTuple):
    """One thing that happened; *limit* may be ``suspended`` or ``blocked``, *until* None where nobody knows."""

    what: What
    quota: str
    key: str
    limit: str
    used: int
    until: float | None
    request: Request

    def __str__(self) -> str:
        """Return the line."""
        request = self.request
        address = parse_address(request.get(b"client_address", b"").decode("ascii", "replace"))
        return (
            f"quota: {self.what} client={address or 'unknown'} quota={self.quota or '-'} limit={_quoted(self.limit)}"
            f" used={self.used} until={'-' if self.until is None else format_time(self.until)}"
            f" stage={_stage(request.get(b'protocol_state', b''))} user={_attribute(request, b'sasl_username')}"
            f" key={_quoted(self.key)} sender={_attribute(request, b'sender')}"
            f" recipient={_attribute(request, b'recipient')}"
        )


def _stage(raw: bytes) -> str:
    return raw.decode() if raw.isupper() and raw.replace(b"-", b"").isalpha() and len(raw) < 20 else "-"


def _attribute(request: Request, name: bytes) -> str:
    return _quoted(request.get(name, b"").decode("utf-8", "backslashreplace"))


def _quoted(text: str) -> str:
    cut = text[:_LONGEST] + ("..." if len(text) > _LONGEST else "")
    return f'"{"".join(_spelt(char) for char in cut)}"'


def _spelt(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else char.encode("unicode_escape").decode()

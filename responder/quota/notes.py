"""notes - what the policy service did, a line each, for people and rules.

    quota: defer client=192.0.2.7 quota=sender-domain limit="20 messages per 1m" used=20 until=... stage=RCPT
        user="" key="shop.example" sender="news@shop.example" recipient="a@b.test"

(in one line), and of clients that are refused whatever they send

    client: reject client=192.0.2.7 banned until=... reason="..."

The fields are always these, in this order.  The client's address
stands before all that a client can write, which comes last, quoted, with quotes,
backslashes and whatever does not print spelt out.  A journal gets the same as
`fields` besides, and `about` tells from a line whom it is about.  Pure.
"""

import re
from typing import Literal, NamedTuple

from responder.quota import keys
from responder.quota.request import Request
from responder.times import format_time
from responder.values import parse_address

RULES = ("policyd-over-quota", "policyd-suspended")
"""What `rules/responder-policyd.toml` calls the offences that are about senders."""

_LONGEST = 256

_BEGIN = re.compile(r"\bquota: (?:defer|reject|hold|warning|suspend) client=")
_FIELD = re.compile(r' (user|key|sender)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(x..|u.{4}|U.{8}|.)", re.DOTALL)

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

    @property
    def fields(self) -> dict[str, str]:
        """Return what a journal may be asked for."""
        return {
            "RESPONDER_ACTION": "reject",
            "RESPONDER_CLIENT": self.address,
            "RESPONDER_WHY": self.why,
            "RESPONDER_UNTIL": format_time(self.until),
        }


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
        return (
            f"quota: {self.what} client={self._client} quota={self.quota or '-'} limit={_quoted(self.limit)}"
            f" used={self.used} until={self._until or '-'}"
            f" stage={_stage(request.get(b'protocol_state', b''))} user={_quoted(_text(request, b'sasl_username'))}"
            f" key={_quoted(self.key)} sender={_quoted(_text(request, b'sender'))}"
            f" recipient={_quoted(_text(request, b'recipient'))}"
        )

    @property
    def fields(self) -> dict[str, str]:
        """Return what a journal may be asked for; what there is not is left out."""
        named = {
            "RESPONDER_ACTION": self.what,
            "RESPONDER_CLIENT": self._client,
            "RESPONDER_QUOTA": self.quota,
            "RESPONDER_KEY": self.key,
            "RESPONDER_LIMIT": self.limit,
            "RESPONDER_UNTIL": self._until,
            "RESPONDER_SENDER": _text(self.request, b"sender")[:_LONGEST],
            "RESPONDER_USER": _text(self.request, b"sasl_username")[:_LONGEST],
        }
        return {name: value for name, value in named.items() if value}

    @property
    def _client(self) -> str:
        return str(parse_address(_text(self.request, b"client_address")) or "unknown")

    @property
    def _until(self) -> str:
        return "" if self.until is None else format_time(self.until)


def _stage(raw: bytes) -> str:
    return raw.decode() if raw.isupper() and raw.replace(b"-", b"").isalpha() and len(raw) < 20 else "-"


def _text(request: Request, name: bytes) -> str:
    return request.get(name, b"").decode("utf-8", "backslashreplace")


def _quoted(text: str) -> str:
    cut = text[:_LONGEST] + ("..." if len(text) > _LONGEST else "")
    return f'"{"".join(_spelt(char) for char in cut)}"'


def _spelt(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else char.encode("unicode_escape").decode()


def about(line: str) -> frozenset[str]:
    """Return the names, as quotas count them, of those whom a *line* of ours in a log is about; none of any other."""
    begin = _BEGIN.search(line)
    found = {name: _unquoted(text) for name, text in _FIELD.findall(line, begin.end())} if begin else {}
    attributes = {b"sender": found.get("sender", ""), b"sasl_username": found.get("user", "")}
    request = {name: text.encode(errors="backslashreplace") for name, text in attributes.items()}
    named = {*keys.identities(request), *found.get("key", "").split(" + ")}
    return frozenset(name for name in named if name)


def _unquoted(text: str) -> str:
    return _ESCAPE.sub(_meant, text)


def _meant(escape: re.Match[str]) -> str:
    what = escape[1]
    if len(what) > 1:
        try:
            return chr(int(what[1:], 16))
        except (ValueError, OverflowError):
            return escape[0]
    return {"n": "\n", "r": "\r", "t": "\t"}.get(what, what)

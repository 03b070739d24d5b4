"""door - which clients are refused, whatever they send: those that are banned or listed, and not allowed.

    door = Door("incoming")
    door.barred["banned"].put(prefix, Bar(...))
    door.judge(request, now)                       # a TurnedAway, or None: nothing against him

Only requests of its own policy_context are judged.  Pure: others keep *barred*
and *allowlist* true (policing/).
"""

from typing import NamedTuple

from responder.decide.allowlist import Allowlist
from responder.quota.barred import Barred
from responder.quota.notes import Refusal
from responder.quota.request import Request, encode
from responder.values import parse_address

BANNED, LISTED = "banned", "listed"


class TurnedAway(NamedTuple):
    """What Postfix is told of a client that is refused, and what is to be logged."""

    answer: bytes
    note: Refusal


class Door:
    """Decides for requests with this policy_context."""

    def __init__(self, context: str) -> None:
        self.context = context.encode()
        self.barred = {BANNED: Barred(), LISTED: Barred()}
        self.allowlist = Allowlist()

    def judge(self, request: Request, now: float) -> TurnedAway | None:
        """Return the refusal of *request*, None where there is nothing against its client."""
        if request.get(b"policy_context", b"") != self.context:
            return None
        address = parse_address(request.get(b"client_address", b"").decode("ascii", "replace"))
        if address is None:
            return None
        for why, barred in self.barred.items():
            bar = barred.find(address, now)
            if bar and not self.allowlist.covering(address):
                reason = bar.reason.encode("ascii", "backslashreplace").decode()
                note = Refusal(why, str(address), bar.until, bar.reason)
                return TurnedAway(encode(f"554 5.7.1 [{address}] is {why} here: {reason}"), note)
        return None

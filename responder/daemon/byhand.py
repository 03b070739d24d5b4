"""byhand - bans that a person asks for: one, or all that another program had in force.

Who is on the allowlist is never banned, nor any network wider than the limits
allow, and a ban is never made shorter.  However many are asked for at once,
they are stored in one transaction and told to the kernel in one message.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from responder.daemon import asked
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import Ledger
from responder.daemon.safety import Safety
from responder.errors import UsageError
from responder.framing import Message
from responder.times import DAY, format_duration
from responder.values import Ban, Outcome, Prefix, Scope

MANUAL = "manual"
"""The policy name of bans that an administrator made."""
LONGEST = 3650 * DAY
MOST = 1000
"""Bans of one request."""
_SAME = 1.0  # seconds: who is asked for a second time is not banned a moment longer

Reply = Callable[[Message], None]


class Engine(Protocol):
    """What bans by hand need of the daemon."""

    ledger: Ledger
    kernel: Kernel
    safety: Safety

    def now(self) -> float:
        """Return the wall clock."""

    def commit(self, *, durable: bool = False) -> bool:
        """Store what is new; tell whether it is stored."""


def made(daemon: Engine, prefix: Prefix, scope: Scope, seconds: float, reason: str) -> Ban:
    """Return the ban of *prefix* for *seconds*; raises UsageError where there must be none."""
    if not 1 <= seconds <= LONGEST:
        raise UsageError(f"a ban lasts from 1s to {format_duration(LONGEST)}")
    if allowed := daemon.ledger.tracker.allowlist.covering(prefix):
        raise UsageError(f"{prefix} is on the allowlist ({allowed.prefix}: {allowed.why}) and is never banned")
    daemon.safety.refuse(prefix)
    now = daemon.now()
    return Ban(prefix, scope, MANUAL, "", now, now + seconds, 1, reason)


def adopt(daemon: Engine, request: Message, reply: Reply) -> None:
    """Take over ``bans``, each with ``address``, ``seconds`` and ``reason``; raises UsageError for anything else."""
    wanted = request.get("bans")
    if not isinstance(wanted, list) or len(wanted) > MOST or not all(isinstance(one, Mapping) for one in wanted):
        raise UsageError(f"bans must be a list of at most {MOST} objects with address, seconds and reason")
    bans, refused, longer = [], [], 0
    for one in wanted:
        try:
            seconds = asked.number(one, "seconds", 0)
            ban = made(daemon, asked.prefix(one), Scope(), seconds, asked.text(one, "reason", "taken over"))
        except (UsageError, ValueError) as error:
            refused.append({"address": asked.text(one, "address", ""), "why": str(error)})
            continue
        if daemon.ledger.tracker.longer(ban._replace(expires=ban.expires - _SAME)):
            longer += 1
        else:
            daemon.ledger.ban(ban)
            bans.append(ban)
    stored = daemon.commit(durable=True)
    answer = {"banned": len(bans), "longer": longer, "refused": refused, "stored": stored}
    daemon.kernel.apply(bans, [], daemon.now(), lambda outcome: reply({**answer, **enforced(outcome)}))


def enforced(outcome: Outcome) -> Message:
    """Return what *outcome* says of the kernel, for an answer."""
    return {"enforced": not outcome.error, "firewall_error": outcome.error}

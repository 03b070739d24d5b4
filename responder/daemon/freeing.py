"""freeing - ends bans because of what happened here, not because of what their addresses are.

Whom an administrator frees stays free as long as he is listed in the blacklist; who is
freed by panic or with a trial does not: his listing is taken again.
"""

from collections.abc import Iterable

from responder.daemon.ledger import LISTED, Ledger
from responder.store.state import Maker
from responder.values import Ban


def free(ledger: Ledger, bans: Iterable[Ban], by: str, now: float) -> int:
    """End *bans* and no others; return how many there were."""
    wanted = set(bans)
    others = {ban.prefix for ban in ledger.tracker.lasting(now) if ban not in wanted or ban.policy == LISTED}
    for ban in wanted:
        if ban.prefix in others:
            ledger.withdraw(ban.prefix, Maker(ban.policy, ban.rule), by, now)
        else:
            ledger.lift(ban.prefix, by, now)
    return len(wanted)

"""renewal - bans that do not end while their addresses still knock (``renew = true`` on a policy).

The firewall's counters are asked for a moment before a ban's last span begins,
its policy's *within*, and again a moment before its end: an address that had a
packet stopped in between is kept out for as long again.  Packets that are
stopped are no offences, so nothing is escalated.  An actor that cannot answer
before the end renews nothing.

Falls short: a packet in the `LEAD` seconds before the last span counts as in it,
one in the same time before the end does not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from responder.decide.policy import Policy
from responder.decide.tracker import Tracker
from responder.enforce.backend import Target
from responder.enforce.firewall import Enforced, held_in
from responder.framing import Message
from responder.times import format_duration
from responder.values import Ban

LEAD = 3.0
"""Seconds before the span, so that what it counted is told from what was before, and before the end: no gap."""

Find = Callable[[Iterable[Target], Callable[[Message], None]], None]


class Renewal:
    """Watches the ends of bans whose policies renew: asks *find* for counters, hands *renew* the bans that follow."""

    def __init__(self, find: Find, renew: Callable[[Sequence[Ban]], None]) -> None:
        self._find = find
        self._renew = renew
        self._looked: dict[Ban, bool] = {}
        """Those whose last span begins; true when the last question was asked."""

    def tend(self, tracker: Tracker, now: float) -> None:
        """Ask for what is due to be asked for at *now*."""
        if not any(policy.renew for policy in tracker.policies.values()):
            return
        ending = list(_ending(tracker, now))
        begun = [ban for ban in ending if ban not in self._looked]
        near = [ban for ban in ending if ban.expires - now <= LEAD and not self._looked.get(ban)]
        self._looked = {ban: self._looked.get(ban, False) for ban in ending} | dict.fromkeys(near, True)
        if begun:
            self._find(map(_target, begun), lambda _: None)
        if near:
            self._find(map(_target, near), lambda answer: self._decide(tracker, near, answer))

    def _decide(self, tracker: Tracker, bans: Iterable[Ban], answer: Message) -> None:
        if answer.get("error"):
            self._looked.update(dict.fromkeys(bans, False))  # there may be time to ask once more
            return
        following = renewed(
            [ban for ban in bans if tracker.in_force(ban) and not tracker.allowlist.covering(ban.prefix)],
            tracker.policies,
            held_in(answer),
        )
        if following:
            self._renew(following)


def renewed(bans: Iterable[Ban], policies: Mapping[str, Policy], held: Mapping[Target, Enforced]) -> tuple[Ban, ...]:
    """Return the bans that follow those of *bans* whose addresses still knock."""
    following = []
    for ban in bans:
        counted, policy = held.get(_target(ban)), policies.get(ban.policy)
        if counted and policy and counted.last >= ban.expires - policy.within:
            reason = f"still knocking: {counted.packets} packets stopped, the last {_before(ban, counted)}; renewed"
            lasting = ban.expires - ban.start
            following.append(ban._replace(start=ban.expires, expires=ban.expires + lasting, reason=reason))
    return tuple(following)


def _ending(tracker: Tracker, now: float) -> Iterable[Ban]:
    """Yield the bans that may be renewed and whose last span is about to begin."""
    for ban in tracker.bans(now):
        policy = tracker.policies.get(ban.policy)
        if policy and policy.renew and ban.expires - now <= policy.within + LEAD:
            yield ban


def _before(ban: Ban, counted: Enforced) -> str:
    return f"{format_duration(max(0, ban.expires - counted.last))} before the end"


def _target(ban: Ban) -> Target:
    return Target(ban.prefix, ban.scope)

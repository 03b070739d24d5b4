"""iptables_plain - bans as rules of legacy iptables, for kernels without ipset.

A rule or more for each ban, all changes of a batch in one commit.  A rule names
its end in its comment, and matches the time as well, so that it is without
effect from the following second on even if nobody comes to remove it; we remove
it when it is over.

Falls short: a packet is compared with every rule, and a change costs the more
the more rules there are (0.2 ms a rule that is added, and a copy of the whole
table): for hundreds of bans, not for tens of thousands.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, inf

from responder.enforce.backend import Held, Target
from responder.enforce.iptables import Chains, Place, lines, source
from responder.enforce.xtables import Counted, Line
from responder.errors import FirewallError
from responder.values import Prefix, Scope

_OURS = "responder"
_LOOK_EVERY = 5.0  # seconds
_LATEST = 2_145_916_800  # 2038-01-01; the kernel's match has 32 bits


class IptablesPlain:
    """Legacy iptables alone; needs CAP_NET_ADMIN and CAP_NET_RAW."""

    name = "iptables"

    def __init__(self) -> None:
        """Raise FirewallError where the kernel or a library lacks something, or we may not use it."""
        self._chains = Chains()
        self._held: dict[Target, float] = {}
        self._never: tuple[Prefix, ...] = ()
        self._look_at = inf
        self._next_end = inf

    @property
    def due(self) -> float:
        """Return when the next ban ends, or the rules want to be looked after."""
        return min(self._look_at, self._next_end)

    def close(self) -> None:
        """Give back what was opened; the rules stay."""
        self._chains.close()

    def fileno(self) -> None:
        """Return nothing: the kernel does not tell of changes."""

    def apply(self, changes: Mapping[Target, float | None], now: float) -> int:
        """Make every change in one commit for each table: the time a ban ends, or None to lift it; return how many."""
        wanted = {target: expires for target, expires in changes.items() if expires is not None and expires > now}
        ended = [target for target, expires in self._held.items() if expires <= now]
        gone = {target: self._held[target] for target in (*changes, *ended) if target in self._held}
        added = {target: expires for target, expires in wanted.items() if gone.get(target) != expires}
        for target in wanted.keys() - added.keys():
            del gone[target]
        held = {target: expires for target, expires in self._held.items() if target not in gone} | added
        places = {_place(target) for target in (*added, *gone)}
        if not all(self._chains.there(place) for place in places) or not self._chains.there(Place("drop", 4)):
            self._ensure(held)
        else:
            try:
                for place in places:
                    self._chains.edit(place, _lines(added, place), _lines(gone, place))
            except FirewallError:  # somebody took away what was to go
                self._ensure(held)
        self._took(held, now)
        return len(changes)

    def sync(self, wanted: Mapping[Target, float], never: Sequence[Prefix], now: float) -> int:
        """Make the kernel hold exactly *wanted*, and never stop *never*; return how many it holds."""
        wanted = {target: expires for target, expires in wanted.items() if expires > now}
        self._never = tuple(never)
        self._ensure(wanted)
        self._took(wanted, now)
        return len(wanted)

    def tend(self, now: float) -> str:
        """Remove what has ended; mend what somebody else took away, and return what that was."""
        if now < self.due:
            return ""
        found = "; ".join(self._chains.missing())
        if found:
            self.sync(self._held, self._never, now)
        elif now >= self._next_end:
            self.apply({}, now)
        self._look_at = now + _LOOK_EVERY
        return found

    def held(self, now: float) -> dict[Target, Held]:
        """Return everything that the kernel really holds."""
        held: dict[Target, Held] = {}
        for counted in self._chains.read():
            if found := _read(counted):
                target, expires = found
                before = held.get(target, Held(expires))
                held[target] = Held(expires, before.packets + counted.packets, before.octets + counted.octets)
        return {target: one for target, one in held.items() if one.expires > now}

    def find(self, targets: Iterable[Target], now: float) -> dict[Target, Held]:
        """Return those of *targets* that the kernel really holds."""
        held = self.held(now)
        return {target: held[target] for target in targets if target in held}

    def holds(self, prefix: Prefix, now: float) -> dict[Target, Held]:
        """Return what the kernel holds that stops the whole of *prefix*."""
        return {target: one for target, one in self.held(now).items() if target.prefix.covers(prefix)}

    def flush(self) -> int:
        """Remove everything of ours; return how many bans we knew of."""
        self._chains.remove()
        flushed, self._held = len(self._held), {}
        self._look_at = self._next_end = inf
        return flushed

    def _ensure(self, held: Mapping[Target, float]) -> None:
        wanted: dict[Place, list[Line]] = defaultdict(list)
        for target, expires in held.items():
            wanted[_place(target)] += _rules(target, expires)
        self._chains.ensure(wanted, self._never)

    def _took(self, held: dict[Target, float], now: float) -> None:
        self._held = held
        self._next_end = min(held.values(), default=inf)
        self._look_at = min(self._look_at, now + _LOOK_EVERY)


def _place(target: Target) -> Place:
    return Place(target.scope.verdict, target.prefix.family)


def _lines(bans: Mapping[Target, float], place: Place) -> list[Line]:
    return [line for target, expires in bans.items() if _place(target) == place for line in _rules(target, expires)]


def _rules(target: Target, expires: float) -> list[Line]:
    until = ""
    if expires < _LATEST:
        until = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ceil(expires)))
    comment = f"{_OURS} {target.scope} {target.prefix} {expires:.3f}"
    return lines(target.scope, Line("DROP", comment, source=source(target.prefix), until=until))


def _read(counted: Counted) -> tuple[Target, float] | None:
    """Return whom a rule of ours stops and until when."""
    try:
        _, scope, prefix, expires = counted.line.comment.split()
        return Target(Prefix.parse(prefix), Scope.parse(scope)), float(expires)
    except ValueError:
        return None

"""iptables_ipset - bans as elements of ipsets with timeouts, which rules of legacy iptables look up.

One set for each scope and family, and one rule or two for each set.  Sets are
filled before a rule points to them, and grow by building a larger one beside
and exchanging the two.

The kernel ends each element by itself, at the end of the second; where a ban is
longer than the 24 days that it can count, we come back before they are over.

Falls short: sets change one after the other and not in one transaction; where
the kernel refuses in the middle, the next sync, which reads everything back,
makes it right.  An extended ban's counters begin again.
"""

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import ceil, inf

from responder.enforce.backend import Held, Target
from responder.enforce.ipset import LONGEST, LONGEST_NAME, IpSets, Member
from responder.enforce.iptables import Chains, Place, lines
from responder.enforce.xtables import Line
from responder.errors import FirewallError
from responder.values import Prefix, Scope

_OURS = "responder"
_SMALLEST = 1 << 16  # elements; a set takes memory for what it holds only
_LOOK_EVERY = 5.0  # seconds
_COMPARE_EVERY = 60.0  # seconds, or more: comparing takes at most one part in so many of the time
_SHARE = 500
_NEAR = 2.0  # seconds that an end may be off: the kernel counts whole ones
_V4_SPACE = 0xFFFF

Key = tuple[bytes, int]


class IptablesIpset:
    """Legacy iptables with ipset; needs CAP_NET_ADMIN and CAP_NET_RAW."""

    name = "iptables+ipset"

    def __init__(self) -> None:
        """Raise FirewallError where the kernel or a library lacks something, or we may not use it."""
        self._chains = Chains()
        try:
            self._sets = IpSets()
        except FirewallError:
            self._chains.close()
            raise
        self._held: dict[Target, float] = {}
        self._never: tuple[Prefix, ...] = ()
        self._room: dict[str, int] = {}
        self._filled: Counter[str] = Counter()
        self._scopes: dict[str, tuple[Scope, int]] = {}
        self._long: dict[Target, float] = {}
        self._look_at = self._compare_at = inf
        self._counted = 1000

    @property
    def due(self) -> float:
        """Return when the rules want to be looked after."""
        return min(self._look_at, self._compare_at, min(self._long.values(), default=inf))

    def close(self) -> None:
        """Give back what was opened; the rules stay."""
        self._sets.close()
        self._chains.close()

    def fileno(self) -> None:
        """Return nothing: the kernel does not tell of changes."""

    def apply(self, changes: Mapping[Target, float | None], now: float) -> int:
        """Make every change: the time a ban ends, or None to lift it; return how many."""
        added = {target: expires for target, expires in changes.items() if expires is not None and expires > now}
        gone = [target for target in changes if target not in added and target in self._held]
        for name, keys in self._by_set(gone).items():
            self._sets.remove(name, keys)
        for target in gone:
            del self._held[target]
            self._long.pop(target, None)
        self._fill(added, now)
        self._watch(now)
        self._forget_ended(now)
        return len(changes)

    def sync(self, wanted: Mapping[Target, float], never: Sequence[Prefix], now: float) -> int:
        """Make the kernel hold exactly *wanted*, and never stop *never*; return how many it holds."""
        wanted = {target: expires for target, expires in wanted.items() if expires > now}
        told, self._held, self._never = self._held, {}, tuple(never)
        self._room, self._filled, self._scopes, self._long = {}, Counter(), {}, {}
        names = {_name(scope, family): (scope, family) for scope, family in {_kind(target) for target in wanted}}
        members = {name: {(one.key, one.bits): one for one in self._sets.members(name)} for name in names}
        missing = {}
        for target, expires in wanted.items():
            there = [members[_name(*_kind(target))].get(key) for key in _keys(target.prefix)]
            ends = {one and now + one.left for one in there}
            as_told = told.get(target, expires) == expires
            if as_told and all(end and abs(end - min(expires, now + LONGEST)) <= _NEAR for end in ends):
                self._took(target, expires, now)
            else:
                missing[target] = expires
        self._fill(missing, now, reading=True)
        for name, found in members.items():
            kept = {key for target in wanted if _name(*_kind(target)) == name for key in _keys(target.prefix)}
            self._sets.remove(name, found.keys() - kept)
        for name, (scope, family) in names.items():
            self._provide(name, scope, family, 0)
        self._point()
        for name in self._sets.names(_OURS):
            if name not in names:
                self._sets.destroy(name)
        self._watch(now)
        return len(wanted)

    def tend(self, now: float) -> str:
        """Extend what the kernel could not count to the end; mend what somebody else took away, and say what."""
        if due := {target: self._held[target] for target, at in self._long.items() if at <= now}:
            self._fill(due, now)
        if now < min(self._look_at, self._compare_at):
            return ""
        begin = time.monotonic()
        found = "; ".join((*self._chains.missing(), *self._fewer(now)))
        if not found and now >= self._compare_at:
            found = self._compare(now)
            self._compare_at = now + max(_COMPARE_EVERY, _SHARE * (time.monotonic() - begin))
        self._look_at = now + _LOOK_EVERY
        if found:
            self.sync(self._held, self._never, now)
        return found

    def held(self, now: float) -> dict[Target, Held]:
        """Return everything that the kernel really holds."""
        held: dict[Target, Held] = {}
        for name, (scope, family) in self._known().items():
            for member in self._sets.members(name):
                prefix = _prefix(member.key, member.bits, family)
                target = Target(prefix if member.bits > 1 else prefix.widen(0, 0), scope)
                expires = self._held.get(target, 0.0) if target in self._long else now + member.left
                half = held.get(target, Held(expires))
                held[target] = Held(expires, half.packets + member.packets, half.octets + member.octets)
        return held

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
        for name in self._sets.names(_OURS):
            self._sets.destroy(name)
        flushed = len(self._held)
        self._held, self._room, self._filled, self._scopes, self._long = {}, {}, Counter(), {}, {}
        self._look_at = self._compare_at = inf
        return flushed

    def _fill(self, added: Mapping[Target, float], now: float, *, reading: bool = False) -> None:
        """Add to the sets, which are made or grow as needed; then have rules point to new ones unless a sync will."""
        kinds: dict[tuple[Scope, int], dict[Target, float]] = defaultdict(dict)
        for target, expires in added.items():
            kinds[_kind(target)][target] = expires
        new = False
        for (scope, family), some in kinds.items():
            name = _name(scope, family)
            new |= self._provide(name, scope, family, len(some))
            self._sets.add(name, chain.from_iterable(_members(*one, now) for one in some.items()))
            for target, expires in some.items():
                self._took(target, expires, now)
        if (new or not self._chains.there(Place("drop", 4))) and not reading:
            self._point()

    def _took(self, target: Target, expires: float, now: float) -> None:
        self._held[target] = expires
        if expires - now > LONGEST:
            self._long[target] = now + LONGEST / 2
        else:
            self._long.pop(target, None)

    def _provide(self, name: str, scope: Scope, family: int, more: int) -> bool:
        """Have the set *name* with room for so many *more*; tell whether no rule can know it yet."""
        new = name not in self._scopes
        header = None if name in self._room else self._sets.header(name)
        if header:
            self._room[name] = header.most
        if name not in self._room:
            self._room[name] = _size(more)
            self._sets.create(name, family, self._room[name])
        self._scopes[name] = scope, family
        self._filled[name] += more
        if 2 * self._filled[name] > self._room[name]:  # a /0 takes two; we did not count what has ended since
            header = self._sets.header(name)
            self._filled[name] = more + (header.elements if header else 0)
            if 2 * self._filled[name] > self._room[name]:
                self._grow(name, family, _size(2 * self._filled[name]))
        return new

    def _grow(self, name: str, family: int, most: int) -> None:
        beside = f"{name}+"
        if self._sets.header(beside):
            self._sets.destroy(beside)
        self._sets.create(beside, family, most)
        self._sets.add(beside, self._sets.members(name))
        self._sets.swap(name, beside)
        self._sets.destroy(beside)
        self._room[name] = most

    def _point(self) -> None:
        """Have a rule or two for each set."""
        wanted: dict[Place, list[Line]] = defaultdict(list)
        for name, (scope, family) in sorted(self._scopes.items()):
            line = Line("DROP", f"{_OURS} {scope}", members=name)
            wanted[Place(scope.verdict, family)] += lines(scope, line)
        self._chains.ensure(wanted, self._never)

    def _known(self) -> dict[str, tuple[Scope, int]]:
        """Return the sets that rules point to, as their comments say; another process may have made them."""
        known = {}
        for counted in self._chains.read():
            if counted.line.members.startswith(_OURS):
                try:
                    scope = Scope.parse(counted.line.comment.removeprefix(f"{_OURS} "))
                except ValueError:
                    continue
                known[counted.line.members] = scope, 4 if counted.line.members.startswith(f"{_OURS}4") else 6
        return known

    def _fewer(self, now: float) -> Iterator[str]:
        """Yield which sets are gone or hold less than they must."""
        alive: dict[str, int] = defaultdict(int)
        for target, expires in self._held.items():
            if expires > now + _NEAR:
                alive[_name(*_kind(target))] += len(_keys(target.prefix))
        for name in self._scopes:
            header = self._sets.header(name)
            if header is None:
                yield f"set {name} was gone"
            elif header.elements < alive[name]:
                yield f"{alive[name] - header.elements} of the {alive[name]} elements of set {name} were gone"

    def _compare(self, now: float) -> str:
        held = self.held(now)
        gone = sum(target not in held for target, expires in self._held.items() if expires > now + _NEAR)
        added = sum(target not in self._held for target in held)
        words = (f"{gone} bans were gone" if gone else "", f"{added} elements were added" if added else "")
        return "; ".join(filter(None, words))

    def _by_set(self, targets: Iterable[Target]) -> dict[str, list[Key]]:
        by_set: dict[str, list[Key]] = defaultdict(list)
        for target in targets:
            by_set[_name(*_kind(target))] += _keys(target.prefix)
        return by_set

    def _watch(self, now: float) -> None:
        self._look_at = min(self._look_at, now + _LOOK_EVERY)
        self._compare_at = min(self._compare_at, now + _COMPARE_EVERY)

    def _forget_ended(self, now: float) -> None:
        """Drop what ended a while ago, when there is so much that it may matter."""
        if len(self._held) > 2 * self._counted:
            self._held = {target: expires for target, expires in self._held.items() if expires > now - 60}
            self._counted = max(1000, len(self._held))


def _kind(target: Target) -> tuple[Scope, int]:
    return target.scope, target.prefix.family


def _name(scope: Scope, family: int) -> str:
    """Return a set's name of at most 30 characters: ``responder4-drop``."""
    text = str(scope)
    if len(text) > LONGEST_NAME - len(_OURS) - 3:
        text = hashlib.blake2s(text.encode(), digest_size=8).hexdigest()
    return f"{_OURS}{family}-{text}"


def _keys(prefix: Prefix) -> list[Key]:
    """Return the networks that a set has for *prefix*: itself, or for everybody the two halves of everybody."""
    network, bits = (prefix.network & 0xFFFFFFFF).to_bytes(4) if prefix.family == 4 else prefix.packed, prefix.bits
    return [(network, bits)] if bits else [(network, 1), (b"\x80" + network[1:], 1)]


def _members(target: Target, expires: float, now: float) -> Iterator[Member]:
    left = min(max(1, ceil(expires - now)), LONGEST)
    return (Member(key, bits, left) for key, bits in _keys(target.prefix))


def _prefix(key: bytes, bits: int, family: int) -> Prefix:
    if family == 4:
        return Prefix(_V4_SPACE << 32 | int.from_bytes(key), bits + 96)
    return Prefix(int.from_bytes(key), bits)


def _size(elements: int) -> int:
    """Return how many elements a set shall take that holds so many now."""
    return max(_SMALLEST, 1 << (4 * elements).bit_length())

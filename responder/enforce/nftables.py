"""nftables - bans as elements of sets with timeouts.

One table of our own, ``inet responder``, hooked into prerouting at raw priority:
before connection tracking, so that established connections, forwarded traffic
and published container ports are stopped as well.  In it:

    never4, never6      intervals: who is never stopped; asked first
    drop_v4_32 ...      one hash set for each scope, family and prefix length

A packet's source is masked to a set's prefix length before it is looked up, so
networks cost as little as addresses and overlap freely: a short ban of a
network does not touch a long one of an address inside it.  (An interval set
would cost 46 ms an operation at 10,000 elements, and refuse overlaps.)

The kernel ends each element on time by itself, whether we live or not, and
counts what it stopped.  Tables, chains, sets and rules are written as text
through libnftables in this process; elements go over netlink, which is several
times faster and needs no listing of a whole set to look at one element.

What we made is remembered as the kernel describes it.  A sync of rules that are
as we made them sends the differences; any other table is made anew in one
transaction, so that packets see the old one or the new.

Falls short: a reject over IPv6 of anything but TCP is silent like a drop, as the
kernel sends no ICMPv6 error from this hook.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from math import ceil, inf

from responder.enforce.backend import Held, Target
from responder.enforce.netlink import Netlink
from responder.enforce.nftset import Element, adding, batch, finding, listing, removing
from responder.enforce.nfttable import (
    TABLE,
    TABLE_NAME,
    Table,
    make_set,
    make_table,
    never_elements,
    parse_name,
    set_name,
)
from responder.enforce.nftwatch import Watch
from responder.errors import FirewallError
from responder.values import Prefix, Scope

_V4_SPACE = 0xFFFF
_LONGEST = (1 << 63) // 1_000_000  # ms; the kernel counts nanoseconds
_NEAR = 2.0  # seconds that an end may be off because the kernel was busy listing
_MANY = 2000  # elements from which on a listing is cheaper than looking up each


class Nftables:
    """The kernel's nftables; needs CAP_NET_ADMIN."""

    name = "nftables"

    def __init__(self) -> None:
        """Raise FirewallError where libnftables or a feature of the kernel is missing, or we may not use it."""
        self._table = Table()
        self._netlink = Netlink()
        self._watch = Watch(self._netlink, TABLE_NAME)
        self._held: dict[Target, float] = {}
        self._never: tuple[Prefix, ...] = ()
        self._made: object = None
        self._counted = 1000

    @property
    def due(self) -> float:
        """Return when `tend` wants to be called: at once when a change of somebody else slipped in between ours."""
        return 0.0 if self._watch.slipped else inf

    def close(self) -> None:
        """Give back the sockets; the rules stay."""
        self._watch.close()
        self._netlink.close()

    def fileno(self) -> int:
        """Return what becomes readable when somebody changes rules."""
        return self._watch.fileno()

    def apply(self, changes: Mapping[Target, float | None], now: float) -> int:
        """Make every change in one transaction: the time a ban ends, or None to lift it; return how many."""
        gone, again, added = [], [], {}
        for target, expires in changes.items():
            known = target in self._held
            if expires is not None and expires > now:
                added[target] = expires
                if known:
                    again.append(target)
            elif known:
                gone.append(target)
        with _refusals():
            self._provide(added)
            self._change(added, gone, self.find(again, now), now)
        self._held.update(added)
        for target in gone:
            del self._held[target]
        self._forget_ended(now)
        return len(changes)

    def sync(self, wanted: Mapping[Target, float], never: Sequence[Prefix], now: float) -> int:
        """Make the kernel hold exactly *wanted*, and never stop *never*; return how many it holds."""
        wanted = {target: expires for target, expires in wanted.items() if expires > now}
        with _refusals():
            there = self._table.description(self._netlink)
            if there is None:
                self._make(wanted, never, {}, now)
            elif there != self._made:
                self._make(wanted, never, self.held(now), now)
            else:
                if tuple(never) != self._never:
                    self._structure(never_elements(never))
                    self._never = tuple(never)
                self._mend(wanted, now)
        self._held, self._never = dict(wanted), tuple(never)
        return len(wanted)

    def tend(self, now: float) -> str:
        """Mend what somebody else did to our table, and return what that was, or nothing."""
        if not self._watch.touched() or self._made is None:
            return ""
        with _refusals():
            found = "; ".join(self._missing(now))
        if found:
            self.sync(self._held, self._never, now)
        return found

    def held(self, now: float) -> dict[Target, Held]:
        """Return everything that the kernel really holds."""
        found: dict[Target, Held] = {}
        with _refusals():
            for name in self._table.sets(self._netlink):
                scope, family, bits = parse_name(name)
                for element in listing(self._netlink, TABLE_NAME, name):
                    found[Target(_prefix(family, bits, element.key), scope)] = _held(element, now)
        return found

    def find(self, targets: Iterable[Target], now: float) -> dict[Target, Held]:
        """Return those of *targets* that the kernel really holds."""
        asked = {target: _place(target) for target in targets}
        if len(asked) > _MANY:
            held = self.held(now)
            return {target: held[target] for target in asked if target in held}
        by_set: dict[str, dict[bytes, Target]] = defaultdict(dict)
        for target, (name, key) in asked.items():
            by_set[name][key] = target
        found = {}
        with _refusals():
            for name, keys in by_set.items():
                for element in finding(self._netlink, TABLE_NAME, name, keys):
                    found[keys[element.key]] = _held(element, now)
        return found

    def holds(self, prefix: Prefix, now: float) -> dict[Target, Held]:
        """Return what the kernel holds that stops the whole of *prefix*."""
        with _refusals():
            shapes = [parse_name(name) for name in self._table.sets(self._netlink)]
        around = [
            Target(prefix.widen(bits, bits), scope)
            for scope, family, bits in shapes
            if family == prefix.family and bits <= prefix.bits
        ]
        return self.find(around, now)

    def flush(self) -> int:
        """Remove everything of ours; return how many bans we knew of."""
        with _refusals(), self._watch.ours():
            self._table.run([f"add table {TABLE}", f"delete table {TABLE}"])
        flushed = len(self._held)
        self._held, self._made = {}, None
        return flushed

    def _provide(self, added: Iterable[Target]) -> None:
        """Have the table and every set that *added* need."""
        if self._made is None:
            self._structure(["add table " + TABLE, "delete table " + TABLE, *make_table(self._never)])
            self._table.names.clear()
        names = sorted({_place(target)[0] for target in added} - self._table.names)
        if names:
            self._structure([line for name in names for line in make_set(name)])
            self._table.names.update(names)

    def _structure(self, lines: Sequence[str]) -> None:
        """Make a change that is no matter of elements alone, and remember what came of it."""
        with self._watch.ours():
            self._table.run(lines)
        self._made = self._table.description(self._netlink)

    def _make(
        self, wanted: Mapping[Target, float], never: Sequence[Prefix], before: Mapping[Target, Held], now: float
    ) -> None:
        """Make the table anew; in one transaction with all its elements, unless there was none before."""
        lines = ["add table " + TABLE, "delete table " + TABLE, *make_table(never)]
        names = {_place(target)[0] for target in wanted}
        lines += [line for name in sorted(names) for line in make_set(name)]
        if before:
            lines += _as_text(wanted, before, now)
        self._structure(lines)
        self._table.names = names
        if not before:
            self._change(wanted, (), {}, now)

    def _mend(self, wanted: Mapping[Target, float], now: float) -> None:
        """Send what differs between the kernel and *wanted*."""
        held = self.held(now)
        added = {
            target: expires
            for target, expires in wanted.items()
            if target not in held or self._held.get(target) != expires or abs(held[target].expires - expires) > _NEAR
        }
        self._provide(added)
        self._change(added, [target for target in held if target not in wanted], held, now)

    def _change(
        self, added: Mapping[Target, float], gone: Iterable[Target], before: Mapping[Target, Held], now: float
    ) -> None:
        """Add, and remove, in one transaction; who is in *before* goes on counting from there."""
        # Add, delete, add: right for an element that is there, is not, or ends this moment; and on kernels
        # before 6.12, where adding an element that is there does not change its timeout.
        fleeting: dict[str, list[bytes]] = defaultdict(list)
        lasting: dict[str, list[Element]] = defaultdict(list)
        for target, expires in added.items():
            name, key = _place(target)
            counted = before.get(target)
            if counted:
                fleeting[name].append(key)
                lasting[name].append(Element(key, _milliseconds(expires - now), counted.packets, counted.octets))
            else:
                lasting[name].append(Element(key, _milliseconds(expires - now)))
        for target in gone:
            name, key = _place(target)
            fleeting[name].append(key)
        messages: list[bytes] = []
        for name, keys in fleeting.items():
            messages += adding(TABLE_NAME, name, (Element(key, 60_000) for key in keys))
            messages += removing(TABLE_NAME, name, keys)
        for name, elements in lasting.items():
            messages += adding(TABLE_NAME, name, elements)
        if messages:
            with self._watch.ours():
                self._netlink.do(batch(messages))

    def _missing(self, now: float) -> Iterator[str]:
        """Yield how the kernel's rules differ from those that we made, in words."""
        there = self._table.description(self._netlink)
        if there is None:
            yield f"table {TABLE} was gone"
            return
        if there != self._made:
            yield f"chain, rules or sets of table {TABLE} were changed"
        held = self.held(now)
        gone = sum(target not in held for target, expires in self._held.items() if expires > now + _NEAR)
        if gone:
            yield f"{gone} of {len(self._held)} bans were gone"
        added = sum(target not in self._held for target in held)
        if added:
            yield f"{added} elements were added"
        changed = sum(
            abs(one.expires - self._held[target]) > _NEAR for target, one in held.items() if target in self._held
        )
        if changed:
            yield f"{changed} bans had another end"

    def _forget_ended(self, now: float) -> None:
        """Drop what ended a while ago, when there is so much that it may matter."""
        if len(self._held) > 2 * self._counted:
            self._held = {target: expires for target, expires in self._held.items() if expires > now - 60}
            self._counted = max(1000, len(self._held))


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what the kernel answers into what we say."""
    try:
        yield
    except OSError as error:
        raise FirewallError(f"nftables refused: {error.strerror}") from None


def _place(target: Target) -> tuple[str, bytes]:
    """Return the set that *target* belongs into, and its key there."""
    (network, length), scope = target
    if length >= 96 and network >> 32 == _V4_SPACE:
        return _name(scope, 4, length - 96), (network & 0xFFFFFFFF).to_bytes(4)
    return _name(scope, 6, length), network.to_bytes(16)


@lru_cache(maxsize=4096)
def _name(scope: Scope, family: int, bits: int) -> str:
    return set_name(scope, family, bits)


def _prefix(family: int, bits: int, key: bytes) -> Prefix:
    if family == 4:
        return Prefix(_V4_SPACE << 32 | int.from_bytes(key), bits + 96)
    return Prefix(int.from_bytes(key), bits)


def _held(element: Element, now: float) -> Held:
    return Held(now + element.left / 1000, element.packets, element.octets)


def _milliseconds(seconds: float) -> int:
    """Return *seconds* as the kernel takes them, at least one and rounded up; raises FirewallError for ages."""
    whole = max(1, ceil(seconds * 1000))
    if whole > _LONGEST:
        raise FirewallError(f"nftables cannot ban for {seconds:.0f} seconds")
    return whole


def _as_text(wanted: Mapping[Target, float], before: Mapping[Target, Held], now: float) -> Iterator[str]:
    """Yield a command for each set that adds its elements."""
    by_set: dict[str, list[str]] = defaultdict(list)
    for target, expires in wanted.items():
        name, key = _place(target)
        address = ".".join(map(str, key)) if len(key) == 4 else key.hex(":", 2)
        counted = before.get(target)
        counter = f" counter packets {counted.packets} bytes {counted.octets}" if counted else ""
        by_set[name].append(f"{address}{counter} timeout {_milliseconds(expires - now)}ms")
    for name, members in by_set.items():
        yield f"add element {TABLE} {name} {{ {', '.join(members)} }}"

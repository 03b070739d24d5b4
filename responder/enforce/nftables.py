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
as we made them sends the differences; where only rules differ, they are made
anew beside the sets; any other table is made anew with all that is in it.  Each
is one transaction, so that packets see the old rules or the new.  Whoever else changes
the table is noticed at once, and what he changed is named and mended.

Falls short: a reject over IPv6 of anything but TCP is silent like a drop, as the
kernel sends no ICMPv6 error from this hook.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from time import monotonic

from responder.enforce.backend import Held, Target
from responder.enforce.nftban import as_text, changing, parse_name, place, read
from responder.enforce.nftprobe import open_netlink
from responder.enforce.nftset import finding, listing, transaction
from responder.enforce.nfttable import TABLE, Description, Structure, make_rules, make_set, make_table, never_elements
from responder.enforce.nftwatch import Watch
from responder.errors import FirewallError
from responder.values import Prefix

_NEAR = 0.05  # seconds that an end may be off, beside the time that a change or a listing takes
_MANY = 2000  # bans from which on a listing is cheaper than looking up each
_PATIENCE = 5.0  # seconds between two looks that nothing but a coincidence asks for
_UNSURE = Description()
"""What is known of a table that somebody else may have changed while we made it; no real one is like this."""


class Nftables:
    """The kernel's nftables; needs CAP_NET_ADMIN."""

    name = "nftables"

    def __init__(self) -> None:
        """Raise FirewallError where libnftables or a feature of the kernel is missing, or we may not use it."""
        self._netlink = open_netlink()
        self._structure = Structure(self._netlink)
        self._watch = Watch(self._netlink)
        self._made: Description | None = None
        self._names: set[str] = set()
        self._held: dict[Target, float] = {}
        self._never: tuple[Prefix, ...] = ()
        self._counted = 1000
        self._slowest = 0.0
        self._looked = 0.0

    @property
    def due(self) -> float:
        """Return when `tend` wants to be called: soon when a change of somebody else slipped in between ours."""
        return self._looked + _PATIENCE if self._watch.owed and self._made is not None else inf

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
        with self._changing():
            if added:
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
        with self._changing():
            there = self._structure.describe()
            if there is None:
                self._make(wanted, never, {}, now)
            elif self._made is None or there.without_rules() != self._made.without_rules():
                self._make(wanted, never, self._list(now), now)
            else:
                if there != self._made:
                    self._run(make_rules(sorted(self._names)))
                if tuple(never) != self._never:
                    self._run(never_elements(never))
                    self._never = tuple(never)
                self._mend(wanted, now)
        self._held = wanted
        return len(wanted)

    def tend(self, now: float) -> str:
        """Mend what somebody else did to our table, and return what that was, or nothing."""
        if not self._watch.touched() or self._made is None:
            return ""
        self._watch.owed, self._looked = False, now
        try:
            with _refusals():
                found = "; ".join(self._missing(now))
            if found or self._made is _UNSURE:
                self.sync(self._held, self._never, now)
        except FirewallError:
            self._watch.owed = True
            raise
        return found

    def held(self, now: float) -> dict[Target, Held]:
        """Return everything that the kernel really holds."""
        with _refusals():
            found = self._list(now)
            if self._made is None:  # what there is was made by somebody else, maybe this moment
                return found | self._list(now)
            missed = (target for target, expires in self._held.items() if target not in found and expires > now)
            return found | self._look_up(missed, now)

    def find(self, targets: Iterable[Target], now: float) -> dict[Target, Held]:
        """Return those of *targets* that the kernel really holds."""
        asked = list(targets)
        if len(asked) > _MANY:
            held = self.held(now)
            return {target: held[target] for target in asked if target in held}
        with _refusals():
            return self._look_up(asked, now)

    def holds(self, prefix: Prefix, now: float) -> dict[Target, Held]:
        """Return what the kernel holds that stops the whole of *prefix*."""
        with _refusals():
            shapes = [parsed for name in self._structure.sets() if (parsed := parse_name(name))]
        return self.find(
            [
                Target(prefix.widen(bits, bits), scope)
                for scope, family, bits in shapes
                if family == prefix.family and bits <= prefix.bits
            ],
            now,
        )

    def flush(self) -> int:
        """Remove everything of ours; return how many bans we knew of."""
        with _refusals(), self._watch.ours():
            self._structure.run([f"add table {TABLE}", f"delete table {TABLE}"])
        flushed = len(self._held)
        self._held, self._made, self._watch.owed = {}, None, False
        return flushed

    def _list(self, now: float) -> dict[Target, Held]:
        """Return what the kernel lists, which may lack some of what has just been added."""
        found: dict[Target, Held] = {}
        for name in self._structure.sets():
            found.update(read(name, listing(self._netlink, name), now))
        return found

    def _look_up(self, targets: Iterable[Target], now: float) -> dict[Target, Held]:
        by_set: dict[str, list[bytes]] = defaultdict(list)
        for target in targets:
            name, key = place(target)
            by_set[name].append(key)
        return {
            target: held
            for name, keys in by_set.items()
            for target, held in read(name, finding(self._netlink, name, keys), now)
        }

    def _provide(self, added: Iterable[Target]) -> None:
        """Have the table and every set that *added* need."""
        if self._made is None:
            if self._structure.describe() is not None:
                raise FirewallError(f"table {TABLE} is there, and was made by somebody else; it needs a sync")
            self._make({}, self._never, {}, 0.0)
        names = sorted({place(target)[0] for target in added} - self._names)
        if names:
            untouched = self._structure.describe() == self._made
            self._run(line for name in names for line in make_set(name))
            self._names.update(names)
            if not untouched:  # what somebody did before must not pass for ours
                self._made, self._watch.owed = _UNSURE, True

    def _run(self, commands: Iterable[str]) -> None:
        """Make a change that is no matter of bans alone, and remember what came of it."""
        with self._watch.ours():
            self._structure.run(commands)
            made = self._structure.describe()
        self._made = made if made and self._watch.alone else _UNSURE

    def _make(
        self, wanted: Mapping[Target, float], never: Sequence[Prefix], before: Mapping[Target, Held], now: float
    ) -> None:
        """Make the table anew, in one transaction with its bans unless nobody was banned before."""
        names = {place(target)[0] for target in wanted}
        lines = [*make_table(never), *(line for name in sorted(names) for line in make_set(name))]
        self._run([*lines, *(as_text(TABLE, wanted, before, now) if before else ())])
        self._names, self._never = names, tuple(never)
        if not before:
            self._change(wanted, (), {}, now)

    def _mend(self, wanted: Mapping[Target, float], now: float) -> None:
        """Send what differs between the kernel and *wanted*."""
        held, near = self._listed(now)
        added = {
            target: expires
            for target, expires in wanted.items()
            if target not in held or self._held.get(target) != expires or abs(held[target].expires - expires) > near
        }
        there = held.keys() | {target for target, expires in self._held.items() if expires > now}
        self._provide(added)
        self._change(added, [target for target in there if target not in wanted], held, now)

    def _change(
        self, added: Mapping[Target, float], gone: Sequence[Target], before: Mapping[Target, Held], now: float
    ) -> None:
        """Add and remove bans in one transaction; who is in *before* goes on counting from there."""
        if added or gone:
            messages = transaction([*changing(added, gone, before, now)])
            with self._watch.ours():
                self._netlink.do(messages)

    def _missing(self, now: float) -> Iterator[str]:
        """Yield how the kernel's table differs from the one that we made, in words."""
        there = self._structure.describe()
        if there is None:
            yield f"table {TABLE} was gone"
            return
        if self._made and self._made is not _UNSURE:
            yield from self._made.differences(there)
        held, near = self._listed(now)
        believed = {target: expires for target, expires in self._held.items() if expires > now + near}
        gone = (target for target in believed if target not in held)
        moved = (
            target for target in believed if target in held and abs(held[target].expires - believed[target]) > near
        )
        strange = (target for target in held if target not in self._held)
        yield from _counted(gone, "ban", "gone")
        yield from _counted(moved, "ban", "to end at another time")
        yield from _counted(strange, "element", "not ours")

    def _listed(self, now: float) -> tuple[dict[Target, Held], float]:
        """Return what the kernel holds, and how exactly the ends can be known."""
        begin = monotonic()
        held = self.held(now)
        return held, _NEAR + self._slowest + monotonic() - begin

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change something inside; take note of how late after its beginning the last of it may have been done."""
        begin = monotonic()
        with _refusals():
            yield
        self._slowest = max(self._slowest, monotonic() - begin)

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


def _counted(targets: Iterable[Target], noun: str, state: str) -> Iterator[str]:
    """Yield for each set how many of its *targets* were in that *state*: ``12 bans of drop_v4_32 were gone``."""
    for name, number in sorted(Counter(place(target)[0] for target in targets).items()):
        yield f"{number} {noun}{'' if number == 1 else 's'} of {name} {'was' if number == 1 else 'were'} {state}"

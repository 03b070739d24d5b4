"""nftables - bans as elements of sets with timeouts, through libnftables in this process.

One table of our own, ``inet responder``, hooked into prerouting at raw priority:
before connection tracking, so that established connections, forwarded traffic
and published container ports are stopped as well.  In it:

    never4, never6      intervals: who is never stopped; asked first
    drop_v4_32 ...      one hash set for each scope, family and prefix length

A packet's source is masked to a set's prefix length before it is looked up, so
networks cost as little as addresses and overlap freely: a short ban of a
network does not touch a long one of an address inside it.  (An interval set
would cost 46 ms an operation at 10,000 elements, and refuse overlaps.)

The kernel ends each element on time by itself, whether we live or not.  Every
call is one transaction: all of it or nothing.

Falls short: a reject over IPv6 of anything but TCP is silent like a drop, as the
kernel sends no ICMPv6 error from this hook; an element that somebody adds by
hand without a timeout is not reported by `held`, and gone after the next sync.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, inf

import nftables

from responder.enforce.backend import Held, Target
from responder.errors import FirewallError
from responder.values import Prefix, Scope

TABLE = "inet responder"
_SET_NAME = re.compile(r"(drop|reject)((?:_\d+)*)_v([46])_(\d+)")
_LISTED_SET = re.compile(r"^\tset (\S+) \{\n(.*?)^\t\}", re.MULTILINE | re.DOTALL)
_LISTED_ELEMENT = re.compile(r"([0-9a-f.:]+) (?:timeout \S+ )?expires ([0-9a-z]+)")
_DURATION_PART = re.compile(r"(\d+)(ms|[dhms])")
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_ALL_ONES = (1 << 128) - 1


class Nftables:
    """The kernel's nftables; needs CAP_NET_ADMIN."""

    name = "nftables"
    due = inf

    def __init__(self) -> None:
        """Raise FirewallError where libnftables or the kernel's nf_tables is missing, or we may not use it."""
        try:
            self._nft = nftables.Nftables()
        except OSError as error:
            raise FirewallError(f"libnftables cannot be loaded ({error}); install libnftables1") from None
        self._run("list tables")
        self._sets: set[str] = set()
        self._held: dict[Target, float] = {}
        self._never: tuple[Prefix, ...] = ()
        self._there = False
        self._counted = 1000

    def apply(self, changes: Mapping[Target, float | None], now: float) -> int:
        """Make every change in one transaction: the time a ban ends, or None to lift it; return how many."""
        lines = [] if self._there else _make_table(self._never)
        gone, again, added = [], [], {}
        for target, expires in changes.items():
            known = target in self._held
            if expires is not None and expires > now:
                added[target] = expires
                if known:
                    again.append(target)
            elif known:
                gone.append(target)
        names = {_set_name(target) for target in added} - self._sets
        lines += [line for name in sorted(names) for line in _make_set(name)]
        # Add, delete, add: right for an element that is there, is not, or ends this moment; and on kernels
        # before 6.x, where adding an element that is there does not change its timeout.
        fleeting = dict.fromkeys((*again, *gone), now + 60)
        lines += _elements("add", fleeting, now)
        lines += _elements("delete", dict.fromkeys(fleeting))
        lines += _elements("add", added, now)
        if lines:
            self._run("\n".join(lines))
        self._there = True
        self._sets |= names
        self._held.update(added)
        for target in gone:
            del self._held[target]
        self._forget_ended(now)
        return len(changes)

    def sync(self, wanted: Mapping[Target, float], never: Sequence[Prefix], now: float) -> int:
        """Make the kernel hold exactly *wanted*, and never stop *never*, in one transaction.

        The table is made anew inside the transaction, so that whatever was
        changed behind our back is mended; packets see the old one or the new.
        """
        wanted = {target: expires for target, expires in wanted.items() if expires > now}
        names = sorted({_set_name(target) for target in wanted})
        lines = [f"add table {TABLE}", f"delete table {TABLE}", *_make_table(never)]
        lines += [line for name in names for line in _make_set(name)]
        lines += _elements("add", wanted, now)
        self._run("\n".join(lines))
        self._sets, self._held, self._there, self._never = set(names), dict(wanted), True, tuple(never)
        return len(wanted)

    def held(self, now: float) -> dict[Target, Held]:
        """Return what the kernel really holds, with the times it ends."""
        if not re.search(rf"^table {TABLE}$", self._run("list tables"), re.MULTILINE):
            return {}
        return _read(self._run(f"list table {TABLE}"), now)

    def holds(self, prefix: Prefix, now: float) -> dict[Target, Held]:
        """Return what the kernel holds that stops the whole of *prefix*."""
        found: dict[Target, Held] = {}
        for name in sorted(self._sets):
            _, family, bits = _parse_name(name)
            if family == prefix.family and bits <= prefix.bits:
                address = _text(prefix.widen(bits, bits))
                code, listing, _ = self._nft.cmd(f"get element {TABLE} {name} {{ {address} }}")
                found |= _read(listing, now) if code == 0 else {}
        return found

    def fileno(self) -> None:
        """Nothing is watched."""

    def tend(self, now: float) -> str:  # noqa: ARG002
        """There is nothing to do."""
        return ""

    def find(self, targets: Iterable[Target], now: float) -> dict[Target, Held]:
        """Return those of *targets* that the kernel really holds."""
        held = self.held(now)
        return {target: held[target] for target in targets if target in held}

    def flush(self) -> int:
        """Remove everything of ours; return how many bans we knew of."""
        self._run(f"add table {TABLE}\ndelete table {TABLE}")
        flushed = len(self._held)
        self._sets, self._held, self._there = set(), {}, False
        return flushed

    def _run(self, commands: str) -> str:
        code, output, error = self._nft.cmd(commands)
        if code != 0:
            raise FirewallError(f"nftables refused: {_first_line(error)}")
        return str(output)

    def _forget_ended(self, now: float) -> None:
        """Drop what ended a while ago, when there is so much that it may matter."""
        if len(self._held) > 2 * self._counted:
            self._held = {target: expires for target, expires in self._held.items() if expires > now - 60}
            self._counted = max(1000, len(self._held))


def _make_table(never: Sequence[Prefix]) -> list[str]:
    lines = [
        f"add table {TABLE}",
        f"add chain {TABLE} prerouting {{ type filter hook prerouting priority raw; policy accept; }}",
    ]
    for family, kind, field in ((4, "ipv4_addr", "ip saddr"), (6, "ipv6_addr", "ip6 saddr")):
        members = [f"{_text(prefix)}/{prefix.bits}" for prefix in never if prefix.family == family]
        lines.append(f"add set {TABLE} never{family} {{ type {kind}; flags interval; auto-merge; }}")
        if members:
            lines.append(f"add element {TABLE} never{family} {{ {', '.join(members)} }}")
        lines.append(f"add rule {TABLE} prerouting {field} @never{family} return")
    return lines


def _make_set(name: str) -> list[str]:
    scope, family, bits = _parse_name(name)
    kind, field, width = ("ipv4_addr", "ip saddr", 32) if family == 4 else ("ipv6_addr", "ip6 saddr", 128)
    source = field if bits == width else f"{field} & {_mask(family, bits)}"
    ports = f"tcp dport {{ {', '.join(map(str, scope.ports))} }} " if scope.ports else ""
    rules = [f"{ports}{source} @{name} {scope.verdict}"]
    if scope.verdict == "reject":  # TCP hears a reset, which is believed where an ICMP error may be lost
        reset = f"{ports or 'meta l4proto tcp '}{source} @{name} reject with tcp reset"
        rules = [reset] if scope.ports else [reset, *rules]
    return [
        f"add set {TABLE} {name} {{ type {kind}; flags timeout; }}",
        *(f"add rule {TABLE} prerouting {rule}" for rule in rules),
    ]


def _elements(verb: str, targets: Mapping[Target, float | None], now: float = 0.0) -> list[str]:
    """Return one command for each set that *targets* touch."""
    by_set: dict[str, list[str]] = {}
    for target, expires in targets.items():
        timeout = "" if expires is None else f" timeout {_duration(expires - now)}"
        by_set.setdefault(_set_name(target), []).append(_text(target.prefix) + timeout)
    return [f"{verb} element {TABLE} {name} {{ {', '.join(members)} }}" for name, members in by_set.items()]


def _duration(seconds: float) -> str:
    """Return *seconds* as nft reads it, rounded up to the millisecond."""
    whole, milliseconds = divmod(max(1, ceil(seconds * 1000)), 1000)
    return f"{whole}s{milliseconds}ms"


def _set_name(target: Target) -> str:
    prefix, scope = target
    ports = "".join(f"_{port}" for port in scope.ports)
    return f"{scope.verdict}{ports}_v{prefix.family}_{prefix.bits}"


def _parse_name(name: str) -> tuple[Scope, int, int]:
    found = _SET_NAME.fullmatch(name)
    assert found, name
    ports = tuple(int(port) for port in found[2].split("_") if port)
    return Scope("drop" if found[1] == "drop" else "reject", ports), int(found[3]), int(found[4])


def _text(prefix: Prefix) -> str:
    """Return the network without its length."""
    number = prefix.network
    if prefix.family == 4:
        return f"{number >> 24 & 255}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(112, -16, -16))


def _mask(family: int, bits: int) -> str:
    if family == 4:
        return _text(Prefix(0xFFFF << 32 | (0xFFFFFFFF << 32 - bits & 0xFFFFFFFF), 128))
    return _text(Prefix(_ALL_ONES << 128 - bits & _ALL_ONES, 64))


def _read(listing: str, now: float) -> dict[Target, Held]:
    """Return the elements in a listing as nft 1.0 prints it (to the millisecond; as JSON it rounds to seconds)."""
    held = {}
    for name, content in _LISTED_SET.findall(listing):
        if _SET_NAME.fullmatch(name):
            scope, _, bits = _parse_name(name)
            for address, left in _LISTED_ELEMENT.findall(content):
                held[Target(Prefix.parse(f"{address}/{bits}"), scope)] = Held(now + _seconds(left))
    return held


def _seconds(text: str) -> float:
    """Return the seconds in a duration as nft prints it: ``1d2h3m4s5ms``."""
    return sum(int(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(text))


def _first_line(error: str | bytes) -> str:
    text = error.decode(errors="replace") if isinstance(error, bytes) else error
    lines = text.strip().splitlines()
    return lines[0].removeprefix("internal:0:0-0: ") if lines else "no reason given"

"""xtables - chains of our own in the tables of legacy iptables, changed without losing anybody's rule.

libiptc, which python-iptables drives, reads a table, changes its copy and writes
it back whole; it takes no lock, so two at the same time undo each other without
a word.  Here every change holds the lock that ``iptables -w`` takes (flock on
/run/xtables.lock, or on the file that XTABLES_LOCKFILE names) around reading,
changing and writing, and begins again where the kernel says that the table was
changed underneath all the same.

Source: iptables 1.8.9, iptables/xshared.c (the lock); libiptc/libiptc.c (EAGAIN).
"""

import errno
import fcntl
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from responder.errors import FirewallError

CHAIN = "RESPONDER"
MOST_PORTS = 15
"""What one multiport match takes."""

_LOCK = "/run/xtables.lock"
_PATIENCE = 60.0  # seconds that somebody else may hold the lock
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05
_TRIES = 20
_CHANGED_UNDERNEATH = os.strerror(errno.EAGAIN)


class Line(NamedTuple):
    """One rule of ours: packets from *source* (CIDR) or from the set *members*, to *ports*, go to *target*.

    *original* ports are those before a destination was translated.  *until* is
    when the rule ends (UTC, as iptables-extensions(8) has it under ``time``).
    """

    target: Literal["RETURN", "DROP", "reset", "refuse"]
    comment: str
    source: str = ""
    members: str = ""
    protocol: str = ""
    ports: tuple[int, ...] = ()
    original: bool = False
    until: str = ""


class Counted(NamedTuple):
    """A rule that is there, and what it stopped."""

    line: Line
    packets: int
    octets: int


class Lock:
    """The lock that all who change iptables' tables share."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        """Open it, as long as we still may; raises FirewallError."""
        self.path = Path(os.environ.get("XTABLES_LOCKFILE") or _LOCK)
        self._patience = patience
        try:
            self._file = os.open(self.path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise FirewallError(f"{self.path}: the lock of iptables cannot be opened: {error.strerror}") from None

    def close(self) -> None:
        """Close it."""
        os.close(self._file)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it; raises FirewallError where somebody else has it for a minute."""
        deadline, pause = time.monotonic() + self._patience, _SHORTEST_PAUSE
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise FirewallError(
                        f"{self.path}: somebody else{self._holder()} has held the lock of iptables"
                        f" for {self._patience:.0f} seconds"
                    ) from None
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _holder(self) -> str:
        inode = os.fstat(self._file).st_ino
        try:
            locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        except OSError:
            return ""
        pids = [words[4] for words in locks if words[1] == "FLOCK" and words[5].endswith(f":{inode}")]
        return f" (process {', '.join(pids)})" if pids else ""


class Chain:
    """Our chain in one table of one family, and the jumps to it that come first in *hooks*."""

    def __init__(self, lock: Lock, family: Literal[4, 6], table: str, hooks: Sequence[str]) -> None:
        """Raise FirewallError where python-iptables or the table is missing, or we may not use it."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # its escapes are of an older Python
                import iptc  # noqa: PLC0415 - looks for its libraries, and only those who use it need them
        except Exception as error:  # noqa: BLE001 - it raises errors of a module that then does not exist
            raise FirewallError(f"python-iptables cannot work ({error}); install iptables") from None
        self._iptc: Any = iptc
        self._lock, self._family, self._name, self._hooks = lock, family, table, tuple(hooks)
        self._kind: Any = iptc.Table if family == 4 else iptc.Table6
        self.read()

    def ensure(self, lines: Sequence[Line]) -> None:
        """Have the chain hold exactly *lines*, and every hook begin with a jump to it."""

        def alter(table: Any) -> bool:
            changed = not table.is_chain(CHAIN)
            chain = table.create_chain(CHAIN) if changed else self._iptc.Chain(table, CHAIN)
            if changed or [self._parse(rule) for rule in chain.rules] != list(lines):
                chain.flush()
                for line in lines:
                    chain.append_rule(self._build(line))
                changed = True
            for hook in self._hooks:
                changed |= self._lead(self._iptc.Chain(table, hook))
            return changed

        self._change(alter)

    def edit(self, added: Sequence[Line], gone: Sequence[Line]) -> None:
        """Append and delete rules."""

        def alter(table: Any) -> bool:
            chain = self._iptc.Chain(table, CHAIN)
            for line in gone:
                chain.delete_rule(self._build(line))
            for line in added:
                chain.append_rule(self._build(line))
            return True

        self._change(alter)

    def remove(self) -> None:
        """Remove the chain and the jumps to it, where they are."""

        def alter(table: Any) -> bool:
            if not table.is_chain(CHAIN):
                return False
            for hook in self._hooks:
                chain = self._iptc.Chain(table, hook)
                for rule in [rule for rule in chain.rules if self._is_jump(rule)]:
                    chain.delete_rule(rule)
            table.flush_entries(CHAIN)
            table.delete_chain(CHAIN)
            return True

        self._change(alter)

    def read(self) -> list[Counted]:
        """Return our rules with their counters; none where there is no chain."""
        with self._refusals():
            table = self._fresh()
            rules = self._iptc.Chain(table, CHAIN).rules if table.is_chain(CHAIN) else []
            return [Counted(line, *rule.get_counters()) for rule in rules if (line := self._parse(rule))]

    def missing(self, lines: int) -> str:
        """Return in words what somebody took away, seen by a cheap look, or nothing: *lines* rules must be there."""
        with self._refusals():
            table = self._fresh()
            where = f"{'iptables' if self._family == 4 else 'ip6tables'} table {self._name}"
            if not table.is_chain(CHAIN):
                return f"chain {CHAIN} of {where} was gone"
            for hook in self._hooks:
                first = self._iptc.Chain(table, hook).rules[:1]
                if not first or not self._is_jump(first[0]):
                    return f"the jump in {hook} of {where} was gone or not the first rule"
            count, entry = 0, table.first_rule(CHAIN)
            while entry:
                count, entry = count + 1, table.next_rule(entry)
            return f"{where} had {count} of our {lines} rules" if count != lines else ""

    def _lead(self, hook: Any) -> bool:
        """Have *hook* begin with the one jump to our chain; tell whether that was a change."""
        rules = hook.rules
        jumps = [rule for rule in rules if self._is_jump(rule)]
        if len(jumps) == 1 and self._is_jump(rules[0]):
            return False
        for rule in jumps:
            hook.delete_rule(rule)
        jump = self._rule()
        jump.create_target(CHAIN)
        hook.insert_rule(jump)
        return True

    def _is_jump(self, rule: Any) -> bool:
        return rule.target is not None and rule.target.name == CHAIN

    def _change(self, alter: Callable[[Any], bool]) -> None:
        """Read the table, have *alter* change it, write it if that says so; all of it while we hold the lock."""
        with self._refusals():
            for attempt in range(_TRIES):
                with self._lock.held():
                    table = self._fresh()
                    if not alter(table):
                        return
                    try:
                        table.commit()
                    except self._iptc.IPTCError as error:
                        if _CHANGED_UNDERNEATH not in str(error) or attempt == _TRIES - 1:
                            raise
                    else:
                        return
                time.sleep(min(_SHORTEST_PAUSE * 2**attempt, _LONGEST_PAUSE))

    def _fresh(self) -> Any:
        """Return the table as it is now, in the network that we are in now."""
        table = self._kind(self._name, autocommit=False)
        table.refresh()
        return table

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (self._iptc.IPTCError, self._iptc.xtables.XTablesError, ValueError, AttributeError) as error:
            program = "iptables" if self._family == 4 else "ip6tables"
            text = str(error).replace("b'", "").replace("'", "")
            if "Permission denied" in text:
                text = "needs CAP_NET_ADMIN and CAP_NET_RAW: run as root, or give the service those capabilities"
                raise FirewallError(f"legacy {program} {text}") from None
            if "Table does not exist" in text:
                module = f"{'ip' if self._family == 4 else 'ip6'}table_{self._name}"
                raise FirewallError(f"the kernel lacks the {self._name} table of {program} (module {module})") from None
            raise FirewallError(f"legacy {program} refused: {text}") from None

    def _rule(self) -> Any:
        return self._iptc.Rule() if self._family == 4 else self._iptc.Rule6()

    def _build(self, line: Line) -> Any:
        rule = self._rule()
        if line.source:
            rule.src = line.source
        if line.protocol:
            rule.protocol = line.protocol
        if line.original:
            match = rule.create_match("conntrack")
            match.ctorigdstport, match.ctdir = str(line.ports[0]), "ORIGINAL"
        elif line.ports:
            rule.create_match("multiport").dports = ",".join(map(str, line.ports))
        if line.members:
            rule.create_match("set").match_set = [line.members, "src"]
        if line.until:
            rule.create_match("time").datestop = line.until
        rule.create_match("comment").comment = line.comment
        if line.target in ("reset", "refuse"):
            unreachable = "icmp-port-unreachable" if self._family == 4 else "icmp6-port-unreachable"
            rule.create_target("REJECT").reject_with = "tcp-reset" if line.target == "reset" else unreachable
        else:
            rule.create_target(line.target)
        return rule

    def _parse(self, rule: Any) -> Line | None:
        """Return what a rule of ours says, or None for one that is not as we make them."""
        found = self._iptc.easy.decode_iptc_rule(rule, ipv6=self._family == 6)
        target = found.get("target")
        if isinstance(target, dict):
            target = "reset" if target.get("REJECT", {}).get("reject-with") == "tcp-reset" else "refuse"
        tracked, ports = found.get("conntrack", {}), found.get("multiport", {}).get("dports", "")
        try:
            listed = tuple(int(port) for port in (tracked.get("ctorigdstport") or ports).split(",") if port)
            return Line(
                target,
                found["comment"]["comment"],
                found.get("src", ""),
                found.get("set", {}).get("match-set", [""])[0],
                found.get("protocol", ""),
                listed,
                bool(tracked),
                found.get("time", {}).get("datestop", ""),
            )
        except (KeyError, ValueError, AttributeError, TypeError):
            return None

"""iptables - our chains in the legacy tables of both families, and the rules that a scope comes to.

    raw     PREROUTING       drops, before connection tracking, forwarded traffic too
    filter  INPUT, FORWARD   rejects, which the kernel allows nowhere else

Each chain begins with a RETURN for everybody who is never stopped.  Every rule
says in its comment which scope it is for, so that another process of ours can
read what it means.  A port of the filter table is the one that the connection
was made to, before any translation of addresses, as the raw table sees it.

Falls short: a rejected port is not recognised in traffic that is exempt from
connection tracking.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from responder.enforce.xtables import MOST_PORTS, Chain, Counted, Line, Lock
from responder.errors import FirewallError
from responder.values import Prefix, Scope

NEVER = "responder never"
_TABLES = {"drop": ("raw", ("PREROUTING",)), "reject": ("filter", ("INPUT", "FORWARD"))}


class Place(NamedTuple):
    """Where the rules of a verdict and a family are."""

    verdict: str
    family: int


class Chains:
    """Our four chains; those for rejects are made only where something is rejected."""

    def __init__(self) -> None:
        """Raise FirewallError where python-iptables or a table is missing, or we may not use it."""
        self._lock = Lock()
        families: tuple[Literal[4, 6], ...] = (4, 6)
        try:
            self._chains = {
                Place(verdict, family): Chain(self._lock, family, table, hooks)
                for verdict, (table, hooks) in _TABLES.items()
                for family in families
            }
        except FirewallError:
            self._lock.close()
            raise
        self._lines: dict[Place, int] = {}

    def close(self) -> None:
        """Give back the lock's file; the rules stay."""
        self._lock.close()

    def ensure(self, lines: Mapping[Place, Sequence[Line]], never: Sequence[Prefix]) -> None:
        """Have the chains hold exactly *lines* after those that exempt *never*; a chain of rejects may be missing."""
        for place, chain in self._chains.items():
            wanted = lines.get(place, ())
            if wanted or place.verdict == "drop":
                every = [*exempting(never, place.family), *wanted]
                chain.ensure(every)
                self._lines[place] = len(every)
            else:
                chain.remove()
                self._lines.pop(place, None)

    def edit(self, place: Place, added: Sequence[Line], gone: Sequence[Line]) -> None:
        """Append and delete rules in a chain that `ensure` made."""
        self._chains[place].edit(added, gone)
        self._lines[place] += len(added) - len(gone)

    def there(self, place: Place) -> bool:
        """Tell whether we made the chain at *place*."""
        return place in self._lines

    def read(self) -> Iterator[Counted]:
        """Yield the rules for bans that are there, whoever made them."""
        for chain in self._chains.values():
            yield from (counted for counted in chain.read() if counted.line.comment != NEVER)

    def missing(self) -> Iterator[str]:
        """Yield in words what somebody took away, as far as a cheap look tells."""
        for place, lines in self._lines.items():
            if found := self._chains[place].missing(lines):
                yield found

    def remove(self) -> None:
        """Remove all chains."""
        for chain in self._chains.values():
            chain.remove()
        self._lines.clear()


def exempting(never: Iterable[Prefix], family: int) -> list[Line]:
    """Return the rules that let *never* pass."""
    return [Line("RETURN", NEVER, source=source(prefix)) for prefix in never if prefix.family == family]


def lines(scope: Scope, line: Line) -> list[Line]:
    """Return the rules for *scope* that are like *line* but for ports and target."""
    if scope.verdict == "drop":
        made = [line._replace(target="DROP", protocol=protocol, ports=ports) for protocol, ports in _portions(scope)]
        return made or [line._replace(target="DROP")]
    single = [("tcp", port) for port in scope.ports] + [("udp", port) for port in scope.udp]
    refused = [
        line._replace(
            target="reset" if protocol == "tcp" else "refuse", protocol=protocol, ports=(port,), original=True
        )
        for protocol, port in single
    ]
    return refused or [line._replace(target="reset", protocol="tcp"), line._replace(target="refuse")]


def source(prefix: Prefix) -> str:
    """Return *prefix* as python-iptables writes a source; everybody is none."""
    network = str(prefix).partition("/")[0]
    return f"{network}/{prefix.bits}" if prefix.bits else ""


def _portions(scope: Scope) -> Iterator[tuple[str, tuple[int, ...]]]:
    for protocol, ports in (("tcp", scope.ports), ("udp", scope.udp)):
        for first in range(0, len(ports), MOST_PORTS):
            yield protocol, ports[first : first + MOST_PORTS]

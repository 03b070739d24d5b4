"""backend - what the actor asks of a firewall.

A backend keeps, for each scope, prefixes that end by themselves at their time,
and a set of prefixes that are never stopped whatever else is in force.  It
counts what it stopped for each.  It notices when somebody else changed its
rules, and mends them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from responder.values import Prefix, Scope


class Target(NamedTuple):
    """Whom a firewall rule stops, and from what."""

    prefix: Prefix
    scope: Scope


class Held(NamedTuple):
    """What the kernel has of a ban: when it ends, and how much it stopped since it was made."""

    expires: float
    packets: int = 0
    octets: int = 0


class Backend(Protocol):
    """A firewall.  Every method raises FirewallError where the kernel refuses, with all as it was before."""

    name: str
    """nftables, iptables with ipset, iptables, dry-run"""

    @property
    def due(self) -> float:
        """Return when `tend` wants to be called at the latest, in epoch seconds; infinity for never."""

    def close(self) -> None:
        """Give back what was opened; the rules stay."""

    def fileno(self) -> int | None:
        """Return what becomes readable when somebody changes rules, or None where the kernel does not tell."""

    def apply(self, changes: Mapping[Target, float | None], now: float) -> int:
        """Make every change in one transaction: the time a ban ends, or None to lift it; return how many."""

    def sync(self, wanted: Mapping[Target, float], never: Sequence[Prefix], now: float) -> int:
        """Make the kernel hold exactly *wanted*, and never stop *never*; return how many it holds.

        Whatever was changed behind our back is mended.  At no instant is somebody
        stopped less than both before and after, and what stays keeps its counters.
        """

    def tend(self, now: float) -> str:
        """Do what has become due; return what somebody else had taken away and is mended, in words, or nothing."""

    def held(self, now: float) -> dict[Target, Held]:
        """Return everything that the kernel really holds."""

    def find(self, targets: Iterable[Target], now: float) -> dict[Target, Held]:
        """Return those of *targets* that the kernel really holds."""

    def holds(self, prefix: Prefix, now: float) -> dict[Target, Held]:
        """Return what the kernel holds that stops the whole of *prefix*."""

    def flush(self) -> int:
        """Remove everything of ours; return how many bans we knew of."""

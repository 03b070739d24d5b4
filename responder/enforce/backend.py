"""backend - what the actor asks of a firewall, and the backend that touches none.

A backend keeps, for each scope, prefixes that end by themselves at their time,
and a set of prefixes that are never stopped whatever else is in force.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from responder.values import Prefix, Scope


class Target(NamedTuple):
    """Whom a firewall rule stops, and from what."""

    prefix: Prefix
    scope: Scope


class Backend(Protocol):
    """A firewall.  Every method raises FirewallError where the kernel refuses."""

    name: str

    def apply(self, changes: Mapping[Target, float | None], now: float) -> int:
        """Make every change in one transaction: the time a ban ends, or None to lift it; return how many."""

    def sync(self, wanted: Mapping[Target, float], never: Sequence[Prefix], now: float) -> int:
        """Make the kernel hold exactly *wanted*, and never stop *never*, in one transaction."""

    def held(self, now: float) -> dict[Target, float]:
        """Return what the kernel really holds, with the times it ends."""

    def holds(self, prefix: Prefix, now: float) -> dict[Target, float]:
        """Return what the kernel holds that stops the whole of *prefix*."""

    def flush(self) -> int:
        """Remove everything of ours; return how many bans that were."""


class DryRun:
    """A firewall that stops nobody and only remembers what it was told."""

    name = "dry-run"

    def __init__(self) -> None:
        self._held: dict[Target, float] = {}

    def apply(self, changes: Mapping[Target, float | None], now: float) -> int:
        """Remember *changes*."""
        for target, expires in changes.items():
            if expires is None or expires <= now:
                self._held.pop(target, None)
            else:
                self._held[target] = expires
        return len(changes)

    def sync(self, wanted: Mapping[Target, float], never: Sequence[Prefix], now: float) -> int:  # noqa: ARG002
        """Remember *wanted*."""
        self._held = {target: expires for target, expires in wanted.items() if expires > now}
        return len(self._held)

    def held(self, now: float) -> dict[Target, float]:
        """Return what is remembered."""
        self._held = {target: expires for target, expires in self._held.items() if expires > now}
        return dict(self._held)

    def holds(self, prefix: Prefix, now: float) -> dict[Target, float]:
        """Return what is remembered of the networks around *prefix*."""
        return {target: expires for target, expires in self.held(now).items() if target.prefix.covers(prefix)}

    def flush(self) -> int:
        """Forget everything."""
        forgotten, self._held = len(self._held), {}
        return forgotten

"""dryrun - a firewall that stops nobody and only remembers what it was told."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from responder.enforce.backend import Held, Target
from responder.values import Prefix


class DryRun:
    """The backend for trials."""

    name = "dry-run"
    due = inf

    def __init__(self) -> None:
        self._held: dict[Target, float] = {}

    def close(self) -> None:
        """There is nothing open."""

    def fileno(self) -> None:
        """Nobody can change what is only remembered."""

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

    def tend(self, now: float) -> str:  # noqa: ARG002
        """There is nothing to do."""
        return ""

    def held(self, now: float) -> dict[Target, Held]:
        """Return what is remembered."""
        self._held = {target: expires for target, expires in self._held.items() if expires > now}
        return {target: Held(expires) for target, expires in self._held.items()}

    def find(self, targets: Iterable[Target], now: float) -> dict[Target, Held]:
        """Return what is remembered of *targets*."""
        found = ((target, self._held.get(target, 0.0)) for target in targets)
        return {target: Held(expires) for target, expires in found if expires > now}

    def holds(self, prefix: Prefix, now: float) -> dict[Target, Held]:
        """Return what is remembered of the networks around *prefix*."""
        return {target: held for target, held in self.held(now).items() if target.prefix.covers(prefix)}

    def flush(self) -> int:
        """Forget everything."""
        forgotten, self._held = len(self._held), {}
        return forgotten

"""quota - a ``[[quota]]`` of the settings made ready: what is asked of it for each request is worked out once.

Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from responder.limits import Allowance, Limit
from responder.quota.keys import Key, canonical, compiled, specificity
from responder.settings.quota import QuotaSettings, SuspendSettings

KINDS = ("messages", "recipients", "bytes")
"""What is counted, in the order in which amounts are handed around."""


class Part(NamedTuple):
    """One limit: *what* is an index into KINDS; *warnings* are percent and amount, the least first."""

    limit: Limit
    what: int
    within: float
    most: int
    warnings: tuple[tuple[int, int], ...]
    warned_from: int


class Plan(NamedTuple):
    """An allowance made ready."""

    allowance: Allowance
    parts: tuple[Part, ...]

    @property
    def blocked(self) -> bool:
        """Tell whether nothing may be sent."""
        return self.allowance.kind == "blocked"


class Quota:
    """Who is counted how: *key* finds the name a request counts under, or None where it does not."""

    __slots__ = ("_plans", "action", "context", "counts_null", "default", "key", "name", "overrides", "suspend", "warn")

    def __init__(self, settings: QuotaSettings) -> None:
        self.name = settings.called
        self.key: Key = compiled(settings.key)
        self.context = None if settings.context is None else settings.context.encode()
        self.counts_null = settings.counts_null_sender
        self.action = settings.action
        self.suspend: SuspendSettings | None = settings.suspend
        self.warn = tuple(sorted(set(settings.warn)))
        self.default = settings.limits
        self.overrides: Mapping[str, Allowance] = {canonical(key): own for key, own in settings.override.items()}
        self._plans: dict[Allowance, Plan] = {}

    def plan(self, key: str, stored: Mapping[tuple[str, str], Allowance]) -> Plan:
        """Return what holds for *key*: what was *stored* for it goes before the file's, its own before its domain's."""
        for name in names(key):
            found = stored.get((self.name, name)) or self.overrides.get(name)
            if name == key and (self.name, name) not in stored:
                found = stored.get(("", name)) or found
            if found:
                return self._ready(found)
        return self._ready(self.default)

    def _ready(self, allowance: Allowance) -> Plan:
        if allowance not in self._plans:
            self._plans[allowance] = Plan(allowance, tuple(self._part(limit) for limit in allowance.limits))
        return self._plans[allowance]

    def _part(self, limit: Limit) -> Part:
        # Rounded up: at 50 % of 3 that is 2, and never before the share is reached.
        warnings = tuple((percent, -(-limit.most * percent // 100)) for percent in self.warn)
        first = warnings[0][1] if warnings else limit.most + 1
        return Part(limit, KINDS.index(limit.what), limit.within, limit.most, warnings, first)


def names(key: str) -> Iterator[str]:
    """Yield the names under which an override for *key* may stand: its own, its domain's."""
    yield key
    if "@" in key and " + " not in key:
        yield key.rpartition("@")[2]


def ready(settings: Iterable[QuotaSettings]) -> tuple[Quota, ...]:
    """Return the quotas of the settings, those first that name somebody most narrowly."""
    ordered = sorted(settings, key=lambda one: (-specificity(one.key), one.context is None))
    return tuple(Quota(one) for one in ordered)

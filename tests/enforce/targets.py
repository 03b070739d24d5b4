"""targets - whom to ban, and until when, in few words."""

import time

from responder.enforce.backend import Target
from responder.values import Prefix, Scope

HOUR = 3600.0


def at(prefix: str, scope: str = "drop") -> Target:
    return Target(Prefix.parse(prefix), Scope.parse(scope))


def now() -> float:
    return time.time()


def lasting(held: dict[Target, float]) -> dict[Target, int]:
    """Return for each target how long it still lasts, to the nearest hour."""
    return {target: round((expires - now()) / HOUR) for target, expires in held.items()}

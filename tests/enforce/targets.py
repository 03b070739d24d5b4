"""targets - whom to ban, and until when, in few words."""

import time
from collections.abc import Mapping

from responder.enforce.backend import Held, Target
from responder.values import Prefix, Scope

HOUR = 3600.0


def at(prefix: str, scope: str = "drop") -> Target:
    return Target(Prefix.parse(prefix), Scope.parse(scope))


def now() -> float:
    return time.time()


def lasting(held: Mapping[Target, Held]) -> dict[Target, int]:
    """Return for each target how long it still lasts, to the nearest hour."""
    return {target: round((one.expires - now()) / HOUR) for target, one in held.items()}

"""window - the hits of one key against one policy, over a sliding span.

A Window keeps hit times oldest first, and never more of them than the policy's
limit, so an attacker cannot make it grow.  A hit of weight three stands in it
three times.  Times come from the log, so a replayed log is judged as it was on
the night.

Falls short: a line over one span late is lost.
"""

from bisect import bisect_left

from responder.decide.policy import Policy

Window = tuple[float, ...]
"""Times of the latest hits, oldest first."""

EMPTY: Window = ()


def hit(window: Window, at: float, weight: int, policy: Policy) -> Window:
    """Return *window* with a hit at *at* added and the stale ones gone.

    Lines may arrive out of order.  A hit exactly one span old still counts.
    """
    limit = policy.limit
    hits = (*window, at) if weight == 1 else window + (at,) * min(weight, limit)
    if window and at < window[-1]:
        hits = tuple(sorted(hits))
    horizon = hits[-1] - policy.within
    if hits[0] >= horizon and len(hits) <= limit:
        return hits
    return hits[max(bisect_left(hits, horizon), len(hits) - limit) :]


def full(window: Window, policy: Policy) -> bool:
    """Tell whether *window* has reached the policy's limit."""
    return len(window) >= policy.limit

"""accounts - all that is counted, in bounded memory.

When there would be more than *most*, the least dangerous of those that nobody
has looked at for longest is forgotten: eight are compared, so that the cost of a
new one does not grow with how many there are.  Pure: times are handed in.
"""

from collections import OrderedDict

from responder.quota.account import Account

_COMPARED = 8


class Accounts:
    """Accounts by quota and key."""

    def __init__(self, most: int) -> None:
        self.dropped = 0
        self.most = most
        self._held: OrderedDict[tuple[str, str], Account] = OrderedDict()
        self.get = self._held.get

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._held)

    def enter(self, account: Account, now: float) -> None:
        """Hold *account*, too."""
        if len(self._held) >= self.most:
            self._drop(now)
        self._held[account.quota, account.key] = account

    def sweep(self, count: int, now: float) -> None:
        """Look at the next *count*, and forget those of which nothing counts any more."""
        for _ in range(min(count, len(self._held))):
            name, account = next(iter(self._held.items()))
            if account.filled(now):
                self._held.move_to_end(name)
            else:
                del self._held[name]

    def _drop(self, now: float) -> None:
        oldest = [name for name, _ in zip(self._held, range(_COMPARED), strict=False)]
        least = min(oldest, key=lambda name: self._held[name].filled(now))
        dangerous = self._held[least].filled(now) > 0
        del self._held[least]
        self.dropped += dangerous
        for name in oldest:
            if name != least:
                self._held.move_to_end(name)

"""window - how much one sender used of one limit, over a sliding span.

A span is cut into 60 slots, and what came in one slot is one number: at most 61
numbers a window, whatever is sent.  A slot counts until all of it is older than
the span.  So never more than the limit passes within any span, and what was used
is free again at most a sixtieth of the span late (a second of a minute, 24 minutes
of a day).

Slots are numbered from the epoch: `slot` tells which one a time is in, and all
other functions take that number.  One that goes back counts in the newest slot.

*foreign* is what other hosts counted, which share this limit; it is replaced
whole, host by host, as they tell.  Pure.
"""

from collections.abc import Sequence

SLOTS = 60


def slot(now: float, within: float) -> int:
    """Return the number of the slot of a span of *within* seconds that *now* is in."""
    return int(now * SLOTS // within)


def end(number: int, within: float) -> float:
    """Return when what was counted in slot *number* no longer counts."""
    return (number + SLOTS + 1) * within / SLOTS


class Window:
    """Amounts by slot: *marks* are number, amount, number, amount ..., oldest first; *total* is their sum."""

    __slots__ = ("foreign", "marks", "total")

    def __init__(self) -> None:
        self.marks: list[int] = []
        self.total = 0
        self.foreign: dict[str, list[int]] | None = None

    def used(self, at: int) -> int:
        """Return how much counts in slot *at*; what is stale is forgotten."""
        marks = self.marks
        if marks and (marks[0] < at - SLOTS or marks[-2] > at + SLOTS):
            self.total = _forget(marks, at)
        return self.total + self._elsewhere(at) if self.foreign else self.total

    def add(self, at: int, amount: int) -> int:
        """Count *amount* in slot *at*, after `used` of it; return the number of the slot that took it."""
        marks = self.marks
        self.total += amount
        if marks and marks[-2] >= at:
            marks[-1] += amount
            return marks[-2]
        marks += (at, amount)
        return at

    def take_back(self, taken: int, amount: int) -> None:
        """Undo an `add` that slot *taken* took, if that slot still counts."""
        marks = self.marks
        for place in range(len(marks) - 2, -1, -2):
            if marks[place] == taken:
                less = min(amount, marks[place + 1])
                marks[place + 1] -= less
                self.total -= less
                return

    def frees(self, at: int, surplus: int) -> int:
        """Return the first slot in which *surplus* less is used than in *at*, if nothing more is sent."""
        lists = [self.marks, *(self.foreign or {}).values()]
        pairs = sorted(pair for marks in lists for pair in zip(marks[::2], marks[1::2], strict=True))
        for number, amount in pairs:
            surplus -= amount
            if surplus <= 0:
                return max(number + SLOTS + 1, at + 1)
        return at + SLOTS + 1

    def set(self, marks: Sequence[int], at: int, host: str = "") -> None:
        """Take *marks* for what *host* counted; or add them, which we counted before a restart.

        What was counted after *at* was by a clock that is ahead of ours: it counts as if it were now.
        """
        counted: dict[int, int] = {}
        marks = [*marks, *(() if host else self.marks)]
        for number, amount in zip(marks[::2], marks[1::2], strict=True):
            counted[min(number, at)] = counted.get(min(number, at), 0) + amount
        fresh = [part for pair in sorted(counted.items()) if pair[0] >= at - SLOTS for part in pair]
        if host:
            self.foreign = {**(self.foreign or {}), host: fresh}
        else:
            self.marks, self.total = fresh, sum(fresh[1::2])

    def _elsewhere(self, at: int) -> int:
        return sum(_forget(marks, at) for marks in (self.foreign or {}).values())


def _forget(marks: list[int], at: int) -> int:
    """Remove what is stale in slot *at*, and what a whole span ahead of it cannot be; return the sum of the rest."""
    if marks and marks[-2] > at + SLOTS:
        marks.clear()
    stale = 0
    while stale < len(marks) and marks[stale] < at - SLOTS:
        stale += 2
    del marks[:stale]
    return sum(marks[1::2])

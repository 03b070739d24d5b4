"""quorum - whether enough different reporters have reported on as many different days.

Enough means: *need* reporters and *need* days can be paired off, each reporter
with a day on which it reported, nobody and no day twice.  So three reports of
one reporter on three days are not enough, nor are three reporters on one day,
nor two busy reporters beside one who only ever repeats them on the same day.

Pure.  Time and memory do not grow with the number of reports: of each reporter
and each day no more than *need* pairs are kept, which changes no answer, because
a node with *need* neighbours always has a free one for the last pair.
"""


class Quorum:
    """Takes reports one after the other, and says whether they are enough by now."""

    __slots__ = ("_days", "_need", "_reporters", "met")

    def __init__(self, need: int) -> None:
        self._need = need
        self._days: dict[int, set[int]] = {}
        self._reporters: dict[int, set[int]] = {}
        self.met = need <= 0

    def add(self, reporter: int, day: int) -> bool:
        """Take in a report; return whether there are enough now."""
        if self.met:
            return True
        days, reporters = self._days.setdefault(reporter, set()), self._reporters.setdefault(day, set())
        if day not in days and len(days) < self._need and len(reporters) < self._need:
            days.add(day)
            reporters.add(reporter)
            self.met = min(len(self._days), len(self._reporters)) >= self._need and self._pairs() >= self._need
        return self.met

    def _pairs(self) -> int:
        """Return how many can be paired off (Kuhn's algorithm)."""
        taken: dict[int, int] = {}
        return sum(self._pair(reporter, taken, set()) for reporter in self._days)

    def _pair(self, reporter: int, taken: dict[int, int], tried: set[int]) -> bool:
        for day in self._days[reporter]:
            if day not in tried:
                tried.add(day)
                if day not in taken or self._pair(taken[day], taken, tried):
                    taken[day] = reporter
                    return True
        return False

"""axis - the scale of one side of a chart: where a value lies on it, and which values are written beside it.

Either linear from 0 to a round number, or logarithmic from the least value to the greatest.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_STEPS = (1, 2, 2.5, 5, 10)
_MOST_TICKS = 6
_NOTHING = 1e-12
_MANY = 1000.0
_LETTERS = ("", "k", "M", "G")


@dataclass(frozen=True, slots=True)
class Axis:
    """From *low* to *high*, *ticks* among them."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool

    @classmethod
    def linear(cls, values: Iterable[float]) -> Self:
        """Return an axis from 0 that holds *values*, none of them below 0."""
        most = max(values, default=0.0)
        most = most if most > _NOTHING else 1.0
        rough = most / (_MOST_TICKS - 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(one * power for one in _STEPS if one * power >= rough * (1 - 1e-9))
        count = math.ceil(most / step - 1e-9)
        return cls(0.0, count * step, tuple(number * step for number in range(count + 1)), logarithmic=False)

    @classmethod
    def log(cls, values: Iterable[float]) -> Self:
        """Return a logarithmic axis that holds *values*, all of them above 0."""
        given = list(values) or [1.0]
        low, high = min(given), max(given)
        if low == high:
            low, high = low / 2, high * 2
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        within = [
            [step * 10.0**power for power in range(first, last + 1) for step in steps] for steps in ((1, 3), (1,))
        ]
        shown = [[tick for tick in ticks if low * 0.999 <= tick <= high * 1.001] for ticks in within]
        ticks = next((one for one in shown if len(one) <= _MOST_TICKS), shown[-1])
        return cls(low, high, tuple(ticks), logarithmic=True)

    def place(self, value: float) -> float:
        """Return where *value* lies: 0 at the low end, 1 at the high one."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def short(value: float) -> str:
    """Return *value* as people write it beside an axis: 0.25, 300, 10k, 2.5M."""
    letter = 0
    while abs(value) >= _MANY and letter < len(_LETTERS) - 1:
        value, letter = value / _MANY, letter + 1
    return f"{value:.3g}{_LETTERS[letter]}"

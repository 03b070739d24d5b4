"""linerule - a rule for what programs write in words: patterns of the message, proven when it is made.

Whether it does what its author meant is for its examples to say (examples.py).
"""

from dataclasses import dataclass, field
from typing import Any

from responder.detect.pattern import Pattern, Shape, UnprovenError
from responder.detect.rule import Rule
from responder.values import Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRule(Rule):
    """What an offence looks like in messages: one of *any_of*, and none of *ignore*."""

    any_of: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    literals: frozenset[str] = field(init=False)
    patterns: tuple[Pattern, ...] = field(init=False)
    _ignored: tuple[Shape, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Raise RuleError unless every pattern is proven."""
        try:
            patterns = tuple(map(Pattern, self.any_of))
            ignored = tuple(map(Shape, self.ignore))
        except UnprovenError as error:
            raise self.error(str(error), error.remedy) from None
        object.__setattr__(self, "patterns", patterns)
        object.__setattr__(self, "literals", frozenset().union(*(pattern.literals for pattern in patterns)))
        object.__setattr__(self, "_ignored", ignored)

    def find(self, message: str) -> Prefix | None:
        """Return the address that *message* blames, or None where the rule does not match."""
        for pattern in self.patterns:
            address = pattern.find(message)
            if address is not None:
                return None if self._ignored and self.ignores(message) else address
        return None

    def ignores(self, message: str) -> bool:
        """Tell whether *message* is known to be no offence."""
        return any(shape.fits(message) for shape in self._ignored)

    def texts(self) -> tuple[str, ...]:
        """Return the patterns that are matched against messages."""
        return (*self.any_of, *self.ignore)

    def looks_for(self) -> dict[str, Any]:
        """Return what the rule asks of a line."""
        asked: dict[str, Any] = {"program": list(self.programs)}
        asked |= {"pattern": self.any_of[0]} if len(self.any_of) == 1 else {"any_of": list(self.any_of)}
        return asked | ({"ignore": list(self.ignore)} if self.ignore else {})

"""rule - what every rule has, whatever it looks at: a name, a policy, a weight, and examples that prove it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from responder.errors import RuleError


class Example(NamedTuple):
    """A log entry and the address that its rule must find in it; no address: it must find nothing."""

    line: str
    address: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an offence looks like, and against which policy it counts."""

    id: str
    title: str
    service: str
    policy: str
    weight: int = 1
    examples: tuple[Example, ...] = ()
    path: Path = Path()

    def looks_for(self) -> dict[str, Any]:
        """Return what the rule asks of an entry, as its file says it."""
        raise NotImplementedError

    def error(self, problem: str, remedy: str) -> RuleError:
        """Return the error that names this rule."""
        return RuleError(self.path, self.id, problem, remedy)

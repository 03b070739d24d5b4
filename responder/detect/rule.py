"""rule - what every rule has, whatever it looks at: a name, a policy, a weight, and examples that prove it."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from responder.detect.syntax import is_wild, parse, walk
from responder.errors import RuleError


class Example(NamedTuple):
    """A log entry and the address that its rule must find in it; no address: it must find nothing."""

    line: str
    address: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an offence looks like in what *programs* (syslog tags, shell-style) say, and against which policy it counts.

    *form* is the format of its examples, and *versions* whose output they are.  *off* says why it is not in force
    unless the settings enable it.  One that is *last* is asked after all that are not.
    """

    id: str
    title: str
    service: str
    policy: str
    programs: tuple[str, ...] = ("*",)
    form: str = "syslog"
    weight: int = 1
    tags: tuple[str, ...] = ()
    versions: str = ""
    off: str = ""
    last: bool = False
    examples: tuple[Example, ...] = ()
    path: Path = Path()

    def judges(self, program: str) -> bool:
        """Tell whether the rule looks at what *program* says."""
        return any(fnmatchcase(program, glob) for glob in self.programs)

    def looks_for(self) -> dict[str, Any]:
        """Return what the rule asks of an entry, as its file says it."""
        raise NotImplementedError

    def texts(self) -> tuple[str, ...]:
        """Return the patterns that are matched against messages."""
        return ()

    def has_free_text(self) -> bool:
        """Tell whether part of what the rule matches may be anything, so that a client may have written it."""
        return any(is_wild(node) for text in self.texts() for node in walk(parse(text)))

    def error(self, problem: str, remedy: str) -> RuleError:
        """Return the error that names this rule."""
        return RuleError(self.path, self.id, problem, remedy)

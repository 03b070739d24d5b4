"""errors - how we fail: one class for each fate.

    ConfigError, RuleError    the administrator's to mend; gathered in a Refused
    FirewallError, StoreError the world failed; what was owed stays owed
    ProtocolError             a peer on a socket broke the protocol; hang up
    UsageError                a command was asked for something impossible

A log line that no rule knows is no error at all.  Any other exception is a
bug of ours and ends the process.
"""

from collections.abc import Iterable
from pathlib import Path


class ResponderError(Exception):
    """Anything we foresaw; the text is fit for an administrator."""


class ConfigError(ResponderError):
    """A settings file asks for something we cannot do."""

    def __init__(self, path: Path | str, key: str, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {key}: {problem}; {remedy}" if key else f"{path}: {problem}; {remedy}")
        self.path, self.key, self.problem, self.remedy = path, key, problem, remedy


class RuleError(ResponderError):
    """A rule file asks for something we cannot do."""

    def __init__(self, path: Path | str, rule_id: str, problem: str, remedy: str) -> None:
        where = f"{path}: {rule_id}" if rule_id else f"{path}"
        super().__init__(f"{where}: {problem}; {remedy}")
        self.path, self.rule_id, self.problem, self.remedy = path, rule_id, problem, remedy


class Refused(ResponderError):  # noqa: N818
    """Settings or rules that cannot be used: every problem at once, never only the first."""

    def __init__(self, problems: Iterable[ConfigError | RuleError]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class FirewallError(ResponderError):
    """The kernel or the firewall actor refused; the ban stays owed."""


class StoreError(ResponderError):
    """The state store failed; what was to be written stays owed."""


class ProtocolError(ResponderError):
    """A peer sent something that is no frame of ours."""


class UsageError(ResponderError):
    """A command cannot be done as it was given."""

"""rules - rules as a test needs them: only what the test is about is given."""

from datetime import UTC, datetime

from responder import config
from responder.detect import library
from responder.detect.linerule import LineRule
from responder.detect.rule import Rule
from responder.formats.stamps import Stamps

REFERENCE = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
HEADER = "Nov 23 13:46:37 mx sshd[1]: "


def a_rule(pattern: str, name: str = "a-rule", *, program: str = "sshd", weight: int = 1) -> LineRule:
    return LineRule(
        id=name, title="A rule", service="sshd", programs=(program,), policy="login", any_of=(pattern,), weight=weight
    )


def every_rule() -> tuple[Rule, ...]:
    """Return all rules that ship, those that are off too, in the order in which they are asked."""
    policies = config.load(None).policies
    off = library.survey([library.shipped()], policies).off
    return library.load([library.shipped()], policies, enabled=[rule.id for rule in off])


def stamps() -> Stamps:
    return Stamps(UTC, REFERENCE)

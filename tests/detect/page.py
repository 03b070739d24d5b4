"""python -m tests.detect.page > rules/README.md - the page of what the shipped rules see, made from the rules."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from responder.detect.rule import Rule
from tests.detect.rules import every_rule

_HEAD = """\
# Rules

What ships, one file for each attacked service. `responder rules show RULE` shows a rule with its examples,
`responder check` the policies; how to write a rule is in the [README](../README.md). This page is made from the
rules: `python -m tests.detect.page > rules/README.md`.

What is *off* is not in force until the settings name it in `enable = ["RULE", ...]`; its reason says what to see to
first.
"""


def page() -> str:
    """Return the page."""
    rules = sorted(every_rule(), key=lambda rule: rule.path)
    return _HEAD + "".join(
        text for path, some in groupby(rules, lambda rule: rule.path) for text in _file(path, [*some])
    )


def _file(path: Path, rules: list[Rule]) -> Iterator[str]:
    first = rules[0]
    yield f"\n## {path.name}\n\n"
    asked = "alerts" if first.form == "alert" else ", ".join(f"`{name}`" for name in first.programs)
    form = "" if first.form in ("syslog", "alert") else f" (format `{first.form}`)"
    yield f"Looks at {asked}{form}; {len(rules)} rules."
    yield f" Versions: {first.versions}.\n\n" if first.versions else "\n\n"
    yield "| rule | sees | policy |\n|---|---|---|\n"
    for rule in rules:
        weight = f", weight {rule.weight}" if rule.weight > 1 else ""
        off = f"; **off**: {rule.off}" if rule.off else ""
        yield f"| {rule.id} | {rule.title.replace('|', '/')}{off} | {rule.policy}{weight} |\n"


if __name__ == "__main__":
    print(page(), end="")

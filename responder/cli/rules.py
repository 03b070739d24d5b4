"""rules - ``responder rules``: list, show, test and lint."""

import json
import sys
from datetime import UTC
from pathlib import Path
from typing import Any, BinaryIO

import click

from responder import config as configuration
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.detect import library
from responder.detect.detector import Detector
from responder.detect.rule import Rule
from responder.errors import UsageError
from responder.formats import alerts
from responder.formats.stamps import Stamps
from responder.whereabouts import find


@click.group()
def rules() -> None:
    """List, show and test the rules."""


def _load(config: Path | None) -> tuple[Rule, ...]:
    loaded = configuration.load(find(config))
    return library.load(loaded.rule_folders, loaded.policies, loaded.settings.disable)


@rules.command("list")
@as_json
@config_option
def list_rules(as_json: bool, config: Path | None) -> None:
    """List the rules in force, in the order in which they are tried."""
    found = _load(config)
    if as_json:
        print_json([_described(rule) for rule in found])
        return
    table(
        ("RULE", "POLICY", "WEIGHT", "WHAT IT SEES"),
        ((rule.id, rule.policy, rule.weight, rule.title) for rule in found),
    )
    say(f"{len(found)} rules")


@rules.command()
@click.argument("rule_id", metavar="RULE")
@as_json
@config_option
def show(rule_id: str, as_json: bool, config: Path | None) -> None:
    """Show one rule whole, with its examples."""
    rule = next((rule for rule in _load(config) if rule.id == rule_id), None)
    if rule is None:
        raise UsageError(f"there is no rule {rule_id!r}; `responder rules list` shows them all")
    if as_json:
        print_json(_described(rule))
        return
    say(f"{rule.id}: {rule.title}")
    say(f"  file     {rule.path}\n  policy   {rule.policy}, weight {rule.weight}")
    for key, value in rule.looks_for().items():
        say(f"  {key:<8} {', '.join(value) if isinstance(value, list) else value}")
    for example in rule.examples:
        say(f"\n  {example.address or 'nobody'}{example.why and ': ' + example.why}\n    {example.line}")


@rules.command()
@click.option(
    "--json", "log", type=click.File("rb"), help="Judge every line of this file (- is standard input) instead."
)
@config_option
def test(log: BinaryIO | None, config: Path | None) -> None:
    """Run the examples in the rule files; or say for each line of a log which rule matches.

    With --json FILE one object a line is printed, in order:
    {"line": 1, "matched": true, "rule": "postfix-unknown-recipient", "ip": "192.0.2.7"}
    """
    found = _load(config)  # proves every rule and runs its examples
    if log is None:
        say(f"{len(found)} rules and {sum(len(rule.examples) for rule in found)} examples: all pass")
        return
    _judge(Detector(found), log)


@rules.command()
@config_option
def lint(config: Path | None) -> None:
    """Prove every rule and run its examples; exits with 78 and every problem where one fails."""
    say(f"{len(_load(config))} rules are sound")


def _judge(detector: Detector, log: BinaryIO) -> None:
    stamps = Stamps(UTC, 0.0)  # times do not matter here
    for number, line in enumerate(log, 1):
        form = alerts.recognise(line)
        found = (
            detector.judge(alerts.reader(form).read(line))
            if form
            else detector.find(line.rstrip(b"\n") + b"\n", stamps)
        )
        offence = next(iter(found), None)
        answer = {
            "line": number,
            "matched": offence is not None,
            "rule": offence.rule if offence else None,
            "ip": str(offence.address) if offence else None,
        }
        sys.stdout.write(json.dumps(answer) + "\n")


def _described(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "service": rule.service,
        "policy": rule.policy,
        "weight": rule.weight,
        **rule.looks_for(),
        "file": str(rule.path),
        "examples": [example._asdict() for example in rule.examples],
    }

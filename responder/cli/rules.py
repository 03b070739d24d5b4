"""rules - ``responder rules``: list, show, test and lint.

What is off is listed, shown and proven too; lines are judged by what is in force.
"""

import json
import sys
from datetime import UTC
from pathlib import Path
from typing import Any, BinaryIO

import click

from responder import config as configuration
from responder.cli.entries import Entries, ask_for_program, form_option, program_option, settled
from responder.cli.output import as_json, config_option, print_json, printable, say, table
from responder.detect.detector import Detector
from responder.detect.library import Library
from responder.detect.rule import Rule
from responder.detect.trace import trace
from responder.errors import UsageError
from responder.formats import syslog
from responder.formats.lines import HEADERS
from responder.formats.stamps import Stamps
from responder.sources import read_whole
from responder.whereabouts import find


@click.group()
def rules() -> None:
    """List, show and test the rules."""


def _load(config: Path | None) -> Library:
    return configuration.load(find(config)).rules()


@rules.command("list")
@as_json
@config_option
def list_rules(as_json: bool, config: Path | None) -> None:
    """List the rules in force, in the order in which they are tried, and then those that are off."""
    found = _load(config)
    if as_json:
        print_json([_described(rule, found) for some in found for rule in some])
        return
    columns = ("RULE", "POLICY", "WEIGHT", "WHAT IT SEES")
    table(columns, ((rule.id, rule.policy, rule.weight, rule.title) for rule in found.in_force))
    say(f"{len(found.in_force)} rules")
    if found.off:
        say("\nOff; `enable` in the settings turns on what you name there:")
        for rule in found.off:
            say(f"  {rule.id}: {rule.title}\n    {rule.off}")


@rules.command()
@click.argument("rule_id", metavar="RULE")
@as_json
@config_option
def show(rule_id: str, as_json: bool, config: Path | None) -> None:
    """Show one rule whole, with its examples."""
    found = _load(config)
    rule = next((rule for some in found for rule in some if rule.id == rule_id), None)
    if rule is None:
        raise UsageError(f"there is no rule {rule_id!r}; `responder rules list` shows them all")
    if as_json:
        print_json(_described(rule, found))
        return
    say(f"{rule.id}: {rule.title}")
    say(f"  file     {rule.path}\n  policy   {rule.policy}, weight {rule.weight}")
    if rule.off:
        say(f"  {'off' if rule in found.off else 'enabled, though'}: {rule.off}")
    for key, value in rule.looks_for().items():
        say(f"  {key:<8} {', '.join(value) if isinstance(value, list) else value}")
    for example in rule.examples:
        say(f"\n  {example.address or 'nobody'}{example.why and ': ' + example.why}\n    {example.line}")


@rules.command()
@click.argument("line", required=False)
@click.option(
    "--json", "log", type=click.File("rb"), help="Judge every line of this file (- is standard input) instead."
)
@click.option("--trace", "traced", is_flag=True, help="Show how far each rule gets with LINE, and why it stops there.")
@form_option
@program_option
@config_option
def test(line: str | None, *, log: BinaryIO | None, traced: bool, form: str, program: str, config: Path | None) -> None:
    """Run the examples in the rule files; or say which rule matches LINE (- is standard input), or each line of a log.

    \b
    responder rules test
    responder rules test --trace 'Nov 23 13:46:37 mx sshd[1]: Failed password for x from 192.0.2.7 port 22'
    responder rules test --format plain --program exim - < mainlog

    With --json FILE one object a line is printed, in order:
    {"line": 1, "matched": true, "rule": "postfix-unknown-recipient", "ip": "192.0.2.7"}
    """
    ask_for_program(form, program)
    library = _load(config)  # proves every rule and runs its examples
    found, every = library.in_force, (*library.in_force, *library.off)
    if log is not None:
        _judge(Entries(Detector(found), Stamps(UTC, 0.0), form, program), log)
    elif line is None:
        say(f"{len(every)} rules and {sum(len(rule.examples) for rule in every)} examples: all pass")
    else:
        lines = sys.stdin.buffer.read().splitlines() if line == "-" else [line.encode(errors="replace")]
        matched = [_tell(found, one, form, program, traced=traced) for one in lines]
        raise SystemExit(0 if all(matched) else 1)


@rules.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--most", default=40, show_default=True, help="Shapes to list.")
@form_option
@program_option
@as_json
@config_option
def coverage(file: str, *, most: int, form: str, program: str, as_json: bool, config: Path | None) -> None:
    """Show what the programs in the log FILE say that no rule and no ignore pattern knows, by shape.

    A format that changed with a new version shows here.

    \b
    responder rules coverage /var/log/mail.log
    responder rules coverage --format plain --program exim /var/log/exim4/mainlog
    """
    from responder.cli.coverage import Coverage  # noqa: PLC0415 - the others need it not

    form = settled(form, program)
    counted = Coverage(_load(config).in_force, Stamps(UTC, 0.0), form, program)
    for chunk in read_whole(file):
        counted.take(chunk.data)
    unknown = list(counted.unknown())
    if as_json:
        shapes = [one._asdict() for one in unknown]
        print_json({"known": counted.known, "others": counted.others, "unknown": shapes})
        return
    table(("LINES", "PROGRAM", "SHAPE"), ((one.lines, one.program, one.shape) for one in unknown[:most]))
    if len(unknown) > most:
        say(f"... and {len(unknown) - most} more shapes (--most lists them)")
    lines = sum(one.lines for one in unknown)
    say(f"\n{lines} lines that no rule knows, {counted.known} that one does, {counted.others} of other programs")


@rules.command()
@click.argument("service")
@click.option("--from", "file", type=click.File("rb"), required=True, help="Sample lines; - is standard input.")
@form_option
@program_option
def new(service: str, *, file: BinaryIO, form: str, program: str) -> None:
    """Propose rules for SERVICE from sample lines: a draft to mend, with the variable parts open.

    \b
    grep 'auth failed' /var/log/app.log | responder rules new app --from - > /etc/responder/rules.d/app.toml
    """
    from responder.cli.draft import drafted  # noqa: PLC0415 - the others need it not

    form = settled(form, program)
    click.echo(drafted(service, file.read().splitlines(), form, program), nl=False)


@rules.command()
@config_option
def lint(config: Path | None) -> None:
    """Prove every rule and run its examples; exits with 78 and every problem where one fails."""
    say(f"{sum(map(len, _load(config)))} rules are sound")


def _judge(entries: Entries, log: BinaryIO) -> None:
    for number, line in enumerate(log, 1):
        offence = entries.judge(line)
        answer = {
            "line": number,
            "matched": offence is not None,
            "rule": offence.rule if offence else None,
            "ip": str(offence.address) if offence else None,
        }
        sys.stdout.write(json.dumps(answer) + "\n")


def _tell(found: tuple[Rule, ...], line: bytes, form: str, program: str, *, traced: bool) -> bool:
    """Say which rule matches *line*, or how far each gets; tell whether one does."""
    offence = Entries(Detector(found), Stamps(UTC, 0.0), form, program).judge(line)
    if offence:
        say(f"{offence.rule} blames {offence.address} (policy {offence.policy}, weight {offence.weight})")
    else:
        say("no rule matches")
    if traced:
        _trace(found, line, "syslog" if form == "auto" else form, program)
    return offence is not None


def _trace(found: tuple[Rule, ...], line: bytes, form: str, program: str) -> None:
    head = HEADERS[form](line) if form in HEADERS else None
    if head is None:
        say(f"\nit is no line of format {form}, so no pattern was tried")
        return
    name, message = syslog.text(head.program) or program, syslog.text(line[head.message :])
    say(f"\nprogram  {name}\nmessage  {message}")
    steps = list(trace(found, name, message))
    if not steps:
        say("no rule looks at this program")
    for step in steps:
        say(f"\n{step.rule.id}: {step.why or 'it fits'}")
        say(f"  pattern  {step.pattern}")
        taken = click.style(printable(message[: step.matched]), bold=True, underline=True)
        click.echo(f"  took     {taken}{printable(message[step.matched :])}")


def _described(rule: Rule, library: Library) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "service": rule.service,
        "policy": rule.policy,
        "weight": rule.weight,
        "in_force": rule not in library.off,
        "off": rule.off,
        **rule.looks_for(),
        "file": str(rule.path),
        "examples": [example._asdict() for example in rule.examples],
    }

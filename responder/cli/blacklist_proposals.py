"""blacklist_proposals - ``responder blacklist proposals``: reports read out of mails, to be accepted or not."""

from pathlib import Path

import click

from responder.blacklist import proposals as waiting
from responder.cli.blacklist_store import by_option, reading, writing
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.times import format_time


@click.group(invoke_without_command=True)
@as_json
@config_option
@click.pass_context
def proposals(ctx: click.Context, *, as_json: bool, config: Path | None) -> None:
    """List the reports that wait for a moderator; or accept or reject some.

    \b
    responder blacklist proposals
    responder blacklist proposals accept 3 4 5
    responder blacklist proposals reject 6
    """
    if ctx.invoked_subcommand:
        return
    with reading(config) as turn:
        found = [
            {
                "number": number,
                "subject": report.subject.value,
                "kind": report.subject.kind.value,
                "reporter": report.reporter,
                "time": format_time(report.time),
                "category": report.category,
                "evidence": report.evidence,
            }
            for number, report in waiting.waiting(turn.connection)
        ]
    if as_json:
        print_json(found)
    else:
        columns = ("NO.", "SUBJECT", "KIND", "REPORTER", "TIME", "CATEGORY", "EVIDENCE")
        table(columns, (tuple(row.values()) for row in found))


@proposals.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
@by_option
@config_option
def accept(*, numbers: tuple[int, ...], by: str, config: Path | None) -> None:
    """Make reports of the proposals NUMBERS."""
    _decide(numbers, by, config, accepted=True)


@proposals.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
@by_option
@config_option
def reject(*, numbers: tuple[int, ...], by: str, config: Path | None) -> None:
    """Drop the proposals NUMBERS."""
    _decide(numbers, by, config, accepted=False)


def _decide(numbers: tuple[int, ...], by: str, config: Path | None, *, accepted: bool) -> None:
    """Decide all *numbers* or, where one does not wait, none."""
    with writing(config) as turn:
        for number in numbers:
            waiting.decide(turn.connection, number, turn.scoring, turn.now, accepted=accepted, actor=by)
    say(f"{len(numbers)} {'accepted' if accepted else 'rejected'}")

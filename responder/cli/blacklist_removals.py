"""blacklist_removals - ``responder blacklist request-removal`` and ``review``: who asks to go, and who decides."""

from pathlib import Path

import click
import sqlalchemy as sa

from responder.blacklist import removals, subjects
from responder.blacklist.values import Subject
from responder.cli.blacklist_store import by_option, reading, subject_argument, writing
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.times import format_time


@click.command("request-removal")
@subject_argument
@click.option("--by", required=True, metavar="WHO", help="Who asks.")
@click.option("--contact", default="", metavar="HOW", help="Where an answer reaches him.")
@click.option("--text", default="", metavar="TEXT", help="What he says.")
@as_json
@config_option
def request_removal(*, subject: Subject, by: str, contact: str, text: str, as_json: bool, config: Path | None) -> None:
    """Ask that SUBJECT be taken out; nothing happens before a moderator has decided (`responder blacklist review`).

    \b
    responder blacklist request-removal 192.0.2.7 --by Pat --contact pat@example.org --text "cleaned up"
    """
    with writing(config) as turn:
        number = removals.request(turn.connection, subject, turn.now, requester=by, contact=contact, text=text)
    if as_json:
        print_json({"number": number, "subject": subject.value, "state": "open"})
    else:
        say(f"request no. {number}: a moderator will decide")


@click.group(invoke_without_command=True)
@as_json
@config_option
@click.pass_context
def review(ctx: click.Context, *, as_json: bool, config: Path | None) -> None:
    """List the requests for removal that wait for a moderator; or decide one.

    \b
    responder blacklist review
    responder blacklist review grant 7 --why "the owner has changed"
    responder blacklist review refuse 7 --why "still spamming"
    """
    if ctx.invoked_subcommand:
        return
    with reading(config) as turn:
        waiting = list(removals.waiting(turn.connection))
        numbers = subjects.numbers(turn.connection, [one.subject for one in waiting])
        found = [
            {
                "number": one.id,
                "subject": one.subject.value,
                "asked": format_time(one.time),
                "by": one.requester,
                "contact": one.contact,
                "text": one.text,
                "refused_before": _refused(turn.connection, numbers[one.subject]),
            }
            for one in waiting
        ]
    if as_json:
        print_json(found)
    else:
        table(
            ("NO.", "SUBJECT", "ASKED", "BY", "CONTACT", "TEXT", "REFUSED BEFORE"),
            (tuple(row.values()) for row in found),
        )


@review.command()
@click.argument("number", type=int)
@click.option("--why", required=True, metavar="TEXT", help="For whoever asks later.")
@by_option
@config_option
def grant(*, number: int, why: str, by: str, config: Path | None) -> None:
    """Take out what request NUMBER is about, now; what was reported before counts no more."""
    _decide(number, why, by, config, granted=True)


@review.command()
@click.argument("number", type=int)
@click.option("--why", required=True, metavar="TEXT", help="For whoever asks later.")
@by_option
@config_option
def refuse(*, number: int, why: str, by: str, config: Path | None) -> None:
    """Leave what request NUMBER is about where it is; new reports about it weigh more from now on."""
    _decide(number, why, by, config, granted=False)


def _refused(connection: sa.Connection, number: int) -> int:
    """Return how often a removal of subject *number* was refused."""
    return sum(past.state == "refused" for past in removals.about(connection, number))


def _decide(number: int, why: str, by: str, config: Path | None, *, granted: bool) -> None:
    with writing(config) as turn:
        found = removals.review(turn.connection, number, why, turn.scoring, turn.now, granted=granted, actor=by)
    say(f"{found.subject.value}: {found.state}")

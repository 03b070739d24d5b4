"""blacklist_allow - ``responder blacklist allow``, ``disallow`` and ``allowed``: what is never listed."""

from pathlib import Path

import click

from responder.blacklist import allowing, allowlist
from responder.blacklist.values import Subject
from responder.cli.blacklist_store import by_option, reading, subject_argument, writing
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.times import format_time


@click.command()
@subject_argument
@click.option("--why", required=True, metavar="TEXT", help="For whoever asks later.")
@by_option
@config_option
def allow(*, subject: Subject, why: str, by: str, config: Path | None) -> None:
    """Never list SUBJECT: a network with all inside it, a domain with its subdomains, e-mail addresses and URLs.

    \b
    responder blacklist allow 192.0.2.0/28 --why "our customers' mail servers"
    """
    with writing(config) as turn:
        new = allowing.allow(turn.connection, subject, why, turn.scoring, turn.now, actor=by)
    say(f"{subject.value} is {'never listed' if new else 'on the allowlist already'}")


@click.command()
@subject_argument
@by_option
@config_option
def disallow(*, subject: Subject, by: str, config: Path | None) -> None:
    """Take SUBJECT off the allowlist again; exits with 1 where it was not on it."""
    with writing(config) as turn:
        gone = allowing.disallow(turn.connection, subject, turn.scoring, turn.now, actor=by)
    say(f"{subject.value} may be listed again" if gone else f"{subject.value} is not on the allowlist")
    if not gone:
        raise SystemExit(1)


@click.command()
@as_json
@config_option
def allowed(*, as_json: bool, config: Path | None) -> None:
    """List what is never listed, and on whose word; private and reserved addresses go without saying."""
    with reading(config) as turn:
        found = [
            {
                "subject": one.subject.value,
                "kind": one.subject.kind.value,
                "why": one.why,
                "by": one.allowed_by,
                "since": format_time(one.time),
            }
            for one in allowlist.exclusions(turn.connection)
        ]
    if as_json:
        print_json(found)
    else:
        table(("ALLOWED", "KIND", "WHY", "BY", "SINCE"), (tuple(row.values()) for row in found))

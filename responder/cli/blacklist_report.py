"""blacklist_report - ``responder blacklist report`` and ``vote``: what people say about a subject."""

from datetime import UTC, datetime
from pathlib import Path

import click

from responder.blacklist import votes
from responder.blacklist.lookup import lookup
from responder.blacklist.reports import report_many
from responder.blacklist.values import Report, Subject
from responder.cli.blacklist_store import Turn, entry_message, reporter_option, subject_argument, writing
from responder.cli.output import as_json, config_option, print_json, say
from responder.times import DAY


@click.command()
@subject_argument
@reporter_option
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="When it happened (UTC).  [default: today]")
@click.option("--category", default="", metavar="C", help="What kind of wrong: spam, phishing, login, ...")
@click.option("--evidence", default="", metavar="TEXT", help="A log line, or why you say so.")
@as_json
@config_option
def report(
    *,
    subject: Subject,
    reporter: str,
    day: datetime | None,
    category: str,
    evidence: str,
    as_json: bool,
    config: Path | None,
) -> None:
    """Say that SUBJECT did wrong: an address, network, e-mail address, domain or URL.

    A reporter counts once a day about a subject; it is listed when enough different reporters have reported it on as
    many different days.  Exits with 1 where the report was there already.

    \b
    responder blacklist report 192.0.2.7 --reporter koko --category spam
    responder blacklist report https://example.org/login --reporter koko --day 2026-11-23 --category phishing
    """
    with writing(config) as turn:
        # The middle of a day that is over, so that no time zone makes another day of it.
        at = min(day.replace(tzinfo=UTC).timestamp() + DAY / 2, turn.now) if day else turn.now
        if day and day.replace(tzinfo=UTC).timestamp() > turn.now:
            raise ValueError(f"{day:%Y-%m-%d} is yet to come; give the day on which it happened")
        made = Report(subject, reporter, at, category, evidence)
        new = report_many(turn.connection, [made], turn.scoring, turn.now) > 0
        _tell(turn, subject, "" if new else f"{reporter} reported {subject.value} on that day already", as_json=as_json)
    if not new:
        raise SystemExit(1)


@click.command()
@subject_argument
@reporter_option
@click.option("--for", "in_favour", is_flag=True, help="It should be listed.")
@click.option("--against", is_flag=True, help="It should not.")
@as_json
@config_option
def vote(
    *, subject: Subject, reporter: str, in_favour: bool, against: bool, as_json: bool, config: Path | None
) -> None:
    """Vote for or against the listing of SUBJECT; a reporter's last vote counts.

    A vote alone lists nobody: that takes reports.

    \b
    responder blacklist vote 192.0.2.7 --reporter koko --against
    """
    if in_favour == against:
        raise click.UsageError("say either --for or --against")
    with writing(config) as turn:
        votes.vote(turn.connection, subject, reporter, turn.scoring, turn.now, against=against)
        _tell(turn, subject, "", as_json=as_json)


def _tell(turn: Turn, subject: Subject, problem: str, *, as_json: bool) -> None:
    answer = lookup(turn.connection, subject, turn.now)
    if as_json:
        listings = [entry_message(entry) for entry in answer.entries]
        print_json({"subject": subject.value, "new": not problem, "listed": answer.listed, "listings": listings})
    elif problem:
        say(problem)
    elif answer.allowed:
        say(f"{subject.value} is on the allowlist ({answer.allowed.why}) and is not listed")
    elif answer.entries:
        say(f"{subject.value} is listed: {answer.entries[0].reason}")
    else:
        say(f"{subject.value} is not listed yet")

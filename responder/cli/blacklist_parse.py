"""blacklist_parse - ``responder blacklist parse``: what a reported mail gives reason to list."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from responder import config as configuration
from responder.blacklist import proposals as waiting
from responder.blacklist.mail import exempt, pasted, proposals
from responder.blacklist.mail.border import Border, Trusted
from responder.blacklist.mail.proposals import Findings, Reading
from responder.blacklist.mail.received import Hop
from responder.blacklist.values import Report
from responder.cli.blacklist_store import writing
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.config import Settings
from responder.errors import UsageError
from responder.whereabouts import find


@click.command()
@click.argument("mail", type=click.File("rb"), default="-", metavar="[MAIL|-]")
@click.option(
    "--propose/--dry-run", "queue", default=True, help="Queue what is found for moderation (default), or only show it."
)
@click.option("--reporter", default="", metavar="NAME", help="Who reports the mail.")
@click.option("--category", default="", metavar="C", help="What it is.  [default: what a report in it says, else spam]")
@as_json
@config_option
@click.pass_context
def parse(
    ctx: click.Context,
    mail: BinaryIO,
    *,
    queue: bool,
    reporter: str,
    category: str,
    as_json: bool,
    config: Path | None,
) -> None:
    """Read a mail, piped or pasted, and propose whom and what to list.

    Only the address from which one of your own servers (trusted in [blacklist]) took the mail is proposed as seen;
    all else is what somebody claims.  Ends with 1 where there is nothing to propose.

    \b
    responder blacklist parse --dry-run spam.eml
    responder blacklist parse --reporter alice --category phishing < spam.eml
    formail -s responder blacklist parse --reporter alice - < spam.mbox
    """
    found = proposals.read(mail.read(pasted.LARGEST + 1), reading(configuration.load(find(config)).settings))
    category = category or found.category or "spam"
    queued = hand_to_moderation(found, reporter, category, config) if queue and found.proposals else 0
    if as_json:
        print_json({"category": category, "time": _when(found.time), "queued": queued, **_message(found)})
    else:
        _show(found)
        if queued:
            click.echo(f"{queued} proposals wait for a moderator")
    ctx.exit(0 if found.proposals else 1)


def hand_to_moderation(found: Findings, reporter: str, category: str, config: Path | None) -> int:
    """Queue the proposals of *found*, which *reporter* makes, for moderation; return how many are new."""
    if not reporter:
        raise UsageError("nobody is named who reports the mail; add --reporter NAME, or --dry-run")
    with writing(config) as turn:
        batch = [
            Report(one.subject, reporter, turn.now, category, f"{one.trust}: {one.why}: {one.evidence}")
            for one in found.proposals
        ]
        return waiting.propose(turn.connection, batch, turn.now, actor=reporter)


def reading(settings: Settings) -> Reading:
    """Return how *settings* have mails judged."""
    trusted = Trusted.parse(settings.blacklist.trusted)
    spared = exempt.Exempt(
        (*settings.allow.networks, *trusted.networks),
        exempt.names((*settings.blacklist.own, *settings.allow.hosts)),
        exempt.names(settings.blacklist.well_known),
    )
    return Reading(trusted, spared)


def _message(found: Findings) -> dict[str, Any]:
    return {
        "proposals": [
            {
                "kind": proposal.subject.kind,
                "value": proposal.subject.value,
                "trust": proposal.trust,
                "why": proposal.why,
                "evidence": proposal.evidence,
            }
            for proposal in found.proposals
        ],
        "hops": [_hop(hop, _standing(found.border, number)) for number, hop in enumerate(found.hops)],
        "notes": list(found.notes),
    }


def _hop(hop: Hop, standing: str) -> dict[str, Any]:
    return {
        "standing": standing,
        "address": str(hop.address) if hop.address else None,
        "helo": hop.helo,
        "rdns": hop.rdns,
        "by": hop.by,
        "protocol": hop.protocol,
        "time": _when(hop.time),
        "line": hop.line,
    }


def _when(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat() if at is not None else None


def _standing(border: Border, number: int) -> str:
    if number == border.seen:
        return "seen"
    return "believed" if number < border.believed else "unconfirmed"


def _show(found: Findings) -> None:
    if found.hops:
        rows = [
            (_standing(found.border, n), hop.address or "-", hop.by or "-", hop.helo)
            for n, hop in enumerate(found.hops)
        ]
        table(("received", "from", "by", "said it was"), rows)
        click.echo()
    if found.proposals:
        columns = ("kind", "proposed", "trust", "why")
        table(columns, [(p.subject.kind, p.subject.value, p.trust, p.why) for p in found.proposals])
    else:
        click.echo("there is nothing to propose")
    if found.category or found.time is not None:
        click.echo(f"reported as {found.category or 'something'}, at {_when(found.time) or 'an unknown time'}")
    for note in found.notes:
        say(f"note: {note}")

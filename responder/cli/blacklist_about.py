"""blacklist_about - what the blacklist knows of a subject, as ``blacklist show`` and ``explain`` tell it."""

import threading
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from responder import config as configuration
from responder import databases
from responder.blacklist import removals, reports, subjects
from responder.blacklist.lookup import lookup
from responder.blacklist.values import Subject
from responder.cli.blacklist_store import connected, entry_message
from responder.cli.output import say
from responder.errors import ResponderError
from responder.times import format_time
from responder.whereabouts import find

_RECENT = 10
_PATIENCE = 3.0  # seconds

Told = dict[str, Any]


def about(connection: sa.Connection, subject: Subject, now: float, *also: Subject) -> Told:
    """Return what covers *subject*, and what was reported of and asked for it; of *also* that, too."""
    answer = lookup(connection, subject, now)
    known = subjects.numbers(connection, [subject, *also]).values()
    reported = [one for number in known for one in reports.of(connection, number, _RECENT)]
    return {
        "subject": subject.value,
        "kind": subject.kind.value,
        "listed": answer.listed,
        "allowed": answer.allowed and {"by": answer.allowed.subject.value, "why": answer.allowed.why},
        "listings": [entry_message(entry) for entry in answer.entries],
        "reports": [
            {**report._asdict(), "time": format_time(report.time)}
            for report in sorted(reported, key=lambda report: -report.time)[:_RECENT]
        ],
        "removals": [
            {"number": one.id, "state": one.state, "requester": one.requester, "text": one.text, "why": one.why or ""}
            for number in known
            for one in removals.about(connection, number)
        ],
    }


def show(told: Told) -> None:
    """Print it for a person."""
    say(f"{told['subject']} is {'listed' if told['listed'] else 'not listed'}")
    if told["allowed"]:
        say(f"  allowed with {told['allowed']['by']}: {told['allowed']['why']}")
    for one in told["listings"]:
        say(f"  {one['subject']}: {one['level']}, score {one['score']:g}, since {one['since']}, until {one['until']}")
        say(f"    {one['category'] and one['category'] + ': '}{one['reason']}")
    for one in told["removals"]:
        say(f"  removal no. {one['number']}, asked for by {one['requester']}: {one['state']}  {one['why']}")
    if told["reports"]:
        say("\nLatest reports:")
    for one in told["reports"]:
        say(f"  {one['time']}  {one['reporter']}  {one['category']}  {one['evidence']}")


def asked(config: Path | None, subject: Subject, *also: Subject) -> Told | None:
    """Return what the blacklist of *config* knows of *subject*, and what of *also* was reported, or why it cannot say.

    None where there is no blacklist.  It is waited for no longer than a person would.
    """
    loaded = configuration.load(find(config))
    if not loaded.settings.blacklist.url:
        return None
    answers: list[Told] = []

    def ask() -> None:
        try:
            with connected(loaded) as engine, databases.reading(engine) as connection:
                answers.append(about(connection, subject, time.time(), *also))
        except ResponderError as error:
            answers.append({"error": str(error)})

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_PATIENCE)
    return answers[0] if answers else {"error": f"the blacklist has not answered within {_PATIENCE:g} s"}


def say_asked(told: Told) -> None:
    """Say what `asked` returned."""
    if "error" in told:
        say(f"it cannot be asked: {told['error']}")
    else:
        show(told)

"""blacklist_show - ``responder blacklist show``, ``list`` and ``history``: what is listed, and why."""

from pathlib import Path

import click

from responder.blacklist import audit, entries, reports, subjects
from responder.blacklist.values import Kind, Level, Subject
from responder.cli import blacklist_about
from responder.cli.blacklist_store import entry_message, level_option, reading, subject_argument
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.times import format_time


@click.command()
@subject_argument
@as_json
@config_option
def show(*, subject: Subject, as_json: bool, config: Path | None) -> None:
    """Say whether SUBJECT is listed, itself or with what holds it, since when, until when and why.

    Exits with 1 where it is not.

    \b
    responder blacklist show 192.0.2.7
    responder blacklist show https://www.example.org/login --json
    """
    with reading(config) as (connection, _, now):
        told = blacklist_about.about(connection, subject, now)
    if as_json:
        print_json(told)
    else:
        blacklist_about.show(told)
    if not told["listed"]:
        raise SystemExit(1)


@click.command("list")
@level_option
@click.option("--kind", "kinds", type=click.Choice([kind.value for kind in Kind]), multiple=True, help="Only of these.")
@as_json
@config_option
def list_entries(*, level: Level, kinds: tuple[str, ...], as_json: bool, config: Path | None) -> None:
    """List what is listed now, as it lies in address space, names after that.

    \b
    responder blacklist list --level strict --kind address --kind network
    """
    wanted = [Kind(kind) for kind in kinds] or list(Kind)
    with reading(config) as (connection, _, now):
        found = [entry_message(entry) for entry in entries.entries(connection, level, now, wanted)]
    if as_json:
        print_json(found)
        return
    columns = ("subject", "level", "score", "since", "until", "category", "reason")
    table([column.upper() for column in columns], ([entry[column] for column in columns] for entry in found))
    say(f"{len(found)} listed")


@click.command()
@subject_argument
@as_json
@config_option
def history(*, subject: Subject, as_json: bool, config: Path | None) -> None:
    """Tell all that was ever said and done about SUBJECT, oldest first: reports, votes, listings, decisions.

    \b
    responder blacklist history 192.0.2.7
    """
    with reading(config) as (connection, *_):
        number = subjects.numbers(connection, [subject]).get(subject, 0)
        said = [
            (one.time, one.reporter, "report", " ".join(filter(None, (one.category, one.evidence))))
            for one in reports.of(connection, number)
        ]
        done = [(deed.time, deed.actor, deed.action, deed.detail) for deed in audit.history(connection, subject.value)]
    # The reports of an instant come before what followed from them.
    told = sorted([*said, *done], key=lambda deed: (deed[0], deed[2] != "report"))
    columns = ("time", "actor", "action", "detail")
    rows = [dict(zip(columns, (format_time(at), *rest), strict=True)) for at, *rest in told]
    if as_json:
        print_json(rows)
    else:
        table([column.upper() for column in columns], (tuple(row.values()) for row in rows))

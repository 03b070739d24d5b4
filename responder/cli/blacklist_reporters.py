"""blacklist_reporters - ``responder blacklist reporter`` and ``group``: who may report, and what that weighs."""

import getpass
from pathlib import Path

import click

from responder.blacklist import reporters
from responder.blacklist.reporters import Group
from responder.cli.blacklist_store import reading, writing
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.times import format_time


@click.group()
def reporter() -> None:
    """Say who may report, and list them."""


@reporter.command("add")
@click.argument("name")
@click.option("--group", required=True, metavar="G", help="host, person, postmaster, or a group of your own.")
@config_option
def add_reporter(*, name: str, group: str, config: Path | None) -> None:
    """Let NAME report with the weight of a group; or move it to another one.

    \b
    responder blacklist reporter add koko --group person
    """
    with writing(config) as turn:
        changed = reporters.add(turn.connection, name, group, actor=getpass.getuser(), now=turn.now)
    say(f"{name} is{'' if changed else ' already'} of group {group}")


@reporter.command("list")
@as_json
@config_option
def list_reporters(*, as_json: bool, config: Path | None) -> None:
    """List who may report."""
    with reading(config) as turn:
        found = [{**one._asdict(), "added": format_time(one.added)} for one in reporters.all_reporters(turn.connection)]
    if as_json:
        print_json(found)
    else:
        table(("REPORTER", "GROUP", "WEIGHT", "ADDED"), (tuple(row.values()) for row in found))


@click.group()
def group() -> None:
    """Say what the reporters of a group weigh, and list the groups."""


@group.command("set")
@click.argument("name")
@click.argument("weight", type=click.FloatRange(0, 1000))
@config_option
def set_group(*, name: str, weight: float, config: Path | None) -> None:
    """Make group NAME, or give it another WEIGHT: how much a report of one of it adds to a score.

    With weight 0 its reporters count nowhere.

    \b
    responder blacklist group set partners 0.5
    """
    with writing(config) as turn:
        reporters.set_group(turn.connection, Group(name, weight), actor=getpass.getuser(), now=turn.now)
    say(f"{name} weighs {weight:g}; `responder blacklist score` applies that to what was reported before")


@group.command("list")
@as_json
@config_option
def list_groups(*, as_json: bool, config: Path | None) -> None:
    """List the groups."""
    with reading(config) as turn:
        found = [one._asdict() for one in reporters.all_groups(turn.connection)]
    if as_json:
        print_json(found)
    else:
        table(("GROUP", "WEIGHT"), (tuple(row.values()) for row in found))

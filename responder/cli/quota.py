"""quota - ``responder quota``: who sends how much, and who may.

Works on the database of quotas itself; a running policy service follows within two seconds.
"""

import getpass
from pathlib import Path

import click

from responder import databases
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.cli.quotas import amount, anything, known, opened, tell, usage
from responder.errors import UsageError
from responder.limits import Allowance
from responder.quota import decided, keys, reports
from responder.quota.standing import Suspension
from responder.times import format_time, parse_duration


def _duration(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    try:
        return None if text is None else parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


quota_option = click.option("--quota", "name", default="", help="Only under this quota.  [default: all]")


@click.group()
def quota() -> None:
    """Show and change who may send how much."""


@quota.command()
@click.option("--window", callback=_duration, help="Only limits over this span, as in 1h.")
@click.option("--count", default=20, show_default=True, type=click.IntRange(1), help="How many to show.")
@as_json
@config_option
def top(window: float | None, count: int, as_json: bool, config: Path | None) -> None:
    """List who has used most of his limits."""
    with opened(config) as books:
        names = reports.most(books.engine, books.quotas, books.now, window)[:count]
    if as_json:
        print_json([usage(one) | {"suspended": suspended} for one, suspended in names])
        return
    table(
        ("QUOTA", "KEY", "USED", "LIMIT", "%", "SUSPENDED"),
        (
            (one.quota, one.key, amount(one), one.part.limit, round(100 * one.share), "yes" if suspended else "-")
            for one, suspended in names
        ),
    )


@quota.command()
@click.argument("key")
@as_json
@config_option
def show(key: str, as_json: bool, config: Path | None) -> None:
    """Tell what KEY (a sender, domain, SASL user or address) has used, may use, and whether it is suspended.

    Exits with 1 where nothing is known about it.
    """
    with opened(config) as books:
        answer = known(books, keys.canonical(key))
    if as_json:
        print_json(answer)
    else:
        tell(answer)
    if not anything(answer):
        raise SystemExit(1)


@quota.command("set")
@click.argument("key")
@click.argument("limits", nargs=-1, required=True)
@quota_option
@as_json
@config_option
def set_limits(*, key: str, limits: tuple[str, ...], name: str, as_json: bool, config: Path | None) -> None:
    """Give KEY limits of its own: unlimited, blocked, or default for what the settings say.

    \b
    responder quota set shop.example "5000 messages per 1d" "100 messages per 1m"
    responder quota set news@shop.example unlimited
    """
    canonical = keys.canonical(key)
    default = [text.strip() for text in limits] == ["default"]
    try:
        allowance = None if default else Allowance.parse(limits)
    except ValueError as error:
        raise UsageError(str(error)) from None
    with opened(config) as books, databases.transaction(books.engine) as connection:
        under = books.named(name)
        if allowance:
            decided.override(connection, under, canonical, allowance, since=books.now, by=getpass.getuser())
        else:
            decided.drop_override(connection, under, canonical)
    texts = allowance.texts() if allowance else ["default"]
    if as_json:
        print_json({"key": canonical, "quota": under, "limits": texts})
    else:
        say(f"{canonical}: {', '.join(texts)}")


@quota.command()
@click.argument("key")
@click.option("--for", "seconds", callback=_duration, help="How long: 1h, 7d.  [default: until resumed]")
@click.option("--reason", default="", help="Why, for whoever asks later.")
@as_json
@config_option
def suspend(*, key: str, seconds: float | None, reason: str, as_json: bool, config: Path | None) -> None:
    """Let KEY (a sender, domain, SASL user or client) send nothing for a time, or until resumed."""
    canonical, by = keys.canonical(key), getpass.getuser()
    with opened(config) as books, databases.transaction(books.engine) as connection:
        until = None if seconds is None else books.now + seconds
        decided.suspend(connection, Suspension("", canonical, books.now, until, reason or f"by hand, by {by}", by))
    when = None if until is None else format_time(until)
    if as_json:
        print_json({"key": canonical, "until": when})
    else:
        say(f"{canonical} is suspended until {when or 'resumed'}")


@quota.command()
@click.argument("key")
@as_json
@config_option
def resume(key: str, as_json: bool, config: Path | None) -> None:
    """Let KEY send again, whoever or whatever suspended it.

    Exits with 1 where it was not suspended.
    """
    canonical = keys.canonical(key)
    with opened(config) as books, databases.transaction(books.engine) as connection:
        count = decided.resume(connection, canonical)
    if as_json:
        print_json({"key": canonical, "resumed": count})
    else:
        say(f"{canonical} may send again" if count else f"{canonical} was not suspended")
    if not count:
        raise SystemExit(1)

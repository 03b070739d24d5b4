"""bans - ``responder bans``, ``ban`` and ``unban``."""

import getpass
from collections.abc import Mapping
from pathlib import Path

import click

from responder.cli.output import as_json, ask, config_option, print_json, say, stopped, stopped_from, table
from responder.errors import UsageError
from responder.times import format_duration, parse_duration


def _duration(_ctx: click.Context, _param: click.Parameter, text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@as_json
@config_option
def bans(as_json: bool, config: Path | None) -> None:
    """List the bans in force, the ones that end first on top."""
    answer = ask(config, "bans")
    found = answer["bans"]
    if as_json:
        print_json(found)
        return
    table(
        ("ADDRESS", "FROM", "ENDS IN", "UNTIL", "PACKETS", "BYTES", "LAST", "NO.", "POLICY", "WHY"),
        (
            (
                ban["prefix"],
                stopped_from(ban["scope"]),
                format_duration(ban["seconds_left"]),
                ban["expires"],
                *stopped(ban),
                ban["nth"],
                ban["policy"],
                ban["reason"],
            )
            for ban in found
        ),
    )
    say(f"{len(found)} banned")
    if answer["kernel_error"]:
        say(f"what was stopped is not known: {answer['kernel_error']}")


@click.command()
@click.argument("address")
@click.option(
    "--for", "seconds", default="1d", show_default=True, callback=_duration, help="How long: 90s, 10m, 1h, 7d."
)
@click.option("--ports", default="", help="Only from these, as in smtp,587,53/udp.  [default: from everything]")
@click.option("--verdict", type=click.Choice(["drop", "reject"]), default="drop", show_default=True)
@click.option("--reason", default="", help="Why, for whoever asks later.")
@as_json
@config_option
def ban(
    *, address: str, seconds: float, ports: str, verdict: str, reason: str, as_json: bool, config: Path | None
) -> None:
    """Ban ADDRESS, an address or a network such as 192.0.2.0/24 or 2001:db8::/64.

    A ban that lasts longer is not shortened: unban first.

    \b
    responder ban 192.0.2.7 --for 1h --reason "abuse report of 3 May"
    responder ban 192.0.2.0/24 --ports smtp,submission --verdict reject
    """
    why = reason or f"by hand, by {getpass.getuser()}"
    listed = [port.strip() for port in ports.split(",") if port.strip()]
    answer = ask(config, "ban", address=address, seconds=seconds, ports=listed, verdict=verdict, reason=why)
    if as_json:
        print_json(answer)
    else:
        say(f"{answer['prefix']} is banned until {answer['expires']}")
        for prefix in answer["still_allowed"]:
            say(f"  but {prefix} inside it is on the allowlist and stays allowed")
    not_there_yet(answer)


@click.command()
@click.argument("address")
@as_json
@config_option
def unban(address: str, as_json: bool, config: Path | None) -> None:
    """End every ban of ADDRESS (an address or network, as `responder bans` shows it), at once.

    Exits with 1 where there was none.
    """
    answer = ask(config, "unban", address=address, by=getpass.getuser())
    if as_json:
        print_json(answer)
    elif answer["lifted"]:
        say(f"{answer['lifted'][0]['prefix']} is free")
    else:
        say(answer["note"])
    if not answer["lifted"]:
        raise SystemExit(1)
    not_there_yet(answer)


def not_there_yet(answer: Mapping[str, object]) -> None:
    """Raise UsageError where the kernel or the disk does not have yet what *answer* tells of."""
    if not answer["enforced"]:
        raise UsageError(f"the kernel does not know yet: {answer['firewall_error']}; it is told as soon as it can be")
    if not answer["stored"]:
        raise UsageError("the disk does not have it yet; see `responder status`")

"""explain - ``responder explain``: everything that is known about an address."""

from pathlib import Path
from typing import Any

import click

from responder.cli import sending
from responder.cli.output import as_json, ask, config_option, print_json, say, say_offences, stopped, stopped_from
from responder.values import Prefix


@click.command()
@click.argument("address", metavar="ADDRESS|SENDER")
@click.option("--most", default=50, show_default=True, help="How many offences and bans to show.")
@as_json
@config_option
def explain(address: str, most: int, as_json: bool, config: Path | None) -> None:
    """Tell why ADDRESS is or is not banned: every offence with its line, every ban, what the kernel holds.

    With a blacklist in the settings, also its listings, the latest reports and requests for removal.
    Of a sender (an e-mail address, a domain, a SASL user) tell what quotas say (used, refused, suspended and by whom),
    what the blacklist says, and each line that the policy service's offences have about it.
    """
    if sending.is_sender(address):
        sending.explain(config, address, most, as_json=as_json)
        return
    answer = ask(config, "explain", address=address, most=most)
    answer["blacklist"] = _blacklist(answer["address"], config)
    answer["quota"] = sending.of_client(config, address)
    if as_json:
        print_json(answer)
        return
    say(f"{answer['address']} {_verdict(answer)}")
    _kernel(answer)
    if answer["windows"]:
        say("\nCounted now:")
        for window in answer["windows"]:
            hits = f"{window['hits']} of {window['limit']} within {window['within']}"
            say(f"  {window['policy']}: {hits}, the last at {window['last']}")
    say(f"\nBans ({len(answer['bans'])}):")
    for ban in answer["bans"]:
        scope = "" if ban["scope"] == "drop" else f" from {stopped_from(ban['scope'])}"
        say(f"  {ban['start']} to {ban['expires']}  {ban['prefix']}{scope}, no. {ban['nth']}, {ban['state']}")
        say(f"      {ban['reason']}")
    say(f"\nOffences ({len(answer['offences'])}, oldest first):")
    say_offences(answer["offences"])
    if answer["blacklist"]:
        say("\nOn the blacklist:")
        _listed(answer["blacklist"])
    if answer["quota"]:
        say("\nAs a client, under quotas:")
        sending.tell(answer["quota"])


def _blacklist(address: str, config: Path | None) -> dict[str, Any] | None:
    from responder.blacklist import subject  # noqa: PLC0415 - 300 ms; help need not wait for it
    from responder.cli.blacklist_about import asked  # noqa: PLC0415

    # Reports are about the network that is banned; an IPv6 host changes its address at will inside its /64.
    prefix = Prefix.parse(address)
    return asked(config, subject.of(prefix), subject.of(prefix.widen(32, 64)))


def _listed(told: dict[str, Any]) -> None:
    from responder.cli.blacklist_about import say_asked  # noqa: PLC0415

    say_asked(told)


def _verdict(answer: dict[str, Any]) -> str:
    if answer["allowed"]:
        return f"is never banned: {answer['allowed']['prefix']} is allowed ({answer['allowed']['why']})"
    if not answer["in_force"]:
        return "is not banned"
    bans = answer["in_force"]
    return "is banned: " + "; ".join(f"{ban['prefix']} until {ban['expires']}, {ban['reason']}" for ban in bans)


def _kernel(answer: dict[str, Any]) -> None:
    if answer["kernel"] is None:
        say(f"The firewall cannot be asked: {answer['kernel_error']}")
    elif answer["kernel"]:
        for row in answer["kernel"]:
            packets, size, last = stopped(row)
            say(f"The firewall stops {row['prefix']} from {stopped_from(row['scope'])} until {row['expires']}")
            say(f"    {packets} packets stopped, {size}, the last {last}")
    else:
        say("The firewall does not stop it")

"""safety - ``responder panic`` and ``responder confirm``: what to say when bans go wrong, or went well."""

import getpass
import time
from pathlib import Path

import click

from responder import whereabouts
from responder.cli.clearing import clear
from responder.cli.output import as_json, ask, config_option, print_json, say
from responder.control import client
from responder.daemon.marker import Marker
from responder.daemon.panic import marker
from responder.errors import FirewallError, StoreError, UsageError
from responder.framing import Message


@click.command()
@click.option("--resume", is_flag=True, help="End the panic: ban offenders again.")
@as_json
@config_option
def panic(*, resume: bool, as_json: bool, config: Path | None) -> None:
    """Lift all bans at once, and ban nobody until `responder panic --resume`.

    It holds across restarts.  Works without a daemon too, which then starts in
    panic.  Offences are counted meanwhile: who goes on is banned after it.
    """
    if resume:
        _resume(config, as_json=as_json)
        return
    try:
        answer = ask(config, "panic", by=getpass.getuser())
    except client.UnreachableError as error:
        answer = _alone(config, error)
    if as_json:
        print_json(answer)
    else:
        say("nobody is banned, and nobody will be until you say: responder panic --resume")
    if answer["firewall_error"]:
        raise FirewallError(f"{answer['firewall_error']}; bans that the kernel holds end as it works again, or on time")
    if not answer["stored"]:
        raise StoreError(f"{answer['problem']}; the daemon must not be restarted before that is mended")


def _alone(config: Path | None, why: client.UnreachableError) -> Message:
    """Do what the daemon would, as far as it can be done without it."""
    _marker(config).write({"since": time.time(), "by": getpass.getuser()})
    clear(config, why)
    return {"lifted": None, "stored": True, "problem": "", "firewall_error": ""}


def _resume(config: Path | None, *, as_json: bool) -> None:
    try:
        answer = ask(config, "resume", by=getpass.getuser())
    except client.UnreachableError:
        standing = _marker(config)
        if standing.read() is None:
            raise UsageError("there is no panic to end") from None
        standing.remove()
        answer = {"resumed": True}
    if as_json:
        print_json(answer)
    else:
        say("the panic is over: offenders are banned again")


def _marker(config: Path | None) -> Marker:
    return marker(whereabouts.state_folder(whereabouts.find(config)))


@click.command()
@as_json
@config_option
def confirm(as_json: bool, config: Path | None) -> None:
    """Say that you can still get in: what `responder run --trial` banned stays, and it goes on."""
    answer = ask(config, "confirm", by=getpass.getuser())
    if as_json:
        print_json(answer)
    else:
        say(f"confirmed: {answer['bans']} bans stay as long as they should, and the daemon goes on")

"""notify - ``responder notify``: whether what a [[notify]] says reaches somebody."""

import socket
import time
from pathlib import Path

import click

from responder import config as configuration
from responder.cli.output import as_json, config_option, print_json, say
from responder.errors import ResponderError, UsageError
from responder.values import Ban, Prefix, Scope
from responder.whereabouts import find


@click.group()
def notify() -> None:
    """Try out the notices of the settings."""


@notify.command()
@click.argument("name")
@as_json
@config_option
def test(name: str, as_json: bool, config: Path | None) -> None:
    """Send a sample, a ban of 192.0.2.7, to the [[notify]] called NAME; exits with 64 where it fails."""
    from responder.notices.couriers import of_ban, sender  # noqa: PLC0415 - help need not wait for it
    from responder.notices.notice import SendError  # noqa: PLC0415

    known = {one.name: one for one in configuration.load(find(config)).settings.notify}
    if name not in known:
        raise UsageError(f"there is no [[notify]] called {name!r}; there are {', '.join(known) or 'none'}")
    now = time.time()
    ban = Ban(Prefix.parse("192.0.2.7"), Scope(), "sample", "sample", now, now + 3600, 1, "a sample: nobody was banned")
    try:
        sender(known[name])(of_ban(ban, socket.gethostname()))
    except SendError as error:
        raise ResponderError(f"{name}: {error}") from None
    if as_json:
        print_json({"sent": name})
    else:
        say(f"sent to {name}")

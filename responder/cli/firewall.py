"""firewall - ``responder firewall``: the actor itself, and the way back."""

import os
import pwd
import time
from pathlib import Path
from typing import Any

import click

from responder.cli.clearing import clear, kernels
from responder.cli.output import as_json, config_option, control_path, print_json, say, stopped, stopped_from, table
from responder.control import client
from responder.enforce.choice import BACKENDS
from responder.errors import FirewallError
from responder.framing import Message
from responder.times import format_time


@click.group(invoke_without_command=True)
@click.option("--fd", type=int, help="Serve the daemon at this descriptor (the daemon starts us so).")
@click.option("--socket", "path", type=click.Path(path_type=Path), help="Listen here for the daemon.")
@click.option("--user", "users", multiple=True, help="A user who may connect, beside root.  [default: our own]")
@click.option("--backend", type=click.Choice(BACKENDS), default="auto", show_default=True)
@click.pass_context
def firewall(ctx: click.Context, fd: int | None, path: Path | None, users: tuple[str, ...], backend: str) -> None:
    """Run the firewall actor, the one process that changes the kernel's rules.

    `responder run` starts it by itself unless firewall.socket names another.
    Without --socket it listens on the one that systemd hands over.  It needs
    CAP_NET_ADMIN and keeps nothing else.
    """
    if ctx.invoked_subcommand:
        return
    from responder.enforce import process  # noqa: PLC0415 - `flush` may not need it

    allowed = frozenset((0, *map(_user, users))) if users else process.own_users()
    if fd is not None:
        process.serve_inherited(fd, backend)
    elif path is not None:
        process.serve_socket(path, backend, allowed)
    elif "LISTEN_FDS" in os.environ:
        process.serve_handed(backend, allowed)
    else:
        raise click.UsageError("name a --socket to listen on, or say `responder firewall flush`")


@firewall.command()
@as_json
@config_option
def flush(as_json: bool, config: Path | None) -> None:
    """End all bans and remove every rule of ours from the kernel.

    Where no daemon runs, only the kernel is cleared: bans that are still in
    force in the state store come back with the daemon.
    """
    try:
        answer = _ask(config, "flush")
    except client.UnreachableError as error:
        clear(config, error)
        answer = {"lifted": None}
    if as_json:
        print_json(answer)
    elif answer["lifted"] is None:
        say("the kernel holds no rule of ours any more; no daemon runs, so bans in its store come back with it")
    else:
        say(f"{answer['lifted']} addresses are free, and the kernel holds no rule of ours any more")


@firewall.command()
@as_json
@config_option
def show(as_json: bool, config: Path | None) -> None:
    """Show what the kernel really holds, with its ends and counters; works without a daemon too."""
    try:
        rows = _ask(config, "held")["held"]
    except client.UnreachableError:
        rows = _read()
    if as_json:
        print_json(rows)
        return
    columns = ("ADDRESS", "FROM", "UNTIL", "PACKETS", "BYTES", "LAST")
    table(columns, ((row["prefix"], stopped_from(row["scope"]), row["expires"], *stopped(row)) for row in rows))
    say(f"{len(rows)} in the kernel")


def _ask(config: Path | None, do: str) -> Message:
    """Return what the daemon answers; raises UnreachableError, or FirewallError where its firewall could not."""
    answer = client.ask(control_path(config), do)
    if answer["firewall_error"]:
        raise FirewallError(answer["firewall_error"])
    return answer


def _read() -> list[dict[str, Any]]:
    """Return what the kernel holds, asked by ourselves."""
    rows = {}
    for backend in kernels():
        for (prefix, scope), held in backend.held(time.time()).items():
            counted = {"packets": held.packets, "bytes": held.octets, "last": None}
            rows[prefix, scope] = {
                "prefix": str(prefix),
                "scope": str(scope),
                "expires": format_time(held.expires),
                **counted,
            }
    return list(rows.values())


def _user(name: str) -> int:
    try:
        return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid
    except KeyError:
        raise click.BadParameter(f"there is no user {name!r} on this host (we are {os.getuid()})") from None

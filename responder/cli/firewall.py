"""firewall - ``responder firewall``: the actor itself, and the way back."""

import os
import pwd
from pathlib import Path

import click

from responder.cli.output import as_json, config_option, control_path, print_json, say
from responder.control import client
from responder.enforce.choice import BACKENDS


@click.group(invoke_without_command=True)
@click.option("--fd", type=int, help="Serve the daemon at this descriptor (the daemon starts us so).")
@click.option("--socket", "path", type=click.Path(path_type=Path), help="Listen here for the daemon.")
@click.option("--user", "users", multiple=True, help="A user whose daemon may connect.  [default: root and our own]")
@click.option("--backend", type=click.Choice(BACKENDS), default="auto", show_default=True)
@click.pass_context
def firewall(ctx: click.Context, fd: int | None, path: Path | None, users: tuple[str, ...], backend: str) -> None:
    """Run the firewall actor, the one process that changes the kernel's rules.

    `responder run` starts it by itself unless firewall.socket names another.
    It needs CAP_NET_ADMIN and keeps nothing else.
    """
    if ctx.invoked_subcommand:
        return
    from responder.enforce import process  # noqa: PLC0415 - `flush` may not need it

    if fd is not None:
        process.serve_inherited(fd, backend)
    elif path is not None:
        process.serve_socket(path, backend, frozenset(map(_user, users)) or process.own_users())
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
        answer = client.ask(control_path(config), "flush")
    except client.UnreachableError:
        from responder.enforce.choice import open_backend  # noqa: PLC0415 - only where no daemon does it

        open_backend("auto").backend.flush()
        answer = {"lifted": None}
    if as_json:
        print_json(answer)
    elif answer["lifted"] is None:
        say("the kernel holds no rule of ours any more; no daemon runs, so bans in its store come back with it")
    else:
        say(f"{answer['lifted']} addresses are free, and the kernel holds no rule of ours any more")


def _user(name: str) -> int:
    try:
        return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid
    except KeyError:
        raise click.BadParameter(f"there is no user {name!r} on this host (we are {os.getuid()})") from None

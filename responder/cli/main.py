"""main - the ``responder`` command: its verbs, its exit statuses, and the one place where errors become words.

Exit statuses follow sysexits.h where it has one:

    0   done                       1   done, and the answer is no
    2   wrong words on the line   64   the words do not fit together
    69  the daemon or the firewall is not there
    74  the state store failed    78  settings or rules cannot be used
"""

import importlib
import os
import sys
from pathlib import Path

import click

import responder
from responder.cli.garbage import look_rarely
from responder.control.client import UnreachableError
from responder.errors import FirewallError, Refused, ResponderError, StoreError

_STATUS = ((Refused, 78), (UnreachableError, 69), (FirewallError, 69), (StoreError, 74), (ResponderError, 64))

_VERBS = {
    "run": ("run:run", "Follow the logs and keep offenders out."),
    "check": ("check:check", "Say whether settings and rules are sound, and what they come to."),
    "scan": ("scan:scan", "Show what rules and policies would have banned in old logs."),
    "status": ("status:status", "Show how the daemon fares."),
    "bans": ("bans:bans", "List the bans in force."),
    "ban": ("bans:ban", "Ban an address or network by hand."),
    "unban": ("bans:unban", "End the bans of an address or network."),
    "panic": ("safety:panic", "Lift all bans at once, and ban nobody until you say so."),
    "confirm": ("safety:confirm", "Keep what a trial run banned."),
    "explain": ("explain:explain", "Tell all that is known about an address."),
    "rules": ("rules:rules", "List, show and test the rules."),
    "blacklist": ("blacklist:blacklist", "Report, vote, look up, and decide who is listed."),
    "notify": ("notify:notify", "Try out whom the settings tell of bans and trouble."),
    "export": ("export:export", "Write the blacklist in the form that others read."),
    "policyd": ("policyd:policyd", "Answer Postfix: who may send how much."),
    "quota": ("quota:quota", "Show and change who may send how much."),
    "import": ("moving:moving", "Take over from fail2ban, OSSEC or SSHGuard."),
    "completion": ("completion:completion", "Print what a shell needs to complete our words."),
    "firewall": ("firewall:firewall", "The firewall actor, and removing all of its rules."),
}


class _Verbs(click.Group):
    """Loads a verb's module when the verb is called, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order they are taught."""
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command called *cmd_name*."""
        if cmd_name not in _VERBS:
            return None
        module, _, name = _VERBS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"responder.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _VERBS.items()])


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file.  [default: $RESPONDER_CONFIG, else /etc/responder/responder.toml]",
)
@click.version_option(responder.__version__, "--version", "-V", message="responder %(version)s")
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """Watch the logs of a mail or hosting server, and keep attackers out at the firewall.

    \b
    See what it would do:    responder scan /var/log/mail.log
    Protect this host:       responder run --trial 10m
    Why is he locked out?    responder explain 192.0.2.7
    Let him in again:        responder unban 192.0.2.7
    """
    ctx.obj = config


def main() -> None:
    """Run the command line and exit."""
    look_rarely()
    try:
        cli(prog_name="responder")
    except ResponderError as error:
        click.echo(f"responder: {error}", err=True)
        sys.exit(next(status for kind, status in _STATUS if isinstance(error, kind)))
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)

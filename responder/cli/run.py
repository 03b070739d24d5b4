"""run - ``responder run``: the daemon in the foreground."""

import logging
from pathlib import Path

import click

from responder import openfiles, ownlog
from responder.cli.garbage import long_lived
from responder.cli.output import config_option
from responder.times import parse_duration
from responder.whereabouts import find

_FILES = 1 << 16


def _trial(_ctx: click.Context, _param: click.Parameter, text: str) -> float:
    try:
        return parse_duration(text) if text else 0.0
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.option("--trial", metavar="DURATION", default="", callback=_trial, help="Undo all after this, as in 10m.")
@click.option("--dry-run", is_flag=True, help="Detect, decide and record, but touch no firewall.")
@config_option
def run(*, trial: float, dry_run: bool, config: Path | None) -> None:
    """Follow the logs and keep offenders out, until told to stop.

    Stopping leaves the rules in the kernel, which ends each on time;
    `responder firewall flush` removes them.  SIGHUP reads settings and rules
    again.  With --trial everything that was banned is lifted when the time is over,
    and the daemon ends with status 1, unless you can still get in and say
    `responder confirm`; also where it is stopped or killed before.  With --dry-run
    nothing is banned, no notice is sent, and a database of its own is used.
    """
    from responder import config as configuration  # noqa: PLC0415 - help need not wait for the engine
    from responder.daemon.loop import Daemon, Options  # noqa: PLC0415

    ownlog.begin()
    log = logging.getLogger("responder")
    openfiles.allow(_FILES)
    with long_lived():
        daemon = Daemon(configuration.load(find(config)), Options(dry_run, trial))
    paths = ", ".join(source.name for source in daemon.config.settings.source)
    log.info("following %s with %d rules%s", paths, len(daemon.detector.rules), "; a dry run" if dry_run else "")
    daemon.run()
    if daemon.safety.trial.failed:
        raise SystemExit(1)
    log.info("stopped" if dry_run else "stopped; the rules stay in the kernel until they end")

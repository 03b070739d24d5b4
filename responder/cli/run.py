"""run - ``responder run``: the daemon in the foreground."""

import gc
import logging
from pathlib import Path

import click

from responder import ownlog
from responder.cli.output import config_option
from responder.whereabouts import find


@click.command()
@click.option("--dry-run", is_flag=True, help="Detect, decide and record, but touch no firewall.")
@config_option
def run(dry_run: bool, config: Path | None) -> None:
    """Follow the logs and keep offenders out, until told to stop.

    Stopping leaves the rules in the kernel, which ends each on time;
    `responder firewall flush` removes them.  SIGHUP reads settings and rules
    again.  With --dry-run nothing is banned and a database of its own is used.
    """
    from responder import config as configuration  # noqa: PLC0415 - help need not wait for the engine
    from responder.daemon.loop import Daemon, Options  # noqa: PLC0415

    ownlog.begin()
    log = logging.getLogger("responder")
    # What the daemon holds lives long: looking through it for garbage again and again takes a sixth of the time.
    gc.set_threshold(100_000, 50, 100)
    daemon = Daemon(configuration.load(find(config)), Options(dry_run))
    paths = ", ".join(source.name for source in daemon.config.settings.source)
    log.info("following %s with %d rules%s", paths, len(daemon.detector.rules), "; a dry run" if dry_run else "")
    daemon.run()
    log.info("stopped" if dry_run else "stopped; the rules stay in the kernel until they end")

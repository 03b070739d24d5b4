"""blacklist_serve - ``responder blacklist serve``: the process at the blacklist, as the daemon starts it."""

from pathlib import Path

import click

from responder import config as configuration
from responder import ownlog
from responder.cli.output import config_option
from responder.whereabouts import find


@click.command(hidden=True)
@click.option("--fd", type=int, required=True, help="The daemon's socket.")
@click.option("--dry-run", is_flag=True, help="Report nothing, and keep no files.")
@config_option
def serve(fd: int, *, dry_run: bool, config: Path | None) -> None:
    """Report for the daemon that started us, tell it of listings, keep the files of [[export]]."""
    from responder.blacklist.service.process import serve_inherited  # noqa: PLC0415 - help need not wait

    ownlog.begin()
    serve_inherited(fd, configuration.load(find(config)).settings, dry_run=dry_run)

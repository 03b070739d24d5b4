"""blacklist_score - ``responder blacklist score``: all listings made anew, and what is too old forgotten."""

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from responder import databases
from responder.blacklist import allowing, rescoring
from responder.cli.blacklist_store import Store, opened
from responder.cli.output import as_json, config_option, print_json, say


@click.command()
@as_json
@config_option
def score(*, as_json: bool, config: Path | None) -> None:
    """Make all listings anew from the reports, and forget what is too old to count.

    Listings are always up to date with the reports; this is for when weights or settings have changed, and once a day
    to keep the database small.  Others may write meanwhile.
    """
    with opened(config) as store:
        now = time.time()
        _protect(store, now)
        with _progress() as progress:
            done = rescoring.rescore(store.engine, store.scoring, now, progress)
        deeds = rescoring.prune_audit(store.engine, now - store.settings.blacklist.audit)
    if as_json:
        print_json({**done._asdict(), "audit": deeds})
    else:
        say(f"{done.subjects} subjects, {done.changed} listings changed; {done.forgotten} subjects forgotten")


def _protect(store: Store, now: float) -> None:
    """Allow all that this host needs; drop what it needs no more, unless one of its names cannot be resolved now."""
    from responder.daemon import guard  # noqa: PLC0415 - only here are names resolved

    allow = store.settings.allow
    names, unresolved = guard.resolve(allow.hosts)
    own = guard.allowlist(allow, names).entries
    with databases.transaction(store.engine) as connection:
        allowing.protect(connection, own, store.scoring, now, host=socket.gethostname(), whole=not unresolved)


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Give what shows a person how far we are."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("subjects scored"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("scoring", total=None)
        yield lambda count: progress.advance(task, count)

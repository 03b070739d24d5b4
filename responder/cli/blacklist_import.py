"""blacklist_import - ``responder blacklist import``: a list of others as reports."""

import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import click

from responder.blacklist import listfile
from responder.blacklist.listfile import FORMS, Form, Listed, Misread
from responder.blacklist.reports import report_many
from responder.blacklist.values import Report
from responder.cli.blacklist_store import opened, turn
from responder.cli.output import as_json, config_option, print_json, say
from responder.errors import UsageError

_HEAD = 65_536
_SHOWN = 20
_BATCH = 1_000


@click.command("import")
@click.argument("file", type=click.File("rb"), metavar="FILE")
@click.option("--format", "form", type=click.Choice(FORMS), help="What FILE is.  [default: what it looks like]")
@click.option("--reporter", default="", metavar="NAME", help="Whose list it is.")
@click.option("--category", default="", metavar="C", help="Of entries that name none.")
@click.option("--dry-run", is_flag=True, help="Read it, and say what it holds.")
@as_json
@config_option
@click.pass_context
def import_list(
    ctx: click.Context,
    file: BinaryIO,
    *,
    form: str | None,
    reporter: str,
    category: str,
    dry_run: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Report all that a list of others holds: plain, CSV, JSON, or for rbldnsd (- is standard input).

    Lines that cannot be read are told, the others taken; it ends with 1 where there were such lines.

    \b
    responder blacklist import --dry-run list.txt
    responder blacklist import --reporter partner --category spam list.csv
    responder blacklist import --format rbldnsd --reporter partner zone
    """
    with tempfile.TemporaryFile() as spool:
        source = _rewindable(file, cast("BinaryIO", spool))
        looked = cast("Form", form) if form else listfile.detect(_head(source))
        holes = listfile.exclusions(_from_start(source), looked)
        tally = Tally(looked)
        listed = tally.count(listfile.read(_with_progress(source), looked, holes), category)
        if dry_run:
            tally.drain(listed)
        else:
            hand_in_reports(listed, reporter, config)
    if as_json:
        print_json(tally.as_message())
    else:
        tally.show("would be reported" if dry_run else "were reported")
    ctx.exit(1 if tally.misread else 0)


def hand_in_reports(listed: Iterable[Listed], reporter: str, config: Path | None) -> None:
    """Report all of *listed*, a stream that may be long, in the name of *reporter*, and let others write meanwhile.

    What was reported stays so where it is broken off; reported again, it changes nothing.
    """
    if not reporter:
        raise UsageError("nobody is named whose list it is; add --reporter NAME, or --dry-run")
    with opened(config) as store:
        rest = iter(listed)
        while batch := list(itertools.islice(rest, _BATCH)):
            with turn(store) as (connection, scoring, now):
                reports = [Report(one.subject, reporter, now, one.category, one.reason) for one in batch]
                report_many(connection, reports, scoring, now)


class Tally:
    """Counts what goes by: entries by kind, the first of them, and lines that could not be read."""

    def __init__(self, form: str) -> None:
        self.form, self.misread = form, 0
        self._kinds: Counter[str] = Counter()
        self._first: list[Listed] = []
        self._problems: list[Misread] = []

    def count(self, items: Iterable[Listed | Misread], category: str) -> Iterator[Listed]:
        """Yield the entries of *items*, with *category* where they have none."""
        for item in items:
            if isinstance(item, Misread):
                self.misread += 1
                self._problems += [item] if len(self._problems) < _SHOWN else []
                continue
            self._kinds[item.subject.kind] += 1
            named = item if item.category else item._replace(category=category)
            self._first += [named] if len(self._first) < _SHOWN else []
            yield named

    @staticmethod
    def drain(listed: Iterable[Listed]) -> None:
        """Let all of *listed* go by."""
        for _ in listed:
            pass

    def as_message(self) -> dict[str, Any]:
        """Return what was counted."""
        return {
            "format": self.form,
            "kinds": dict(self._kinds),
            "first": [
                {"kind": kind, "value": value, "line": line, "category": category, "reason": reason}
                for (kind, value), line, category, reason in self._first
            ],
            "misread": self.misread,
            "problems": [problem._asdict() for problem in self._problems],
        }

    def show(self, what: str) -> None:
        """Print what was counted."""
        kinds = ", ".join(f"{count:,} of kind {kind}" for kind, count in self._kinds.most_common())
        click.echo(f"{self._kinds.total():,} entries ({self.form}) {what}" + (f": {kinds}" if kinds else ""))
        for problem in self._problems:
            say(f"line {problem.line}: {problem.text.strip()}: {problem.problem}")
        if self.misread > len(self._problems):
            click.echo(f"and {self.misread - len(self._problems):,} lines more that could not be read")


def _rewindable(file: BinaryIO, spool: BinaryIO) -> BinaryIO:
    """Return *file*, or what it holds in *spool* where it cannot be read twice."""
    if file.seekable():
        return file
    while data := file.read(2**20):
        spool.write(data)
    return spool


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(_HEAD)


def _from_start(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of *file* from its start; one that is too long in pieces."""
    file.seek(0)
    return iter(lambda: file.readline(listfile.LONGEST_LINE), b"")


def _with_progress(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of *file*, with a progress bar where a person watches."""
    if not sys.stderr.isatty():
        yield from _from_start(file)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    total = file.seek(0, 2)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=total)
        due = 0
        for line in _from_start(file):
            due += len(line)
            if due > _HEAD:
                progress.advance(task, due)
                due = 0
            yield line

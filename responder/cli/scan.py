"""scan - ``responder scan``: what rules and policies would have done with old logs.

Needs no root and keeps no state: the same detector and tracker as the daemon's,
with the log's own time for the clock.
"""

import sys
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from pathlib import Path

import click

from responder import config as configuration
from responder.cli.entries import Entries, ask_for_program, form_option, program_option
from responder.cli.findings import Findings
from responder.cli.journal import Asked, readings
from responder.cli.output import as_json, config_option, print_json
from responder.decide.tracker import Tracker
from responder.detect.detector import Detector
from responder.formats.stamps import Stamps
from responder.sources import Cut, count_lines, read_whole
from responder.whereabouts import find
from responder.zones import zone


def _zone(_ctx: click.Context, _param: click.Parameter, name: str) -> tzinfo:
    try:
        return zone(name)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("--journal", is_flag=True, help="Look through systemd's journal instead of files.")
@click.option("--since", default="", metavar="TIME", help="How far back in the journal: 24h; a week when left out.")
@click.option("--unit", "units", multiple=True, help="Units or names; those in the settings, else all, when left out.")
@click.option("--directory", default="", help="Where the journal is, if it is not this host's own.")
@click.option("--timezone", default="local", show_default=True, callback=_zone, help="Of stamps that name none.")
@form_option
@program_option
@click.option("--all", "show_all", is_flag=True, help="List every ban, not the first 40.")
@as_json
@config_option
def scan(
    files: tuple[str, ...],
    *,
    journal: bool,
    since: str,
    units: tuple[str, ...],
    directory: str,
    timezone: tzinfo,
    form: str,
    program: str,
    show_all: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Show what would have been banned in FILE... (plain, .gz, .bz2, .xz; - is standard input), or in the journal.

    Lines of a syslog, or alerts of OSSEC and Wazuh (alerts.log, alerts.json).

    \b
    responder scan /var/log/mail.log
    responder scan /var/ossec/logs/alerts/alerts.json
    responder scan --journal --since 24h --unit ssh.service
    responder scan --format access-log --program nginx /var/log/nginx/access.log
    zcat old/mail.log.*.gz | responder scan -
    """
    from responder.daemon import guard  # noqa: PLC0415 - `--help` need not wait for it

    ask_for_program(form, program)
    if bool(files) == journal or (not journal and (since or units or directory)):
        raise click.UsageError("name files to look through, or --journal (with --since, --unit, --directory)")
    wanted = Asked.parse(units, directory, since)
    loaded = configuration.load(find(config))
    settings = loaded.settings
    detector = Detector(loaded.in_force())
    allowlist = guard.allowlist(settings.allow, guard.resolve(settings.allow.hosts)[0])
    tracker = Tracker(loaded.policies, allowlist, settings.limits.tracked)
    findings = Findings()
    for name in files:
        entries = Entries(detector, Stamps(timezone, _reference(name)), form, program)
        for data in _with_progress(name, entries.cut):
            findings.lines += count_lines(data)
            findings.take([tracker.judge(offence) for offence in entries.find(data)])
    for reading in readings(wanted, settings.source, form, program) if journal else ():
        entries = Entries(detector, Stamps(timezone, _reference("-")), reading.form, reading.program)
        for data in reading.chunks:
            findings.lines += count_lines(data)
            findings.take([tracker.judge(offence) for offence in entries.find(data)])
    if as_json:
        print_json({"files": list(files), **findings.as_message()})
    else:
        findings.show(every_ban=show_all)


def _reference(name: str) -> float:
    """Return when the log was last written: the year of its stamps follows from that."""
    import time  # noqa: PLC0415

    try:
        return time.time() if name == "-" else Path(name).stat().st_mtime
    except OSError:
        return time.time()  # reading it will say what is wrong


def _with_progress(name: str, cut: Cut) -> Iterator[bytes]:
    """Yield the lines of *name*, with a progress bar where a person watches."""
    chunks: Iterable[bytes] = (chunk.data for chunk in read_whole(name, cut))
    if not sys.stderr.isatty():
        yield from chunks
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    plain = name != "-" and Path(name).suffix not in (".gz", ".bz2", ".xz") and Path(name).is_file()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(Path(name).name, total=Path(name).stat().st_size if plain else None)
        for data in chunks:
            yield data
            progress.advance(task, len(data))

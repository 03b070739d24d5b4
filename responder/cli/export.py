"""export - ``responder export``: the blacklist in the form that somebody else's program reads."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from responder import config as configuration
from responder.blacklist.export.exporting import Result, export_one, lines, selection
from responder.blacklist.export.formats import FORMATS, Format
from responder.blacklist.export.selection import Tally
from responder.blacklist.values import Entry, Kind, Subject
from responder.cli.exportwords import as_settings
from responder.cli.listfile import listed
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.config import Config
from responder.errors import UsageError
from responder.settings.export import Codes, ExportOptions, ExportSettings
from responder.whereabouts import find

_Given = tuple[Iterable[Entry], tuple[Subject, ...]]
_FIELDS = ExportOptions.model_fields
_KINDS = [kind.value for kind in Kind]
_STDOUT = "/dev/stdout"


@click.command()
@click.argument("form", metavar="FORMAT", required=False, type=click.Choice(list(FORMATS)))
@click.option("--list", "show_list", is_flag=True, help="List the formats, what they hold and their options.")
@click.option("--all", "write_all", is_flag=True, help="Write every [[export]] of the settings.")
@click.option("--output", metavar="FILE", help="Replace FILE, if the list in it differs; else standard output.")
@click.option(
    "--level", type=click.Choice(["strict", "moderate", "broad"]), help="How sure at least.  [default: broad, all]"
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in Kind]),
    help="Only these; may be repeated.",
)
@click.option("--category", "categories", multiple=True, help="Only these; may be repeated.")
@click.option("--family", "families", multiple=True, type=click.Choice(["4", "6"]), help="Only this one.")
@click.option("--max-age", metavar="DURATION", help="Only what was listed within this, as in 30d.")
@click.option("--bits-v4", metavar="MIN-MAX", help="Only IPv4 prefixes of these lengths.  [default: 8-32]")
@click.option("--bits-v6", metavar="MIN-MAX", help="Only IPv6 prefixes of these lengths.  [default: 16-128]")
@click.option("--set", "options", multiple=True, metavar="OPTION=VALUE", help="An option of the format; see --list.")
@click.option("--from", "source", metavar="FILE", help="Take a list that `export json` wrote (- is standard input).")
@as_json
@config_option
def export(
    form: str | None,
    *,
    show_list: bool,
    write_all: bool,
    source: str | None,
    as_json: bool,
    config: Path | None,
    **words: Any,
) -> None:
    """Write the blacklist as FORMAT.

    \b
    responder export --list
    responder export plain --level strict
    responder export rbldnsd-ip4set --output /var/lib/rbldns/bl.ip4set --set nameservers=ns1.example.org
    responder export postfix-cidr --output /etc/postfix/client.cidr --set 'text=Listed, see https://rbl.example.org/{value}'
    responder export bind-ip4 --set nameservers=ns1.example.org,ns2.example.org --set zone=rbl.example.org
    responder export --all
    """
    if sum((show_list, write_all, form is not None)) != 1:
        raise click.UsageError("say one of FORMAT, --list and --all")
    if show_list:
        _show_formats(as_json=as_json)
        return
    loaded = configuration.load(find(config))
    if write_all:
        if given := [name for name, value in words.items() if value]:
            raise click.UsageError(f"--all takes everything from the settings; leave out {', '.join(given)}")
        if not loaded.settings.export:
            raise UsageError("there is no [[export]] in the settings; say which FORMAT, or add one")
        if source == "-":
            raise click.UsageError("--all reads the list once for each file; name one with --from")
        _keep(loaded, loaded.settings.export, source, as_json=as_json)
        return
    assert form
    if words["output"]:
        words["output"] = str(Path(words["output"]).absolute())
        _keep(loaded, (as_settings(form, words),), source, as_json=as_json)
    else:
        _print(loaded, as_settings(form, words | {"output": _STDOUT}), source)


@contextmanager
def _given(config: Config, settings: ExportSettings, source: str | None, now: float) -> Iterator[_Given]:
    """Give the entries in order, and what is excluded: of the file *source*, or of the blacklist."""
    if source:
        yield listed(source)
        return
    from responder.blacklist.contents import contents  # noqa: PLC0415 - 100 ms that a list in a file need not wait
    from responder.cli.blacklist_store import connected  # noqa: PLC0415

    with connected(config) as engine, contents(engine, selection(settings, now)) as given:
        yield given


def _keep(config: Config, exports: Iterable[ExportSettings], source: str | None, *, as_json: bool) -> None:
    now, results = time.time(), list[Result]()
    for one in exports:
        with _given(config, one, source, now) as given:
            results.append(export_one(one, *given, now))
    if as_json:
        print_json([result._asdict() for result in results])
    for result in () if as_json else results:
        say(_told(result))
    if any(result.error for result in results):
        raise SystemExit(1)


def _told(result: Result) -> str:
    how = "failed" if result.error else "written" if result.changed else "unchanged"
    left = f", {result.left_out:,} left out that it cannot say" if result.left_out else ""
    trouble = f": {result.error}" if result.error else ""
    return f"{result.output}: {how}, {result.entries:,} entries{left}{trouble}"


def _print(config: Config, settings: ExportSettings, source: str | None) -> None:
    now, tally = time.time(), Tally()
    with _given(config, settings, source, now) as given:
        sys.stdout.writelines(lines(settings, *given, now, tally))
    sys.stdout.flush()
    if tally.left_out:
        click.echo(f"responder: {tally.left_out:,} entries left out that {settings.format} cannot say", err=True)


def _show_formats(*, as_json: bool) -> None:
    rows = [_described(form) for form in FORMATS.values()]
    if as_json:
        print_json({"formats": rows, "options": {name: field.description for name, field in _FIELDS.items()}})
        return
    columns = ("title", "holds", "options")
    table(
        ("FORMAT", "FOR", "HOLDS", "OPTIONS"), ((row["name"], *(_joined(row[key]) for key in columns)) for row in rows)
    )
    say("")
    table(
        ("OPTION", "DEFAULT", "MEANS"),
        ((name, _default(field.default), field.description) for name, field in _FIELDS.items()),
    )


def _described(form: Format) -> dict[str, Any]:
    families = list(form.families)
    return {
        "name": form.name,
        "title": form.title,
        "file": form.file,
        "holds": [kind.value for kind in form.usual or form.kinds],
        "can_hold": [kind.value for kind in form.kinds],
        "families": families,
        "options": list(form.options),
    }


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value) or "-"


def _default(value: object) -> str:
    if isinstance(value, Codes):
        return f"{value.broad},{value.moderate},{value.strict}"
    return str(value).lower() if isinstance(value, bool) else str(value or "-")

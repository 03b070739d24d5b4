"""output - tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from responder import whereabouts
from responder.control import client
from responder.framing import Message
from responder.times import format_duration

_MANY = 1000  # rows
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def with_config(path: Path | None) -> Path | None:
    """Return *path* (of ``--config VERB``) or the one given before the verb."""
    return path or click.get_current_context().find_root().obj


config_option = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file, here or before the verb.",
    callback=lambda _ctx, _param, path: with_config(path),
)


def ask(config: Path | None, do: str, **request: Any) -> Message:
    """Ask the daemon that *config* describes."""
    return client.ask(control_path(config), do, **request)


def control_path(config: Path | None) -> Path:
    """Return where the daemon of *config* listens."""
    return whereabouts.control_socket(whereabouts.find(config))


def print_json(value: Any) -> None:
    """Print *value* as JSON: indented on a terminal, one line elsewhere."""
    click.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print *rows* as a table; text in it is shown as it is, control characters made visible.

    Of many rows each stands on one line, however wide: nobody reads all of them, and to fit them takes long.
    """
    shown = [tuple(printable(str(cell)) for cell in row) for row in rows]
    if len(shown) > _MANY:
        _long_table([tuple(columns), *shown])
        return
    from rich.console import Console  # noqa: PLC0415 - 40 ms that a program reading JSON need not pay
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(*columns, box=None, pad_edge=False)
    for row in shown:
        made.add_row(*map(Text, row))
    width = None if sys.stdout.isatty() else 200
    Console(width=width, highlight=False).print(made)


def _long_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())


def stopped(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return how many packets and bytes the firewall stopped, and when last, as people read it."""
    if row["packets"] is None:
        return "?", "?", "?"
    last = datetime.fromisoformat(row["last"]) if row["last"] else None
    ago = f"{format_duration(max(0, round((datetime.now(UTC) - last).total_seconds())))} ago" if last else "-"
    return f"{row['packets']:,}", _size(row["bytes"]), ago


def stopped_from(scope: str) -> str:
    """Return a scope as people read it: everything, or ports, with the verdict where it is not silence."""
    verdict, _, ports = scope.partition(":")
    return (ports or "everything") + (f" ({verdict})" if verdict != "drop" else "")


def _size(octets: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if octets < 1000:
            return f"{octets:.3g} {unit}"
        octets /= 1000
    return f"{octets:.3g} TB"


def say(text: str) -> None:
    """Print *text*, with control characters made visible: it may hold what an attacker wrote."""
    click.echo("\n".join(printable(line) for line in text.split("\n")))


def say_offences(offences: Iterable[Mapping[str, Any]]) -> None:
    """Print offences, each with its line."""
    for one in offences:
        say(f"  {one['time']}  {one['rule']} ({one['policy']}): {one['effect']}")
        say(f"      {one['line']}")


def printable(text: str) -> str:
    """Return *text* with everything that a terminal would act on replaced by its escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)

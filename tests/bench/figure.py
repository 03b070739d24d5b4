"""figure - one measured quantity, over several runs; and the machine and programs it was measured with."""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import debian

_PACKAGES = ("responder", "hyperscan", "regex", "SQLAlchemy", "watchdog", "pip-nftables")


@dataclass(frozen=True, slots=True)
class Figure:
    """*runs* of what *name* says, in *unit*; in a row that grows, the figure for *at* so many *of* something."""

    name: str
    unit: str
    runs: tuple[float, ...]
    at: float | None = None
    of: str = ""

    @property
    def title(self) -> str:
        """Return what was measured, in full."""
        return self.name if self.at is None else f"{self.name}, {self.at:,.0f} {self.of}"

    @property
    def median(self) -> float:
        """Return the figure to quote."""
        return median(self.runs)

    @property
    def p99(self) -> float:
        """Return what 99 of 100 runs stay below; the slowest of fewer."""
        return quantiles(self.runs, n=100)[98] if len(self.runs) >= 50 else max(self.runs)


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    processor = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?:?")
    return {
        "processor": processor.partition(":")[2].strip(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "peers": debian.versions(),
    }


def show(figures: Iterable[Figure]) -> None:
    """Print *figures* as a table, and below it what they were measured with."""
    table = Table("WHAT", "MEDIAN", "LEAST", "MOST", "P99", "RUNS", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for figure in figures:
        numbers = (_text(number) for number in (figure.median, min(figure.runs), max(figure.runs), figure.p99))
        table.add_row(f"{figure.title} ({figure.unit})", *numbers, str(len(figure.runs)))
    console = Console(width=120)
    console.print(table)
    told = machine()
    programs = ", ".join(f"{name} {version}" for name, version in (told["packages"] | told["peers"]).items())
    here = f"{told['cores']} cores of {told['processor']}, Linux {told['kernel']}, Python {told['python']}"
    console.print(f"\n{here}; {programs}", highlight=False)


def as_json(figures: Iterable[Figure]) -> str:
    """Return *figures* with the machine they were measured on, for programs."""
    rows = [
        {"name": one.title, "unit": one.unit, "median": one.median, "p99": one.p99, "runs": list(one.runs)}
        | ({} if one.at is None else {"row": one.name, "at": one.at, "of": one.of})
        for one in figures
    ]
    return json.dumps({"machine": machine(), "figures": rows}, indent=2)


def _text(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"

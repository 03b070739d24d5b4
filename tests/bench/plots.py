"""plots - rows of figures, as what they depend on grows, drawn as charts for the README."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.bench.chart import Chart, Series, svg
from tests.bench.figure import Figure

_Names = dict[str, list[tuple[float, tuple[float, ...]]]]
_TITLES = {"CPU s per": "Processor time", "MB": "Memory"}
_AXES = {"rules": "rules in force", "lines": "lines in the log", "addresses": "addresses tracked or banned"}


def draw(figures: Iterable[Figure], folder: Path) -> Path:
    """Write the rows among *figures* as charts, one for each unit and what grows, into growth.svg in *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "growth.svg"
    path.write_text(svg(charts(figures)))
    return path


def charts(figures: Iterable[Figure]) -> list[Chart]:
    """Return the charts of what a line costs and of memory, in the order in which their rows come."""
    rows: dict[tuple[str, str], _Names] = defaultdict(lambda: defaultdict(list))
    for one in figures:
        if one.at is not None and one.unit.startswith(tuple(_TITLES)):
            rows[one.of, one.unit][one.name].append((one.at, one.runs))
    return [
        Chart(
            next(f"{title} as {of} grow" for unit, title in _TITLES.items() if measured.startswith(unit)),
            _AXES.get(of, of),
            measured,
            tuple(Series(name, tuple(points)) for name, points in names.items()),
        )
        for (of, measured), names in rows.items()
    ]

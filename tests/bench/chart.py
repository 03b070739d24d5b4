"""chart - line charts as SVG, for a README: side by side, each with its axes, their units, and a legend.

Written by hand: a library that draws logarithmic axes would weigh far more than this
does.  There is no background, and every colour stands out from a white page
and from a dark one, whatever theme it is looked at in.  A point is the median of
its runs, the bar through it reaches from the least to the most.  The same charts
give the same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from xml.sax.saxutils import escape

from tests.bench.axis import Axis, short

INK = "#737a82"
COLOURS = ("#2f7bd8", "#cb5c1c", "#1d8a4c")
_COLUMNS = 2
_WIDTH, _HEIGHT = 410, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 22, 58, 48
_FONT = "font-family='system-ui,Segoe UI,Helvetica,Arial,sans-serif'"


@dataclass(frozen=True, slots=True)
class Series:
    """The runs at each place along the x axis, and what they are called."""

    name: str
    points: tuple[tuple[float, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A title, what each axis shows, and some series; the x axis is logarithmic, the other begins at 0."""

    title: str
    x: str
    y: str
    series: tuple[Series, ...]


def svg(charts: Sequence[Chart]) -> str:
    """Return an SVG of *charts*, two in a row."""
    rows = -(-len(charts) // _COLUMNS)
    width, height = _WIDTH * min(len(charts), _COLUMNS), _HEIGHT * rows
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' {_FONT} font-size='12' role='img'>"
    ]
    for number, chart in enumerate(charts):
        x, y = number % _COLUMNS * _WIDTH, number // _COLUMNS * _HEIGHT
        lines += [f"<g transform='translate({x} {y})'>", *_drawn(chart), "</g>"]
    return "\n".join([*lines, "</svg>", ""])


def _drawn(chart: Chart) -> Iterator[str]:
    across = Axis.log(x for series in chart.series for x, _ in series.points)
    up = Axis.linear(run for series in chart.series for _, runs in series.points for run in runs)
    yield _text(_LEFT, 18, chart.title, "start", " font-weight='600' font-size='13'")
    yield from _axes(chart, across, up)
    at = float(_LEFT)
    for number, series in enumerate(chart.series):
        colour = COLOURS[number % len(COLOURS)]
        yield f"<g stroke='{colour}' stroke-width='2' fill='none'>"
        yield f"<path d='M{at:.1f} 36h16'/>"
        yield from _line(series, colour, across, up)
        yield "</g>"
        yield _text(at + 21, 40, series.name)
        at += 21 + 7 * len(series.name) + 18


def _axes(chart: Chart, across: Axis, up: Axis) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for tick in up.ticks:
        y = _y(up, tick)
        yield f"<path d='M{_LEFT} {y:.1f}H{right}' stroke='{INK}' stroke-opacity='{1 if tick == up.low else 0.3}'/>"
        yield _text(_LEFT - 7, y + 4, short(tick), "end")
    for tick in across.ticks:
        x = _x(across, tick)
        yield f"<path d='M{x:.1f} {bottom}v4' stroke='{INK}'/>"
        yield _text(x, bottom + 17, short(tick), "middle")
    yield _text((_LEFT + right) / 2, _HEIGHT - 10, chart.x, "middle")
    middle = (_TOP + bottom) / 2
    yield _text(14, middle, chart.y, "middle", f" transform='rotate(-90 14 {middle:.1f})'")


def _line(series: Series, colour: str, across: Axis, up: Axis) -> Iterator[str]:
    places = [(_x(across, at), _y(up, median(runs)), runs) for at, runs in sorted(series.points)]
    yield f"<path d='M{'L'.join(f'{x:.1f} {y:.1f}' for x, y, _ in places)}'/>"
    for x, y, runs in places:
        yield f"<path d='M{x:.1f} {_y(up, min(runs)):.1f}V{_y(up, max(runs)):.1f}'/>"
        yield f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.5' fill='{colour}'/>"


def _x(axis: Axis, value: float) -> float:
    return _LEFT + axis.place(value) * (_WIDTH - _LEFT - _RIGHT)


def _y(axis: Axis, value: float) -> float:
    return _HEIGHT - _BOTTOM - axis.place(value) * (_HEIGHT - _TOP - _BOTTOM)


def _text(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{INK}'{more}>{escape(text)}</text>"

"""Charts show what was measured, and can be read."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from tests.bench import chart
from tests.bench.axis import Axis, short
from tests.bench.chart import Chart, Series, svg

_PAGES = ("#ffffff", "#0d1117")  # a light one and a dark one
_SVG = "{http://www.w3.org/2000/svg}"

sizes = st.floats(1e-3, 1e9)
runs = st.lists(st.floats(0, 1e9), min_size=1, max_size=4).map(tuple)
points = st.lists(st.tuples(sizes, runs), min_size=1, max_size=6).map(tuple)
names = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=20)
charts = st.builds(Chart, names, names, names, st.lists(st.builds(Series, names, points), max_size=3).map(tuple))


@given(st.lists(charts, min_size=1, max_size=4))
def test_every_point_lies_within_the_axes(drawn: list[Chart]) -> None:
    root = ET.fromstring(svg(drawn))

    groups = root.findall(f"{_SVG}g")
    assert len(groups) == len(drawn)
    for one, group in zip(drawn, groups, strict=True):
        circles = group.findall(f".//{_SVG}circle")
        assert len(circles) == sum(len(series.points) for series in one.series)
        left, right, top, bottom = _frame(group)
        for circle in circles:
            assert left <= float(circle.get("cx", "nan")) <= right
            assert top <= float(circle.get("cy", "nan")) <= bottom


@given(st.lists(charts, max_size=3))
def test_the_same_figures_give_the_same_file(drawn: list[Chart]) -> None:
    assert svg(drawn) == svg(list(drawn))


@given(charts)
def test_what_is_written_beside_a_chart_is_there_as_it_was_given(one: Chart) -> None:
    said = {text.text or "" for text in ET.fromstring(svg([one])).iter(f"{_SVG}text")}

    assert {one.title, one.x, one.y, *(series.name for series in one.series)} <= said


@given(st.lists(st.floats(1e-6, 1e12), min_size=1))
def test_a_linear_axis_holds_all_values_and_begins_at_nothing(values: list[float]) -> None:
    axis = Axis.linear(values)

    assert axis.ticks[0] == axis.low == 0
    assert axis.ticks[-1] == axis.high >= max(values) * (1 - 1e-6)
    assert max(values) > axis.high / 2.6
    assert 2 <= len(axis.ticks) <= 7


@given(st.lists(st.floats(1e-6, 1e12), min_size=1))
def test_a_logarithmic_axis_holds_all_values(values: list[float]) -> None:
    axis = Axis.log(values)

    assert all(-1e-9 <= axis.place(value) <= 1 + 1e-9 for value in (*values, *axis.ticks[1:-1]))
    assert axis.place(axis.low) == 0


def test_sizes_that_grow_threefold_are_written_at_their_places() -> None:
    assert [short(tick) for tick in Axis.log([100_000, 300_000, 1_000_000, 3_000_000]).ticks] == [
        "100k",
        "300k",
        "1M",
        "3M",
    ]
    assert [short(tick) for tick in Axis.log([100, 1_000_000]).ticks] == ["100", "1k", "10k", "100k", "1M"]
    assert [short(tick) for tick in Axis.linear([0.9, 2.3]).ticks] == ["0", "0.5", "1", "1.5", "2", "2.5"]


def test_the_median_of_the_runs_is_the_point_and_their_spread_the_bar() -> None:
    drawn = svg([Chart("", "", "", (Series("", ((1.0, (10.0, 40.0, 20.0)),)),))])

    circle = re.search(r"<circle cx='([\d.]+)' cy='([\d.]+)'", drawn)
    assert circle
    bar = re.search(rf"M{circle[1]} ([\d.]+)V([\d.]+)'", drawn)
    assert bar
    low, high, middle = float(bar[1]), float(bar[2]), float(circle[2])
    assert high < middle < low
    assert abs((low - middle) * 2 - (middle - high)) < 0.3  # ten below the median, and twenty above it


def test_ink_and_lines_stand_out_from_light_and_dark_pages() -> None:
    for colour in (chart.INK, *chart.COLOURS):
        for page in _PAGES:
            assert _contrast(colour, page) > 4, (colour, page)


def _frame(group: ET.Element) -> tuple[float, float, float, float]:
    """Return where the lines that cross the chart begin and end, and the highest and the lowest of them."""
    found = [re.fullmatch(r"M(\d+) ([\d.]+)H(\d+)", path.get("d", "")) for path in group.iter(f"{_SVG}path")]
    lines = [tuple(map(float, one.groups())) for one in found if one]
    heights = [height for _, height, _ in lines]
    return lines[0][0], lines[0][2], min(heights), max(heights)


def _contrast(one: str, other: str) -> float:
    """Return the contrast ratio that WCAG 2 defines."""
    dark, light = sorted(sum(_luminance(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> Iterator[float]:
    for weight, at in ((0.2126, 1), (0.7152, 3), (0.0722, 5)):
        part = int(colour[at : at + 2], 16) / 255
        yield weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)

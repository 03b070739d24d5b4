"""Rows of figures become charts; what is no row does not."""

from pathlib import Path

from tests.bench import plots
from tests.bench.figure import Figure

_FIGURES = [
    Figure("scan", "lines/s", (1.0,)),
    Figure("scan", "CPU s per 1 M lines", (1.0,)),
    Figure("whole process", "CPU s per 1 M lines", (3.0, 4.0), at=10, of="rules"),
    Figure("loop alone", "CPU s per 1 M lines", (1.0,), at=10, of="rules"),
    Figure("whole process", "CPU s per 1 M lines", (5.0,), at=300, of="rules"),
    Figure("loading them", "CPU s", (0.1,), at=300, of="rules"),
    Figure("whole process", "MB at most", (70.0,), at=1000, of="lines"),
]


def test_a_chart_for_each_unit_and_what_grows() -> None:
    drawn = plots.charts(_FIGURES)

    assert [(one.title, one.x, one.y) for one in drawn] == [
        ("Processor time as rules grow", "rules in force", "CPU s per 1 M lines"),
        ("Memory as lines grow", "lines in the log", "MB at most"),
    ]
    assert {series.name: series.points for series in drawn[0].series} == {
        "whole process": ((10, (3.0, 4.0)), (300, (5.0,))),
        "loop alone": ((10, (1.0,)),),
    }


def test_they_are_drawn_into_a_folder_that_need_not_be_there(tmp_path: Path) -> None:
    path = plots.draw(_FIGURES, tmp_path / "new" / "guide")

    assert path.name == "growth.svg"
    assert path.read_text() == plots.draw(_FIGURES, tmp_path).read_text()

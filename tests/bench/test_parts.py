"""The parts can still be measured alone."""

from pathlib import Path

import pytest

from tests.bench import logs, parts


def test_each_part_has_a_figure_for_what_it_handles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "RUNS", 1)

    figures = list(parts.until_the_store(tmp_path, logs.log(tmp_path, 2000, 0.5), ""))

    assert [(one.name, one.unit) for one in figures] == [
        ("reading", "us per line"),
        ("scanning", "us per line"),
        ("cutting out", "us per line"),
        ("matching", "us per candidate"),
        ("header", "us per candidate"),
        ("stamps", "us per candidate"),
        ("finding", "us per line"),
        ("handing over", "us per offence"),
        ("judging", "us per offence"),
        ("committing", "us per offence"),
    ]
    assert not list(tmp_path.glob("tmp*"))

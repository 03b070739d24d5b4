"""The board and the alert rules ask for figures that exist, and the real checker accepts them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from responder.daemon.meter import Meter
from tests.daemon.engine import Engine
from tests.metrics.promtool import promtool

CONTRIB = Path(__file__).parents[2] / "contrib"
RULES = CONTRIB / "prometheus" / "responder.rules.yml"
BOARD = json.loads((CONTRIB / "grafana" / "responder.json").read_text())
NAMES = re.compile(r"\bresponder_\w+")


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[str]]:
    folder = tmp_path_factory.mktemp("engine")
    shared = f'\n[blacklist]\nurl = "sqlite:///{folder}/bl.db"\n[[export]]\nformat = "plain"\noutput = "{folder}/bl"\n'
    with Engine(folder, shared).running() as engine:
        yield {family.name for family in Meter(engine.daemon).families(engine.clock())}


def test_the_alert_rules_are_sound_and_ask_for_what_there_is(figures: set[str]) -> None:
    """An alert on a figure that nobody has would never ring."""
    text = RULES.read_text()

    assert promtool("check", "rules", str(RULES)) == ""
    assert set(NAMES.findall(text)) <= figures | {"responder_rules"}


def rings(tmp_path: Path, alert: str, *, series: dict[str, str], expected: bool) -> str:
    """Return what promtool says against *alert* ringing after two hours of *series*, a figure a minute, or not."""
    labels = 'instance="mx", file="/var/lib/node_exporter/responder.prom"'  # the file is node_exporter's own
    given = [{"series": f"{name}{{{labels}}}", "values": values} for name, values in series.items()]
    firing = f'count(ALERTS{{alertname="{alert}", alertstate="firing"}})'
    samples = [{"labels": "{}", "value": 1}] if expected else []
    asked = {"expr": firing, "eval_time": "2h", "exp_samples": samples}
    test = {"interval": "1m", "input_series": given, "promql_expr_test": [asked]}
    path = tmp_path / "test.yml"
    path.write_text(json.dumps({"rule_files": [str(RULES)], "tests": [test]}))
    return promtool("test", "rules", str(path))


@pytest.mark.parametrize(
    ("made", "started", "old"),
    [
        ("0x30 1800x90", "0x120", True),  # once, after half an hour; then no more
        ("0x120", "0x120", True),  # never
        ("0+60x120", "0x120", False),  # every minute
        ("0x120", "0x89 5400x31", False),  # not yet: the daemon was started half an hour ago
    ],
)
def test_an_export_that_is_made_no_more_is_told(tmp_path: Path, made: str, started: str, *, old: bool) -> None:
    """Not one that was looked at and needed no change, nor at every start."""
    series = {"responder_export_success_timestamp_seconds": made, "responder_start_timestamp_seconds": started}
    assert rings(tmp_path, "ResponderExportOld", series=series, expected=old) == ""


@pytest.mark.parametrize(
    ("alert", "name", "values", "expected"),
    [
        ("ResponderFiguresGone", "responder_start_timestamp_seconds", "7x80", True),  # the file was removed
        ("ResponderFiguresGone", "responder_start_timestamp_seconds", "7x120", False),
        ("ResponderFiguresGone", "responder_start_timestamp_seconds", "7x80 9x40", False),  # a restart
        ("ResponderFiguresOld", "node_textfile_mtime_seconds", "0+60x80 4800x40", True),
        ("ResponderFiguresOld", "node_textfile_mtime_seconds", "0+60x120", False),
    ],
)
def test_a_daemon_whose_textfile_is_written_no_more_is_told(
    tmp_path: Path, alert: str, name: str, values: str, *, expected: bool
) -> None:
    """Whether it stopped and removed it or was killed; `up` says nothing there, for it is node_exporter's."""
    assert rings(tmp_path, alert, series={name: values}, expected=expected) == ""


def expressions(panels: list[dict[str, Any]]) -> list[str]:
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_the_board_asks_for_what_there_is(figures: set[str], tmp_path: Path) -> None:
    """Each expression is one that Prometheus understands."""
    asked = expressions(BOARD["panels"])
    rules = [{"record": f"x{number}", "expr": expression} for number, expression in enumerate(asked)]
    path = tmp_path / "board.yml"
    path.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))  # JSON is YAML

    assert len(asked) == len(BOARD["panels"]) > 10
    assert set(NAMES.findall(" ".join(asked))) <= figures
    assert promtool("check", "rules", str(path)) == ""


def test_no_two_panels_overlap() -> None:
    """As the board is drawn on 24 columns."""
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in BOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24

"""What the metrics tell is what happened, and nobody outside can make a series of his own."""

import json
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from responder.daemon.meter import _MOST_SERIES, Meter
from responder.values import Ban, Prefix, Scope
from tests.daemon.engine import Clocked, Engine
from tests.metrics.promtool import promtool
from tests.metrics.test_outlets import free_port

SEVEN = "203.0.113.7"


def scraped(text: str) -> dict[str, float]:
    """Return every figure by its name and labels."""
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in parsed(text)
        for sample in family.samples
    }


@pytest.fixture
def port() -> int:
    return free_port()


def scrape(engine: Engine, port: int) -> str:
    engine.daemon._tick_at = 0.0
    engine.turn()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def test_offences_bans_and_what_is_owed_are_told(tmp_path: Path, port: int) -> None:
    """And the real checker finds nothing wrong with how."""
    engine = Engine(tmp_path, f'[metrics]\nlisten = "127.0.0.1:{port}"\n')
    with engine.running():
        engine.write(SEVEN, 5)
        engine.until(engine.bans)
        engine.ask("ban", address="203.0.113.8")
        engine.settle()

        Clocked.ahead = 11.0  # who is banned is counted every ten seconds
        text = scrape(engine, port)
        told = scraped(text)

        rule = "sshd-failed-password"
        assert told[f"responder_offences_total login {rule}"] == 5
        assert told[f"responder_bans_total login {rule}"] == 1
        assert told["responder_bans_total manual "] == 1
        assert told["responder_bans_active login"] == 1
        assert told["responder_bans_active manual"] == 1
        assert told[f"responder_lines_total {engine.log}"] == 5
        assert told["responder_bans_unsettled"] == told["responder_store_owed"] == 0
        assert told["responder_store_up"] == told["responder_firewall_up"] == 1
        assert told["responder_firewall_requests_total done"] >= 3
        assert engine.clock() - told["responder_last_commit_timestamp_seconds"] < 60
        assert promtool("check", "metrics", given=text) == ""

        with engine.store_broken():
            engine.write(SEVEN, 2)
            engine.until(lambda: engine.daemon.ledger.trouble)
            assert scraped(scrape(engine, port))["responder_store_up"] == 0


def test_a_ban_that_the_firewall_has_not_confirmed_is_unsettled(tmp_path: Path) -> None:
    """Until a sync brings it."""
    missing = tmp_path / "nobody.sock"
    engine = Engine(tmp_path)
    engine.file.write_text(
        engine.file.read_text().replace("[firewall]", f"[firewall]\nsocket = {json.dumps(str(missing))}")
    )
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        assert engine.daemon.kernel.unsettled == 1
        assert engine.daemon.kernel.outcomes["failed"] >= 1


def test_nobody_outside_can_make_series(engine: Engine) -> None:
    """The number of an alert is no rule; there is a most of everything."""
    with engine.running():
        meter = Meter(engine.daemon)
        for number in range(_MOST_SERIES + 100):
            meter.banned(Ban(Prefix.parse(SEVEN), Scope(), "active-response", f"alert {number}", 0.0, 1.0, 1, ""))
            meter._add(meter._offences, (f"rule{number}", "login"), 1)

        assert dict(meter._bans) == {("other", "active-response"): _MOST_SERIES + 100}
        assert len(meter._offences) == _MOST_SERIES + 1
        assert meter._offences["other", "other"] == 100

"""Figures are served and written by threads of their own, in a form that the real checker accepts."""

import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families as parsed

from responder.metrics import server
from responder.metrics.exposition import Exposition
from responder.metrics.family import Family, gauge, gauges, total
from responder.metrics.outlets import Outlets
from responder.metrics.textfile import Textfile
from responder.settings.metrics import MetricsSettings
from tests.lab.wait import until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def served(port: int) -> Iterator[Outlets]:
    settings = MetricsSettings(listen=f"127.0.0.1:{port}")
    with closing(Outlets(settings)) as outlets:
        yield outlets


def scrape(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def test_what_was_shown_last_is_served(served: Outlets, port: int) -> None:
    """And nothing of what was shown before."""
    served.show([gauge("rules", "Rules.", 7)])
    served.show([gauge("rules", "Rules.", 8)])

    assert [line for line in scrape(port).splitlines() if not line.startswith("#")] == ["responder_rules 8.0"]


def test_a_client_that_says_nothing_keeps_nobody_from_handing_figures_in(
    served: Outlets, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds up other scrapers for a few seconds, and is then hung up on."""
    monkeypatch.setattr(server._Request, "timeout", 0.3)
    with socket.create_connection(("127.0.0.1", port)) as silent:
        for number in range(1000):
            served.show([gauge("rules", "Rules.", number)])
        assert "responder_rules 999.0" in scrape(port)
        assert silent.recv(100) == b""


def test_an_address_that_is_taken_is_told_and_ends_nobody(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """Figures are no reason to be without protection."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        Outlets(MetricsSettings(listen=f"127.0.0.1:{port}")).close()

    assert f"metrics: nobody can be served at 127.0.0.1:{port}: Address already in use" in caplog.text


def test_a_file_is_replaced_whole_and_goes_with_the_daemon(tmp_path: Path) -> None:
    """Whoever reads it meanwhile reads the one before; nothing else is left in its folder."""
    path, exposition = tmp_path / "responder.prom", Exposition()
    exposition.show([gauge("rules", "Rules.", 7)])
    with closing(Textfile(path, exposition, 0.01)):
        until(path.exists)
        with path.open() as before:
            exposition.show([gauge("rules", "Rules.", 8)])
            until(lambda: "responder_rules 8.0" in path.read_text())
            assert "responder_rules 7.0" in before.read()

    until(lambda: not list(tmp_path.iterdir()))


class Slow(Exposition):
    """Has nothing to tell before *ready*."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.ready = Event(), Event()

    def collect(self) -> Iterator[Metric]:
        self.asked.set()
        self.ready.wait(30)
        return iter(())


def test_the_file_goes_though_it_is_just_being_written(tmp_path: Path) -> None:
    """Else figures of a daemon that is gone would be read for ever."""
    exposition = Slow()
    file = Textfile(tmp_path / "responder.prom", exposition, 0.01)
    assert exposition.asked.wait(30)
    closing = Thread(target=file.close)
    closing.start()
    until(file._closed.is_set)
    exposition.ready.set()
    closing.join(30)
    until(lambda: not [thread for thread in enumerate_threads() if thread.name == "textfile"])

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And written to when it is."""
    path = tmp_path / "later" / "responder.prom"
    with closing(Textfile(path, Exposition(), 0.01)):
        until(lambda: "cannot be written: No such file or directory" in caplog.text)
        path.parent.mkdir()
        until(path.exists)

    assert caplog.text.count("cannot be written") == 1


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.floats(allow_nan=False), max_size=5))
def test_any_name_of_a_source_is_told_as_it_is(names: dict[str, float]) -> None:
    """Quotes, newlines and backslashes in a path break nothing."""
    exposition = Exposition()
    exposition.show([gauges("lag", "Lag.", "source", names)])

    text = generate_latest(exposition.registry).decode()

    found = {sample.labels["source"]: sample.value for family in parsed(text) for sample in family.samples}
    assert found == names


def test_the_library_is_not_loaded_where_nothing_is_asked_for() -> None:
    """Most hosts have no Prometheus."""
    code = (
        "import sys; from responder.metrics.outlets import Outlets\n"
        "import responder.daemon.loop; from responder.settings.metrics import MetricsSettings\n"
        "Outlets(MetricsSettings()).show([]); sys.exit('prometheus_client' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_families_are_named_as_they_should_be() -> None:
    """Counters end in _total."""
    assert total("x", "X.", 1) == Family("counter", "responder_x_total", "X.", (), {(): 1})

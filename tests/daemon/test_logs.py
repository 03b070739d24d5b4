"""Logs are read in small pieces by who keeps up, and in large ones by who does not."""

from pathlib import Path

from responder.daemon.logs import Log
from responder.detect.detector import Detector
from responder.settings.source import SourceSettings
from responder.sources import Arrivals

LINE = b"Nov 23 13:46:37 mx app[1]: " + b"x" * 72 + b"\n"


def test_pieces_grow_while_more_waits_than_is_taken_and_are_small_again_after(tmp_path: Path) -> None:
    """What is done once a turn then counts for less; a bound keeps memory and delay in bounds."""
    path = tmp_path / "app.log"
    path.write_bytes(b"")
    log = Log(SourceSettings(path=str(path)), {}, 0.0, 0.0, Arrivals())
    detector = Detector([])

    def taken() -> list[int]:
        sizes: list[int] = []
        while True:
            before = log.lines
            log.poll(detector, 0.0)
            if log.lines == before:
                return sizes
            sizes.append((log.lines - before) * len(LINE) >> 10)

    log.poll(detector, 0.0)
    floods = []
    for _ in range(2):
        with path.open("ab") as file:
            file.write(LINE * 200_000)
        floods.append(taken())

    assert [flood[:5] for flood in floods] == [[512, 1024, 2048, 4096, 4096]] * 2
    assert max(map(max, floods)) <= 4096
    assert log.lines == 400_000

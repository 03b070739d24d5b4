"""Ours and theirs are compared turn by turn, line for line."""

from pathlib import Path

from tests.bench import peers
from tests.bench.figure import Figure
from tests.bench.readers import Reader


def _count(output: bytes) -> int:
    return int(output.split()[0])


def test_who_takes_a_quarter_of_the_time_reads_four_times_as_much() -> None:
    assert peers.ratios([(1e-6, 4e-6), (3e-6, 1.5e-6)]) == (4.0, 0.5)


def test_each_peer_is_measured_beside_ours_on_its_part_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"good\nbad\n" * 50)
    ours = Reader("ours", lambda path: ("grep", "-c", "bad", path), _count)
    others = [
        Reader("all", lambda path: ("wc", "-l", path), _count, part=10),
        Reader("mute", lambda path: ("true", path), None),
    ]

    figures = {(one.name, one.unit): one for one in peers.compared(ours, others, log, 100, "")}

    assert figures["all, of these found", "%"] == Figure("all, of these found", "%", (200.0,))
    assert ("mute, of these found", "%") not in figures
    assert len(figures["ours", "lines/s"].runs) == 2 * peers.ROUNDS
    for peer in ("all", "mute"):
        for name, unit in ((peer, "lines/s"), (peer, "CPU s per 1 M lines"), (f"ours to {peer}", "times")):
            assert len(figures[name, unit].runs) == peers.ROUNDS
    ratio, speed = figures["ours to all", "times"].runs, figures["all", "lines/s"].runs
    mine = figures["ours", "lines/s"].runs[: peers.ROUNDS]
    assert all(abs(a * b / c - 1) < 1e-6 for a, b, c in zip(ratio, speed, mine, strict=True))

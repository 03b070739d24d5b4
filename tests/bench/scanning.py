"""scanning - lines a second of ``responder scan`` on a generated mail log, as a whole process."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench import logs
from tests.bench.figure import Figure
from tests.bench.metered import run

RUNS = 5


def measure(folder: Path, lines: int) -> Iterator[Figure]:
    """Yield the figures for a log of *lines* lines, a tenth and a half of them offences."""
    for share in logs.SHARES:
        log = logs.log(folder, lines, share)
        words = (sys.executable, "-m", "responder", "scan", "--timezone", "UTC", "--json", log)
        runs = [run(*words) for _ in range(RUNS)]
        name = f"scan, {share:.0%} offences"
        yield Figure(name, "lines/s", tuple(lines / one.wall for one in runs))
        yield Figure(name, "CPU s per 1 M lines", tuple(one.cpu * 1e6 / lines for one in runs))
        yield Figure(name, "MB at most", tuple(one.peak for one in runs))

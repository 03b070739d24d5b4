"""scanning - lines a second of ``responder scan`` on a generated mail log, as a whole process."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figure import Figure
from tests.lab import maillog

RUNS = 5


def measure(folder: Path, lines: int) -> Iterator[Figure]:
    """Yield the figures for a log of *lines* lines, a tenth and a half of them offences."""
    for share in (0.1, 0.5):
        log = folder / f"mail{share}.log"
        with log.open("wb") as file:
            file.writelines(maillog.lines(lines, maillog.Mix(offences=share)))
        runs = [_run(log) for _ in range(RUNS)]
        name = f"scan, {share:.0%} offences"
        yield Figure(name, "lines/s", tuple(lines / wall for wall, _ in runs))
        yield Figure(name, "CPU s per 1 M lines", tuple(cpu * 1e6 / lines for _, cpu in runs))


def _run(log: Path) -> tuple[float, float]:
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "responder", "scan", "--timezone", "UTC", "--json", str(log)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

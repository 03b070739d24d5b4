"""profiling - where `responder scan` spends its time: its dearest functions, and all of them for a viewer of one's own.

Python's own profiler counts every call, which makes small functions look dearer than
they are; compare the order, not the times.
"""

import pstats
import subprocess
import sys
from pathlib import Path

from tests.bench import logs

_FUNCTIONS = 30


def profile(folder: Path, lines: int, report: Path) -> list[Path]:
    """Write *report*, and beside it a file that `pstats` reads for each share of offences; return all."""
    raws = [_raw(report, share) for share in logs.SHARES]
    with report.open("w") as text:
        for share, raw in zip(logs.SHARES, raws, strict=True):
            log = logs.log(folder, lines, share)
            words = ("-m", "cProfile", "-o", raw, "-m", "responder", "scan", "--timezone", "UTC", "--json", log)
            subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
            text.write(f"responder scan, {lines:,} lines, {share:.0%} offences, by own time\n\n")
            pstats.Stats(str(raw), stream=text).strip_dirs().sort_stats("tottime").print_stats(_FUNCTIONS)
    return [report, *raws]


def _raw(report: Path, share: float) -> Path:
    return report.with_name(f"{report.stem}-{round(100 * share)}.pstats")

"""python -m tests.bench.onepass CONFIG LOG - detector and tracker over LOG, as in `responder scan`, and no report.

Prints what it took as JSON: seconds of the processor until the program is *ready* to
load rules, until it has loaded them, and for the loop over the log; the most memory that
was held, in MB; how many offences there were, and how many addresses are tracked and banned in the end.
"""

import gc
import json
import sys
import time
from datetime import UTC
from pathlib import Path
from typing import NamedTuple, Self

from responder import config
from responder.decide.allowlist import Allowlist
from responder.decide.tracker import Tracker
from responder.detect.detector import Detector
from responder.detect.trails import Trails
from responder.formats.stamps import Stamps
from responder.sources import read_whole
from tests.bench.metered import run


class Pass(NamedTuple):
    """What one pass over a log took, and where it ended."""

    start: float
    load: float
    loop: float
    peak: float
    offences: int
    tracked: int
    banned: int

    @classmethod
    def over(cls, log: Path, settings: Path) -> Self:
        """Run one in a process of its own."""
        return cls(*json.loads(run(sys.executable, "-m", __name__, settings, log).output))


def main() -> None:
    """Read the log that the command line names."""
    settings, log = map(Path, sys.argv[1:])
    gc.set_threshold(100_000, 50, 100)  # as in `responder scan`
    started = time.process_time()
    loaded = config.load(settings)
    detector = Detector(loaded.in_force())
    tracker = Tracker(loaded.policies, Allowlist([]), loaded.settings.limits.tracked)
    stamps, trails = Stamps(UTC, log.stat().st_mtime), Trails()
    ready = time.process_time()
    count = 0
    for chunk in read_whole(log):
        offences = detector.find(chunk.data, stamps, trails=trails)
        count += len(offences)
        for offence in offences:
            tracker.judge(offence)
    done = time.process_time()
    print(json.dumps([started, ready - started, done - ready, _peak(), count, tracker.tracked, len(tracker.bans(0.0))]))


def _peak() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main()

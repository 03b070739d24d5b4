"""parts - what each part of the way from a log to the kernel costs, alone: where the limit is.

The real functions over the same log, one after the other, a few rounds of all of
them; time of the processor.  What cannot be called by itself is a difference, and says
of what.  A candidate is a line that holds a literal of some rule.

    reading      whole lines out of the file
    scanning     one pass for the literals of all rules
    cutting out  the candidates: finding in lines without a header, less the scan
    matching     header, pattern and address of a candidate: what is left of finding
    header       where its message begins and whose it is, read alone, as for lines that do not come in masses
    stamps       when it was
    finding      scanning, cutting out, matching and stamps: what the detector takes
    handing over what was found to another process, packed and unpacked (pickle): what a process for finding would
                 save is the finding, and what it would cost the other one is half of this
    judging      windows, allowlist, bans
    committing   into SQLite, a transaction for each chunk
    enforcing    bans in nftables, a thousand in one transaction; where this is root
"""

import gc
import pickle
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path

from responder import config
from responder.decide.allowlist import Allowlist
from responder.decide.tracker import Judgement, Tracker
from responder.detect.detector import Detector
from responder.detect.scanner import Scanner, fastest
from responder.detect.trails import Trails
from responder.formats import syslog
from responder.formats.stamps import Stamps
from responder.sources import read_whole
from responder.store.state import Batch, StateStore
from responder.values import Offence
from tests.bench import logs
from tests.bench.enforcing import targets
from tests.bench.figure import Figure
from tests.enforce.namespace import inside
from tests.enforce.opened import opened
from tests.lab import maillog, network

RUNS = 5
_BANS = 1000
_HOUR = 3600.0
_NOW = maillog.START + maillog.DAY
_UNITS = {
    "reading": "line",
    "scanning": "line",
    "cutting out": "line",
    "matching": "candidate",
    "header": "candidate",
    "stamps": "candidate",
    "finding": "line",
    "handing over": "offence",
    "judging": "offence",
    "committing": "offence",
}


def measure(folder: Path, lines: int) -> Iterator[Figure]:
    """Yield the figures for a log of *lines* lines, and each share of offences in it."""
    for share in logs.SHARES:
        yield from until_the_store(folder, logs.log(folder, lines, share), f", {share:.0%} offences")
    if not network.missing():
        yield Figure("enforcing", "us per ban", tuple(_enforced() for _ in range(RUNS)))


def until_the_store(folder: Path, log: Path, what: str) -> Iterator[Figure]:
    """Yield the figures of all parts but the last, for the lines of *log*."""
    loaded = config.load(None)
    rules = loaded.in_force()
    detector = Detector(rules)
    scanner = fastest(sorted({word.encode() for rule in rules for word in getattr(rule, "literals", ())}))
    chunks = [chunk.data for chunk in read_whole(log)]
    headless = [b"#" + data[:-1].replace(b"\n", b"\n#") + b"\n" for data in chunks]
    candidates = [line for data in chunks for line in _candidates(scanner, data)]
    stamps = [head.stamp for line in candidates if (head := syslog.header(line))]
    judged = list(_judged(loaded, _found(detector, chunks)))
    offences = [[judgement.offence for judgement in chunk] for chunk in judged]
    works: dict[str, Callable[[], object]] = {
        "reading": lambda: sum(1 for _ in read_whole(log)),
        "scanning": lambda: [scanner.scan(data) for data in chunks],
        "headless": lambda: list(_found(detector, headless)),
        "header": lambda: [syslog.header(line) for line in candidates],
        "stamps": lambda: list(map(_clock().read, stamps)),
        "finding": lambda: list(_found(detector, chunks)),
        "handing over": lambda: [pickle.loads(pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL)) for chunk in offences],
        "judging": lambda: list(_judged(loaded, offences)),
        "committing": lambda: _commit(folder, judged),
    }
    spent: dict[str, list[float]] = defaultdict(list)
    for _ in range(RUNS):
        for name, work in works.items():
            spent[name].append(_timed(work))
        last = {name: runs[-1] for name, runs in spent.items()}
        spent["cutting out"].append(last["headless"] - last["scanning"])
        spent["matching"].append(last["finding"] - last["headless"] - last["stamps"])
    lines = sum(data.count(b"\n") for data in chunks)
    units = {"line": lines, "candidate": len(candidates), "offence": sum(map(len, judged))}
    for name, unit in _UNITS.items():
        yield Figure(name + what, f"us per {unit}", tuple(run * 1e6 / units[unit] for run in spent[name]))


def _candidates(scanner: Scanner, data: bytes) -> Iterator[bytes]:
    """Yield the lines in which *scanner* finds something."""
    line_end = -1
    for end, _ in scanner.scan(data):
        if end > line_end:
            begin, line_end = data.rfind(b"\n", 0, end) + 1, data.find(b"\n", end)
            yield data[begin:line_end]


def _found(detector: Detector, chunks: Iterable[bytes]) -> Iterator[list[Offence]]:
    stamps, trails = _clock(), Trails()
    for data in chunks:
        yield detector.find(data, stamps, trails=trails)


def _judged(loaded: config.Config, offences: Iterable[list[Offence]]) -> Iterator[list[Judgement]]:
    tracker = Tracker(loaded.policies, Allowlist([]), loaded.settings.limits.tracked)
    for chunk in offences:
        yield [tracker.judge(offence) for offence in chunk]


def _commit(folder: Path, judged: Iterable[list[Judgement]]) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place, closing(StateStore(Path(place, "state.db"))) as store:
        for chunk in judged:
            batch = Batch()
            batch.judge(chunk)
            store.commit(batch, _NOW)


def _enforced() -> float:
    """Return the time that a ban takes among a thousand, in microseconds."""
    now = time.time()
    with inside(), opened("nftables") as backend:
        backend.sync({}, [], now)
        crowd = dict.fromkeys(targets(0, _BANS), now + _HOUR)
        return _timed(lambda: backend.apply(crowd, now)) * 1e6 / _BANS


def _clock() -> Stamps:
    return Stamps(UTC, _NOW)


def _timed(work: Callable[[], object]) -> float:
    gc.disable()  # `responder scan` hardly lets it run either, and here everything at once is in memory
    begin = time.process_time()
    work()
    spent = time.process_time() - begin
    gc.enable()
    return spent

"""growth - what `responder scan` costs as rules grow, and lines, and the addresses that are tracked or banned.

Whole processes, and apart from them the loop over the log alone (onepass.py), in which
nothing of the start and of loading the rules is left.  The sizes take turns, so
that a slow minute of the machine hits all of them.

Rules: those come first that the offences of the log are about, so that the same is
found by ten rules as by all; then the other shipped ones in their order; what is
missing to 300 is made up (madeup.py).  Those shipped ones that are not wanted are
disabled, so they are read all the same.  Addresses: every line is an offence, the
attackers take turns, and either all of them are tracked and none is ever banned, or each
is banned by his first offence; the loop alone.
"""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from responder import config
from responder.detect.detector import Detector
from responder.formats.stamps import Stamps
from tests.bench import logs, madeup
from tests.bench.figure import Figure
from tests.bench.metered import Run, run
from tests.bench.onepass import Pass
from tests.lab import maillog

RUNS = 3
RULES = (10, 30, 100, 300)
ADDRESSES = (100, 10_000, 100_000, 1_000_000)
_WHOLE, _LOOP = "whole process", "loop alone"
_CPU = "CPU s per 1 M lines"
_POLICIES = {"tracked": 'limit = 100\nwithin = "1s"', "banned": 'limit = 1\nwithin = "10m"\nban = "365d"'}


def measure(folder: Path, lines: int) -> Iterator[Figure]:
    """Yield the figures; a log that does not itself grow has *lines* lines."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        yield from _rules(place, logs.log(folder, lines, logs.SHARES[0]), lines)
        yield from _lines(place, {size: logs.log(folder, size, logs.SHARES[0]) for size in _around(lines)})
        yield from _addresses(place, folder, lines)


def settings_with(folder: Path, count: int, first: set[str]) -> Path:
    """Return settings, written into *folder*, that put *count* rules in force: those named *first*, then others."""
    shipped = [rule.id for rule in config.load(None).in_force()]
    wanted = sorted(shipped, key=lambda rule: rule not in first)[:count]
    (folder / "rules").mkdir(parents=True)
    madeup.write(folder / "rules", count - len(wanted))
    settings = {
        "state": str(folder),
        "rules": [str(folder / "rules")],
        "disable": [one for one in shipped if one not in wanted],
    }
    return _written(folder, "\n".join(f"{key} = {json.dumps(value)}" for key, value in settings.items()))


def settings_for(folder: Path, fate: str) -> Path:
    """Return settings, written into *folder*, under which every attacker of `logs.attack` is tracked, or banned."""
    text = "\n".join(f"[policy.{name}]\n{_POLICIES[fate]}" for name in config.load(None).policies)
    return _written(folder, f"state = {json.dumps(str(folder))}\n{text}")


def _rules(place: Path, log: Path, lines: int) -> Iterator[Figure]:
    detector, stamps = Detector(config.load(None).in_force()), Stamps(UTC, maillog.START + maillog.DAY)
    beginning = logs.beginning(log, min(lines, 10_000))
    first = {offence.rule for offence in detector.find(beginning.read_bytes(), stamps)}
    counts = sorted({*RULES, len(detector.rules)})
    settings = {count: settings_with(place / f"rules-{count}", count, first) for count in counts}
    for one in settings.values():
        Pass.over(beginning, one)  # from now on its rules are known to be proven
    loads, peaks, wholes, loops, found = _runs(), _runs(), _runs(), _runs(), set()
    for _ in range(RUNS):
        for count, one in settings.items():
            whole, alone = _scan(log, one), Pass.over(log, one)
            found.add(alone.offences)
            wholes[count].append(whole.cpu * 1e6 / lines)
            peaks[count].append(whole.peak)
            loads[count].append(alone.load)
            loops[count].append(alone.loop * 1e6 / lines)
    if len(found) != 1:
        raise RuntimeError(f"more rules found other offences: {found}")
    yield from _row(_WHOLE, _CPU, "rules", wholes)
    yield from _row(_LOOP, _CPU, "rules", loops)
    yield from _row("loading them", "CPU s", "rules", loads)
    yield from _row(_WHOLE, "MB at most", "rules", peaks)
    for name, row in ((_WHOLE, wholes), (_LOOP, loops)):
        least, most = row[min(RULES)], row[max(RULES)]
        times = tuple(many / few for few, many in zip(least, most, strict=True))
        yield Figure(f"{max(RULES)} rules to {min(RULES)}, {name}", "times", times)


def _lines(place: Path, given: dict[int, Path]) -> Iterator[Figure]:
    settings = _written(place, f"state = {json.dumps(str(place))}")
    peaks, wholes, loops = _runs(), _runs(), _runs()
    for _ in range(RUNS):
        for lines, log in given.items():
            whole = _scan(log, settings)
            wholes[lines].append(whole.cpu * 1e6 / lines)
            peaks[lines].append(whole.peak)
            loops[lines].append(Pass.over(log, settings).loop * 1e6 / lines)
    yield from _row(_WHOLE, _CPU, "lines", wholes)
    yield from _row(_LOOP, _CPU, "lines", loops)
    yield from _row(_WHOLE, "MB at most", "lines", peaks)


def _addresses(place: Path, folder: Path, lines: int) -> Iterator[Figure]:
    sizes = [size for size in ADDRESSES if size <= lines]
    for fate in _POLICIES:
        (place / fate).mkdir()
        settings = settings_for(place / fate, fate)
        costs, peaks = _runs(), _runs()
        for _ in range(RUNS):
            for size in sizes:
                one = Pass.over(logs.attack(folder, lines, size), settings)
                if (one.offences, getattr(one, fate)) != (lines, size):
                    raise RuntimeError(f"{one}: not {size} {fate}")
                costs[size].append(one.loop * 1e6 / lines)
                peaks[size].append(one.peak)
        yield from _row(f"all {fate}", "CPU s per 1 M offences", "addresses", costs)
        yield from _row(f"all {fate}", "MB at most", "addresses", peaks)


def _around(lines: int) -> tuple[int, ...]:
    return lines // 10, lines * 3 // 10, lines, lines * 3


def _scan(log: Path, settings: Path) -> Run:
    words = ("-m", "responder", "scan", "--config", settings, "--timezone", "UTC", "--json")
    return run(sys.executable, *words, log)


def _row(name: str, unit: str, of: str, runs: dict[int, list[float]]) -> Iterator[Figure]:
    for size, measured in runs.items():
        yield Figure(name, unit, tuple(measured), at=size, of=of)


def _runs() -> dict[int, list[float]]:
    return defaultdict(list)


def _written(folder: Path, text: str) -> Path:
    path = folder / "responder.toml"
    path.write_text(text + "\n")
    return path

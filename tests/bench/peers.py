"""peers - how fast a mail log is read by us and by others, in turn, in one run, each on the same one core.

Before every run of a peer there is one of ours, and the two are compared with each
other alone: what slows the machine down for a while hits both.  Whole processes, their
start included; the log is in memory.  What each peer does for it is not the same: see
readers.py.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import logs
from tests.bench.figure import Figure
from tests.bench.metered import Run, run
from tests.bench.readers import Reader, ours, theirs

ROUNDS = 5
Pair = tuple[float, float]
"""Seconds a line: of ours, and of a peer."""


def measure(folder: Path, lines: int) -> Iterator[Figure]:
    """Yield the figures for a log of *lines* lines, for each share of offences in it."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        us = ours(place)
        with theirs(place) as others:
            for share in logs.SHARES:
                yield from compared(us, others, logs.log(folder, lines, share), lines, f", {share:.0%} offences")


def compared(us: Reader, others: list[Reader], whole: Path, lines: int, what: str) -> Iterator[Figure]:
    """Yield the figures of *us* and the *others* on the log *whole*, which has *lines* lines."""
    given = {peer: logs.beginning(whole, lines // peer.part) for peer in others}
    for peer, log in given.items():
        if peer.found:
            assert us.found
            there, found = us.found(_read(us, log).output), peer.found(_read(peer, log).output)
            yield Figure(f"{peer.name}{what}, of these found", "%", (100 * found / there,))
    turns: dict[Reader, list[tuple[Run, Run]]] = {peer: [] for peer in others}
    for _ in range(ROUNDS):
        for peer, log in given.items():
            turns[peer].append((_read(us, whole), _read(peer, log)))
    yield from _speed(us, what, lines, [mine for pairs in turns.values() for mine, _ in pairs])
    for peer, pairs in turns.items():
        part = lines // peer.part
        yield from _speed(peer, what, part, [other for _, other in pairs])
        walls = ratios([(mine.wall / lines, other.wall / part) for mine, other in pairs])
        cpus = ratios([(mine.cpu / lines, other.cpu / part) for mine, other in pairs])
        yield Figure(f"ours to {peer.name}{what}", "times", walls)
        yield Figure(f"ours to {peer.name}{what}", "times, by CPU", cpus)


def _read(reader: Reader, log: Path) -> Run:
    return run(*reader.command(log), folder=log.parent)


def _speed(reader: Reader, what: str, lines: int, runs: list[Run]) -> Iterator[Figure]:
    name = reader.name + what
    yield Figure(name, "lines/s", tuple(lines / one.wall for one in runs))
    yield Figure(name, "CPU s per 1 M lines", tuple(one.cpu * 1e6 / lines for one in runs))


def ratios(pairs: list[Pair]) -> tuple[float, ...]:
    """Return how many times as many lines we read as the peer in the same time, turn by turn."""
    return tuple(theirs / ours for ours, theirs in pairs)

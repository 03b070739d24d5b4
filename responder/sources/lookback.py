"""lookback - where to begin in a log that is met for the first time.

A log is ordered by time, so the first line of the span that matters is found
by bisection: some twenty lines of a log of any size are read, not all of it.

Only reads.  The caller's *stamp_of* knows what a time looks like.

Falls short: where lines are out of order by more than their neighbours, the
answer is one of the places where the horizon is crossed.
"""

import os
from collections.abc import Callable, Iterator

_BLOCK = 64 * 1024
_LINEAR = 4096  # bytes that are read line by line rather than bisected


def lookback(fd: int, horizon: float, stamp_of: Callable[[bytes], float | None]) -> int:
    """Return the offset of the first line stamped *horizon* or later.

    Lines without a stamp (the rest of a stack trace) are passed over.  Where
    there is no such line, and where no line has a stamp, that is the end of the
    last whole line.
    """
    end = _last_newline(fd)
    low, high = 0, end  # the answer lies in [low, high]; both are line starts
    while high - low > _LINEAR:
        middle = (low + high) // 2
        found = next(_stamped(fd, middle, high, stamp_of), None)
        if found is None or found[1] >= horizon:
            high = middle
        else:
            low = found[0]
    return next((start for start, stamp in _stamped(fd, low, end, stamp_of) if stamp >= horizon), end)


def _stamped(fd: int, begin: int, end: int, stamp_of: Callable[[bytes], float | None]) -> Iterator[tuple[int, float]]:
    """Yield offset and stamp of the stamped lines that start in [begin, end)."""
    for start, line in _lines(fd, begin, end):
        stamp = stamp_of(line)
        if stamp is not None:
            yield start, stamp


def _lines(fd: int, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that start in [begin, end), each cut to a block."""
    at, inside = (begin - 1, True) if begin else (0, False)  # inside a line whose start is not ours
    while at < end:
        block = os.pread(fd, _BLOCK, at)
        if not block:
            return
        start = 0
        while (newline := block.find(b"\n", start)) >= 0:
            if at + start >= end:
                return
            if not inside:
                yield at + start, block[start:newline]
            inside, start = False, newline + 1
        if start == 0:  # a line longer than a block: its first part is enough
            if not inside:
                yield at, block
            inside, start = True, len(block)
        at += start


def _last_newline(fd: int) -> int:
    """Return the offset just past the last newline."""
    at = os.fstat(fd).st_size
    while at:
        begin = max(0, at - _BLOCK)
        newline = os.pread(fd, at - begin, begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        at = begin
    return 0

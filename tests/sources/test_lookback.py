"""lookback finds the first line of a span without reading the log."""

import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from responder.sources import lookback


def stamp_of(line: bytes) -> float | None:
    word = line.split(b" ")[0]
    return float(word) if word.isdigit() else None


def begin(data: bytes, horizon: float) -> int:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return lookback(file.fileno(), horizon, stamp_of)


def straight(data: bytes, horizon: float) -> int:
    """The answer found the slow way."""
    at = 0
    for line in data.splitlines(keepends=True):
        stamp = stamp_of(line)
        if line.endswith(b"\n") and stamp is not None and stamp >= horizon:
            return at
        at += len(line) if line.endswith(b"\n") else 0
    return at


LINES = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from([0, 5, 80, 3000])), max_size=200)


@given(LINES, st.integers(0, 300), st.sampled_from([b"", b"99999 unfinished"]))
def test_it_is_the_first_line_at_or_after_the_horizon(lines: list[tuple[int, bool, int]], at: int, end: bytes) -> None:
    data, now = b"", 100
    for step, stamped, size in lines:
        now += step
        data += (b"%d " % now if stamped else b"\tat ") + b"x" * size + b"\n"

    assert begin(data + end, 100 + at) == straight(data + end, 100 + at)


def test_a_log_without_stamps_begins_at_its_end() -> None:
    assert begin(b"no stamp\n" * 10_000 + b"unfinished", 0) == 90_000


def test_an_empty_log_begins_at_its_beginning() -> None:
    assert begin(b"", 0) == 0


def test_lines_longer_than_a_block_are_passed_over() -> None:
    data = b"1 a\n" + b"x" * 300_000 + b"\n2 b\n" + b"y" * 300_000 + b"\n3 c\n"

    assert begin(data, 2) == data.index(b"2 b")


def test_little_of_a_large_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"".join(b"%d line\n" % number for number in range(100_000, 300_000)))
    seen: list[bytes] = []
    fd = os.open(path, os.O_RDONLY)

    offset = lookback(fd, 250_000, lambda line: seen.append(line) or stamp_of(line))  # type: ignore[func-returns-value]
    os.close(fd)

    assert path.read_bytes()[offset:].startswith(b"250000 line\n")
    assert len(seen) < 1000

"""read_whole gives every line of a file once, packed or not, in bounded memory."""

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from responder.errors import UsageError
from responder.sources import MAX_LINE, Chunk, read_whole

DATA = b"".join(b"line %d\r\n" % number for number in range(200_000)) + b"the end"


def content(chunks: list[Chunk]) -> bytes:
    assert all(chunk.data.endswith(b"\n") and not chunk.live for chunk in chunks)
    return b"".join(chunk.data for chunk in chunks)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_what_a_file_is_packed_with_is_seen_from_its_content(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(pack(DATA))

    assert content(list(read_whole(path))) == DATA + b"\n"


def test_files_packed_one_after_another_are_one(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))

    assert content(list(read_whole(path))) == b"one\ntwo\n"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_named_by_a_dash(monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(pack(DATA)))))

    chunks = list(read_whole("-"))

    assert content(chunks) == DATA + b"\n"
    assert chunks[0].source == "-"


@pytest.mark.parametrize("size", [MAX_LINE + 1, 1 << 20, (1 << 20) + 1, 5_000_000])
def test_an_overlong_line_is_dropped_wherever_it_lies(tmp_path: Path, size: int) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n" + b"x" * size + b"\ntwo\n" + b"y" * size + b"\n" + b"z" * MAX_LINE + b"\n" + b"x" * size)

    assert content(list(read_whole(path))) == b"one\ntwo\n" + b"z" * MAX_LINE + b"\n"


def test_holes_are_stripped(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n" + bytes(3_000_000) + b"two\n")

    assert content(list(read_whole(path))) == b"one\ntwo\n"


def test_a_file_that_breaks_off_is_told_after_what_could_be_read(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(DATA)[:-100])
    chunks = read_whole(path)

    assert next(chunks).data.startswith(b"line 0\r\n")
    with pytest.raises(UsageError, match="cannot be read to its end"):
        list(chunks)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        list(read_whole(tmp_path / "none"))


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "log").touch()

    assert list(read_whole(tmp_path / "log")) == []

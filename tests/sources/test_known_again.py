"""A generation that is met again, under another name or in another file, goes on where it ended."""

import gzip
import os
import shutil
from pathlib import Path

import pytest

from tests.sources.logs import Log, drain, source


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "mail.log")


def point(link: Path, target: str) -> None:
    link.with_name("next").symlink_to(target)
    link.with_name("next").rename(link)


@pytest.mark.parametrize("later", [1.0, 1000.0])
def test_a_link_that_is_turned_back(tmp_path: Path, later: float) -> None:
    link, first, second = tmp_path / "current", Log(tmp_path / "1.log"), Log(tmp_path / "2.log")
    first.write(b"one\n")
    point(link, "1.log")
    followed = source(link)
    data = drain(followed)
    second.write(b"two\n")
    point(link, "2.log")
    data += drain(followed)
    data += drain(followed, now=later)
    first.write(b"three\n")
    point(link, "1.log")

    assert data + drain(followed, now=later) == b"one\ntwo\nthree\n"


def test_a_log_that_is_moved_back_after_downtime(log: Log) -> None:
    log.write(b"one\n")
    followed = source(log.path)
    drain(followed)
    old = log.rename()
    log.write(b"two\n")
    drain(followed)
    drain(followed, now=1000)
    saved = followed.positions()
    old.rename(log.path)
    log.write(b"three\n")

    assert drain(source(log.path, saved)) == b"three\n"


def test_a_log_restored_from_a_copy(log: Log) -> None:
    log.write(b"one\n")
    before = source(log.path)
    drain(before)
    shutil.copyfile(log.path, log.path.with_name("backup"))
    log.path.with_name("backup").rename(log.path)
    log.write(b"two\n")

    assert drain(source(log.path, before.positions())) == b"two\n"
    assert drain(before) == b"two\n"


def test_a_copy_that_is_still_being_made_is_no_generation(log: Log) -> None:
    log.write(b"one\n")
    followed = source(log.path)
    drain(followed)
    log.truncate()
    assert drain(followed) == b""
    log.write(b"two of some length\nthree\n")
    copy = log.path.with_name("mail.log.1")
    copy.write_bytes(b"two of")
    assert drain(followed) == b"two of some length\nthree\n"

    log.write(b"four\n")
    shutil.copyfile(log.path, copy)
    log.truncate()
    log.write(b"five\n")

    assert drain(followed) == b"four\nfive\n"


def test_a_tail_that_was_written_anew_after_a_power_failure(log: Log) -> None:
    log.write(b"one" * 100 + b"\ntwo\nthree\n")
    before = source(log.path)
    drain(before)
    os.truncate(log.path, 303)
    log.write(b"\nfour and more\nfive\n")

    followed = source(log.path, before.positions())

    assert drain(followed) == b"five\n"
    assert "unsure" in followed.status()[0].losses[0]


def test_a_truncated_log_that_begins_as_before_is_known_by_its_copy(log: Log) -> None:
    preamble = b"# the same first line\n"
    log.write(preamble + b"one\n")
    followed = source(log.path)
    drain(followed)
    log.write(b"two\n")
    log.copytruncate()
    log.write(preamble + b"three\n")

    assert drain(followed) == b"two\n" + preamble + b"three\n"


def test_a_large_packed_log_is_read_on_from_its_middle_and_again_after_a_crash(log: Log) -> None:
    lines = [b"line %d of a large log\n" % number for number in range(100_000)]
    log.write(b"".join(lines[:10]))
    before = source(log.path)
    drain(before)
    log.write(b"".join(lines[10:]))
    old = log.shift()
    packed = Path(f"{old}.gz")
    packed.write_bytes(gzip.compress(old.read_bytes()))
    old.unlink()
    log.write(b"new\n")

    after = source(log.path, before.positions())
    data = b"".join(chunk.data for _ in range(5) for chunk in after.poll(100_000, 0))
    saved = after.positions()
    after.poll(100_000, 0)
    after.close()
    again = source(log.path, saved)

    assert data + drain(again) == b"".join(lines[10:]) + b"new\n"
    again.close()


def test_a_rotated_file_that_is_written_over_is_not_mixed_up(log: Log) -> None:
    copy = log.path.with_name("mail.log.1")
    log.write(b"zero\n")
    followed = source(log.path)
    data = drain(followed)
    for number in range(1, 6):
        log.write(b"%d before\n" % number)
        shutil.copyfile(log.path, copy)
        log.touch(copy)
        log.truncate()
        log.write(b"%d after\n" % number)
        data += drain(followed, now=float(number))

    assert data == b"zero\n" + b"".join(b"%d before\n%d after\n" % (number, number) for number in range(1, 6))


def test_a_log_that_was_truncated_and_then_moved_is_found_in_its_copy(log: Log) -> None:
    log.write(b"one\n")
    followed = source(log.path)
    drain(followed)
    log.write(b"two\n")
    log.copytruncate()
    log.rename()
    log.write(b"three\n")

    assert drain(followed) == b"two\nthree\n"

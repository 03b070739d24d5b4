"""A FileSource hands out every line once, whatever rotation does to the files."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from responder.sources import MAX_LINE, FileSource, Position
from tests.sources.logs import Log, drain, source


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "mail.log")


def test_lines_come_as_they_are_written(log: Log) -> None:
    log.write(b"one\n")
    followed = source(log.path)

    assert drain(followed) == b"one\n"
    log.write(b"two\nthr")
    assert drain(followed) == b"two\n"
    log.write(b"ee\n")
    assert drain(followed) == b"three\n"
    assert followed.poll(now=0) == []


def test_the_backlog_is_not_live_and_what_follows_is(log: Log) -> None:
    log.write(b"old\n")
    followed = source(log.path)

    assert [chunk.live for chunk in followed.poll(now=0)] == [False]
    log.write(b"new\n")
    assert [chunk.live for chunk in followed.poll(now=0)] == [True]


def test_a_log_met_at_the_start_begins_where_start_says(log: Log) -> None:
    log.write(b"one\ntwo\n")

    assert drain(source(log.path, start=4)) == b"two\n"


def test_a_log_that_appears_later_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = Log(tmp_path / "deep" / "mail.log")
    followed = source(log.path, start=4)
    assert drain(followed) == b""
    assert followed.status()[0].state == "absent"

    log.path.parent.mkdir()
    log.write(b"one\ntwo\n")

    assert drain(followed) == b"one\ntwo\n"
    assert followed.status()[0].state == "present"


@pytest.mark.parametrize("rotate", [Log.rename, Log.shift, Log.copytruncate])
def test_what_was_written_before_a_rotation_is_read_first(log: Log, rotate: Callable[[Log], Path]) -> None:
    log.write(b"one\n")
    followed = source(log.path)
    assert drain(followed) == b"one\n"

    log.write(b"two\n")
    rotate(log)
    log.write(b"three\n")

    assert drain(followed) == b"two\nthree\n"
    assert followed.status()[0].rotations == 1


@pytest.mark.parametrize("rotate", [Log.rename, Log.shift, Log.copytruncate])
@pytest.mark.parametrize("begun", [b"", b"zero\n"])
def test_whole_generations_between_two_polls_are_read(log: Log, rotate: Callable[[Log], Path], begun: bytes) -> None:
    log.write(begun)
    followed = source(log.path)
    assert drain(followed) == begun

    expected = b""
    for number in range(5):
        line = b"line %d of more than a few bytes\n" % number
        log.write(line)
        expected += line
        if number < 4:
            rotate(log)

    assert drain(followed) == expected


@pytest.mark.parametrize("rotate", [Log.rename, Log.shift, Log.copytruncate])
def test_rotations_while_nobody_ran_lose_nothing(log: Log, rotate: Callable[[Log], Path]) -> None:
    log.write(b"ancient\n")
    rotate(log)
    log.write(b"one\n")
    before = source(log.path)
    assert drain(before) == b"one\n"
    saved = before.positions()
    before.close()

    log.write(b"two\n")
    rotate(log)
    log.write(b"three\n")
    rotate(log)
    log.write(b"four\n")

    assert drain(source(log.path, saved)) == b"two\nthree\nfour\n"


@pytest.mark.parametrize(("pack", "suffix"), [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")])
def test_the_rest_of_a_log_that_was_compressed_meanwhile_is_read(
    log: Log, pack: Callable[[bytes], bytes], suffix: str
) -> None:
    log.write(b"one\n")
    before = source(log.path)
    drain(before)

    log.write(b"two\n")
    old = log.shift()
    packed = Path(f"{old}.{suffix}")
    packed.write_bytes(pack(old.read_bytes()))
    log.touch(packed)
    old.unlink()
    log.write(b"three\n")

    assert drain(source(log.path, before.positions())) == b"two\nthree\n"


def test_a_log_that_is_gone_after_downtime_is_told_as_lost(log: Log) -> None:
    log.write(b"one\n")
    before = source(log.path)
    drain(before)
    saved = before.positions()
    before.close()
    log.path.rename(log.path.with_name("elsewhere"))
    log.write(b"two\n")

    followed = source(log.path, saved)

    assert drain(followed) == b"two\n"
    followed.poll(now=100)
    assert "after byte 4" in followed.status()[0].losses[0]


def test_a_truncation_without_a_copy_counts_what_was_unread(log: Log) -> None:
    log.write(b"one\ntw")
    followed = source(log.path)
    drain(followed)

    log.truncate()
    log.write(b"new\n")

    assert drain(followed) == b"new\n"
    followed.poll(now=100)
    assert followed.status()[0].lost == 2


def test_a_symbolic_link_is_followed_to_its_next_file(tmp_path: Path) -> None:
    link = tmp_path / "current"
    (tmp_path / "20240716.log").write_bytes(b"one\n")
    link.symlink_to("20240716.log")
    followed = source(link)
    assert drain(followed) == b"one\n"

    with (tmp_path / "20240716.log").open("ab") as file:
        file.write(b"two\n")
    (tmp_path / "20240717.log").write_bytes(b"three\n")
    (tmp_path / "next").symlink_to("20240717.log")
    (tmp_path / "next").rename(link)

    assert drain(followed) == b"two\nthree\n"


def test_a_writer_that_reopens_late_is_still_heard(log: Log) -> None:
    log.write(b"one\n")
    followed = source(log.path)
    drain(followed)
    with log.path.open("ab", buffering=0) as late:
        log.rename()
        assert drain(followed, now=1) == b""
        late.write(b"late\n")
        log.write(b"new\n")
        assert drain(followed, now=2) == b"late\nnew\n"
        late.write(b"latest\n")
        assert drain(followed, now=3) == b"latest\n"


def test_a_line_broken_off_by_rotation_is_handed_out_once_nobody_will_end_it(log: Log) -> None:
    log.write(b"one\ntw")
    followed = source(log.path)
    assert drain(followed) == b"one\n"
    log.rename()
    log.write(b"three\n")

    assert drain(followed, now=1) == b"three\n"
    assert drain(followed, now=10) == b""
    assert drain(followed, now=1000) == b"tw\n"
    assert drain(followed, now=2000) == b""


def test_a_line_that_is_ended_after_the_rotation_is_whole(log: Log) -> None:
    log.write(b"one\ntw")
    followed = source(log.path)
    drain(followed)
    old = log.rename()
    log.write(b"three\n")
    drain(followed, now=1)

    with old.open("ab") as late:
        late.write(b"o\n")

    assert drain(followed, now=2) == b"two\n"


def test_an_overlong_line_is_counted_and_its_neighbours_are_kept(log: Log) -> None:
    log.write(b"one\n" + b"x" * 10_000_000 + b"\ntwo\n" + b"y" * (MAX_LINE + 1) + b"\n" + b"z" * MAX_LINE + b"\n")
    followed = source(log.path)

    assert drain(followed) == b"one\ntwo\n" + b"z" * MAX_LINE + b"\n"
    assert followed.status()[0].overlong == 2


@pytest.mark.parametrize("budget", [1, 100, 70_000, 1 << 20])
def test_an_overlong_line_may_come_in_pieces(log: Log, budget: int) -> None:
    log.write(b"one\n")
    followed = source(log.path)
    data = drain(followed, budget=budget)
    for _ in range(30):
        log.write(b"x" * 50_000)
        data += drain(followed, budget=budget)
    log.write(b"\ntwo\n")

    assert data + drain(followed, budget=budget) == b"one\ntwo\n"
    assert followed.status()[0].overlong == 1
    assert drain(source(log.path, followed.positions())) == b""


def test_the_hole_left_by_a_truncation_under_a_writer_is_stripped(log: Log) -> None:
    log.write(b"one\n")
    followed = source(log.path)
    drain(followed)
    hole = 3_000_000
    with log.path.open("r+b", buffering=0) as writer:
        log.copytruncate()
        writer.seek(hole)
        writer.write(b"two\n")
        assert drain(followed) == b"two\n"
        writer.write(b"three\n")
    assert drain(followed) == b"three\n"
    assert hole + 10 in [position.offset for position in followed.positions()]
    assert drain(source(log.path, followed.positions())) == b""


def test_nuls_written_before_a_line_are_stripped_and_others_kept(log: Log) -> None:
    log.write(b"one\n\0\0\0two\nth\0ree\n" + bytes(2_000_000))
    followed = source(log.path)
    assert drain(followed) == b"one\ntwo\nth\0ree\n"

    log.write(b"four\n")
    assert drain(followed) == b"four\n"


def test_bytes_that_are_no_text_are_handed_on_untouched(log: Log) -> None:
    data = bytes(range(1, 256)) + b"\r\n\xff\xfe\r\n"
    log.write(data)

    assert drain(source(log.path)) == data


def test_a_tail_lost_in_a_power_failure_is_not_counted_twice(log: Log) -> None:
    log.write(b"one\ntwo\nthree\n")
    before = source(log.path)
    drain(before)
    os.truncate(log.path, 8)
    log.touch(log.path)

    followed = source(log.path, before.positions())
    assert drain(followed) == b""
    log.write(b"four\n")
    assert drain(followed) == b"four\n"


def test_an_inode_used_again_is_not_believed(log: Log) -> None:
    log.write(b"one\n")
    info = log.path.stat()
    saved = Position(str(log.path), info.st_dev, info.st_ino, 9, b"other\n", b"her\nxyz\n")

    assert drain(source(log.path, (saved,))) == b"one\n"


def test_an_incomplete_first_line_after_a_truncation_is_waited_for(log: Log) -> None:
    log.write(b"Jul 17 one\n")
    followed = source(log.path)
    drain(followed)
    log.truncate()
    log.write(b"Jul 17 o")
    assert drain(followed) == b""
    log.write(b"ther\n")

    assert drain(followed) == b"Jul 17 other\n"


def test_copies_made_by_an_administrator_are_no_news(log: Log) -> None:
    log.write(b"one\n")
    old = log.rename()
    log.write(b"two\n")
    followed = source(log.path)
    assert drain(followed) == b"two\n"

    for number, original in enumerate((old, log.path)):
        copy = log.path.with_name(f"mail.log.old.{number}")
        copy.write_bytes(original.read_bytes())
        log.touch(copy)
    log.rename()
    log.write(b"three\n")

    assert drain(followed) == b"three\n"


def test_other_logs_with_a_name_that_begins_alike_are_no_rotations(tmp_path: Path) -> None:
    log, other = Log(tmp_path / "mail"), Log(tmp_path / "mail.info")
    log.write(b"one\n")
    followed = source(log.path)
    drain(followed)
    log.rename()
    other.write(b"not ours\n")
    other.rename()
    log.write(b"two\n")

    assert drain(followed) == b"two\n"


def test_a_glob_follows_what_appears_but_nothing_twice(tmp_path: Path) -> None:
    first, second = Log(tmp_path / "mail.log"), Log(tmp_path / "mail.err")
    first.write(b"one\n")
    followed = source(tmp_path / "mail*")
    data = drain(followed)
    for number in range(3):
        first.rename()
        first.copytruncate()
        first.write(b"%d after\n" % number)
        second.write(b"%d error\n" % number)
        data += drain(followed, now=float(number))
    (tmp_path / "mail.log-20240001.gz").write_bytes(gzip.compress(b"one\n"))
    data += drain(followed, now=10)

    expected = [b"%d %s" % (number, what) for number in range(3) for what in (b"after", b"error")]
    assert sorted(data.splitlines()) == sorted([b"one", *expected])
    assert [Path(status.path).name for status in followed.status()] == ["mail.log", "mail.err"]


def test_a_glob_goes_on_where_its_positions_say(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.log").write_bytes(name.encode() + b"\n")
    before = source(tmp_path / "*.log")
    assert len(drain(before)) == 6
    (tmp_path / "d.log").write_bytes(b"d\n")

    assert drain(source(tmp_path / "*.log", before.positions())) == b"d\n"


def test_a_log_that_a_glob_names_at_the_start_begins_where_start_says(tmp_path: Path) -> None:
    """However late its turn comes; one that appears later is read from its beginning."""
    for name in "ab":
        (tmp_path / f"{name}.log").write_bytes(b"one\ntwo\n")
    followed = source(tmp_path / "*.log", start=4)

    first = followed.poll(budget=1, now=0)
    (tmp_path / "c.log").write_bytes(b"three\nfour\n")

    assert [chunk.data for chunk in first] == [b"two\n"]
    assert sorted(drain(followed, now=2).splitlines()) == [b"four", b"three", b"two"]


def test_a_log_that_may_not_be_read_is_told_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.mkdir()
    followed = source(path)
    assert drain(followed) == b""
    assert followed.status()[0][1:3] == ("unreadable", "is no regular file")

    path.rmdir()
    path.write_bytes(b"one\n")

    assert [chunk[1:] for chunk in followed.poll(now=0)] == [(b"one\n", False)]


def test_a_log_that_was_deleted_is_let_go_of(log: Log) -> None:
    log.write(b"one\ntw")
    followed = source(log.path)
    drain(followed)
    log.path.unlink()

    assert drain(followed, now=1) == b""
    assert drain(followed, now=1000) == b"tw\n"
    assert followed.status()[0].behind == 0
    log.write(b"three\n")
    assert drain(followed, now=1001) == b"three\n"


def test_the_status_tells_how_far_behind(log: Log) -> None:
    log.write(b"one\ntwo\n")
    followed = source(log.path)
    followed.poll(4, now=0)

    status = followed.status()[0]
    assert (status.read, status.behind) == (4, 4)


def test_positions_before_the_first_poll_are_those_that_were_saved(log: Log) -> None:
    log.write(b"one\n")
    before = source(log.path)
    drain(before)

    assert set(source(log.path, before.positions()).positions()) == set(before.positions())


def test_closing_closes_every_file(log: Log) -> None:
    count = len(list(Path("/proc/self/fd").iterdir()))
    log.write(b"one\n")
    followed = source(log.path)
    drain(followed)
    log.rename()
    log.write(b"two\n")
    drain(followed)
    followed.close()

    assert len(list(Path("/proc/self/fd").iterdir())) == count
    assert isinstance(followed, FileSource)

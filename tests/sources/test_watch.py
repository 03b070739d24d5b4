"""A Watch wakes the daemon for its logs, and for nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from responder.sources import Watch


class Bell:
    """Counts, and can be waited for."""

    def __init__(self) -> None:
        self.count = 0
        self._rung = Event()

    def ring(self) -> None:
        self.count += 1
        self._rung.set()

    def rang(self) -> bool:
        rung = self._rung.wait(5)
        self._rung.clear()
        return rung


@contextmanager
def watching(bell: Bell, *patterns: Path) -> Iterator[Watch]:
    watch = Watch(map(str, patterns), bell.ring)
    yield watch
    watch.close()


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"line\n")


def test_a_line_wakes(tmp_path: Path) -> None:
    append(tmp_path / "mail.log")
    bell = Bell()
    with watching(bell, tmp_path / "mail.log"):
        append(tmp_path / "mail.log")
        assert bell.rang()


def test_a_glob_wakes_for_what_appears(tmp_path: Path) -> None:
    bell = Bell()
    with watching(bell, tmp_path / "*.log"):
        append(tmp_path / "new.log")
        assert bell.rang()


def test_rotation_wakes(tmp_path: Path) -> None:
    append(tmp_path / "mail.log")
    bell = Bell()
    with watching(bell, tmp_path / "mail.log"):
        (tmp_path / "mail.log").rename(tmp_path / "mail.log.1")
        assert bell.rang()


def test_neither_reading_nor_other_files_wake(tmp_path: Path) -> None:
    append(tmp_path / "mail.log")
    bell = Bell()
    with watching(bell, tmp_path / "mail.log"):
        for _ in range(50):
            (tmp_path / "mail.log").read_bytes()
            append(tmp_path / "syslog")
        append(tmp_path / "mail.log")
        assert bell.rang()
        assert bell.count < 5


def test_a_folder_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    bell = Bell()
    with watching(bell, tmp_path / "a" / "b" / "mail.log") as watch:
        (tmp_path / "a" / "b").mkdir(parents=True)
        assert bell.rang()
        watch.rearm()
        append(tmp_path / "a" / "b" / "mail.log")
        assert bell.rang()


def test_a_folder_that_was_replaced_is_watched_again(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    bell = Bell()
    with watching(bell, folder / "mail.log") as watch:
        folder.rename(tmp_path / "old")
        folder.mkdir()
        watch.rearm()
        append(folder / "mail.log")
        assert bell.rang()


def test_the_target_of_a_link_is_watched(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    append(tmp_path / "data" / "0001.log")
    (tmp_path / "current").symlink_to(tmp_path / "data" / "0001.log")
    bell = Bell()
    with watching(bell, tmp_path / "current") as watch:
        append(tmp_path / "data" / "0001.log")
        assert bell.rang()
        assert watch.problems() == ()


def test_folders_may_be_a_glob(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    bell = Bell()
    with watching(bell, tmp_path / "*" / "mail.log") as watch:
        append(tmp_path / "one" / "mail.log")
        assert bell.rang()
        (tmp_path / "two").mkdir()
        assert bell.rang()
        watch.rearm()
        append(tmp_path / "two" / "mail.log")
        assert bell.rang()

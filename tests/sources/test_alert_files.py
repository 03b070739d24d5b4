"""The files of OSSEC and Wazuh: links that are made anew for each day, and alerts of several lines."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.formats.alertlog import whole
from responder.sources import FileSource
from responder.values import Position
from tests.formats.alert import as_log
from tests.sources.logs import drain


class Alerts:
    """``alerts.json`` in *folder*, a hard link to the file of the day, as analysisd keeps it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "alerts.json"
        self._tick = 1_700_000_000
        self.day = 23
        self.dated: Path
        self._begin()

    def _begin(self) -> None:
        self.day += 1
        self.dated = self.path.parent / "2026" / "Nov" / f"ossec-alerts-{self.day}.json"
        self.dated.parent.mkdir(parents=True, exist_ok=True)
        self.dated.touch()
        os.link(self.dated, self.path)
        self._touch(self.dated)

    def _touch(self, path: Path) -> None:
        self._tick += 1
        os.utime(path, (self._tick, self._tick))

    def write(self, text: str) -> None:
        with self.dated.open("a") as file:
            file.write(text)
        self._touch(self.dated)

    def next_day(self) -> None:
        """Unlink, and link to a new file, as at midnight."""
        self.path.unlink()
        self._begin()

    def next_day_and_pack(self) -> None:
        """Do what is done a day later too: the old file is packed."""
        old = self.dated
        self.next_day()
        old.with_name(old.name + ".gz").write_bytes(gzip.compress(old.read_bytes()))
        os.utime(old.with_name(old.name + ".gz"), (self._tick - 1,) * 2)
        old.unlink()


Turn = Callable[[Alerts], None]
TURNS = pytest.mark.parametrize("turn", [Alerts.next_day, Alerts.next_day_and_pack])


@pytest.fixture
def alerts(tmp_path: Path) -> Alerts:
    return Alerts(tmp_path)


def source(alerts: Alerts, saved: tuple[Position, ...] = ()) -> FileSource:
    return FileSource(str(alerts.path), saved, start=lambda _: 0)


@TURNS
def test_nothing_is_lost_or_doubled_at_midnight(alerts: Alerts, turn: Turn) -> None:
    """What was written to the old day is read first; the same file under two names is one."""
    followed = source(alerts)
    alerts.write('{"day":1}\n')
    assert drain(followed) == b'{"day":1}\n'
    alerts.write('{"day":1,"late":1}\n')
    turn(alerts)
    alerts.write('{"day":2}\n')

    assert drain(followed, now=2) == b'{"day":1,"late":1}\n{"day":2}\n'
    alerts.write('{"day":2,"more":1}\n')
    assert drain(followed, now=3) == b'{"day":2,"more":1}\n'
    assert followed.status()[0].lost == 0
    followed.close()


@TURNS
@pytest.mark.parametrize("days", [1, 2, 3])
def test_days_that_passed_while_nobody_ran_are_read(alerts: Alerts, turn: Turn, days: int) -> None:
    """The rest of the day that was begun, and whole days that nobody saw."""
    alerts.write('{"day":0}\n')
    first = source(alerts)
    assert drain(first) == b'{"day":0}\n'
    saved = first.positions()
    first.close()
    expected = b'{"day":0,"late":1}\n'
    alerts.write(expected.decode())
    for day in range(1, days + 1):
        turn(alerts)
        alerts.write(f'{{"day":{day}}}\n')
        expected += f'{{"day":{day}}}\n'.encode()

    again = source(alerts, saved)

    assert b"".join(drain(again, now=now) for now in range(1, 6)) == expected
    assert again.status()[0].lost == 0
    again.close()


def test_days_before_the_first_start_are_nobodys(alerts: Alerts) -> None:
    """They are older than what is followed, however many there are."""
    for day in range(5):
        alerts.write(f'{{"day":{day}}}\n')
        alerts.next_day()
    alerts.write('{"today":1}\n')
    followed = source(alerts)

    assert drain(followed) == b'{"today":1}\n'
    alerts.next_day()
    alerts.write('{"tomorrow":1}\n')
    assert drain(followed, now=2) == b'{"tomorrow":1}\n'
    followed.close()


@given(st.data())
def test_an_alert_comes_whole_and_once(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """However its writing is cut, and wherever the reader is stopped and started again."""
    path = tmp_path_factory.mktemp("alerts") / "alerts.log"
    texts = [as_log(number, full_log="x" * number) for number in range(1, 5)]
    stream = "".join(texts).encode()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream)), max_size=6)) | {len(stream)})
    restarts = data.draw(st.sets(st.sampled_from(cuts)))
    followed = FileSource(str(path), (), start=lambda _: 0, cut=whole)
    found, begin = [], 0
    for now, cut in enumerate(cuts):
        with path.open("ab") as file:
            file.write(stream[begin:cut])
        begin = cut
        found += [chunk.data for chunk in followed.poll(now=float(now))]
        if cut in restarts:
            saved = followed.positions()
            followed.close()
            followed = FileSource(str(path), saved, start=lambda _: 0, cut=whole)
    followed.close()

    assert b"".join(found) == stream
    assert all(chunk.startswith(b"** Alert ") and chunk.endswith(b"\n\n") for chunk in found)

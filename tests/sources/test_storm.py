"""Hundreds of rotations under a writer at full speed lose no line and double none."""

import subprocess
import sys
from pathlib import Path

import pytest

from responder.sources import Position
from tests.sources import storm
from tests.sources.logs import source


@pytest.mark.parametrize(
    ("kind", "rotations"), [("rename", 300), ("copytruncate", 300), ("symlink", 300), ("shift", 40)]
)
@pytest.mark.parametrize("killed", [False, True])
def test_a_storm_of_rotations_loses_nothing(tmp_path: Path, kind: str, rotations: int, *, killed: bool) -> None:
    path = tmp_path / "mail.log"
    followed = source(path)
    followed.poll(now=0)
    saved: tuple[Position, ...] = followed.positions()
    committed: list[bytes] = []
    now = 0.0
    writer = subprocess.Popen(
        [sys.executable, storm.__file__, kind, str(path), str(rotations), "300"], stdout=subprocess.PIPE
    )
    quiet = 0
    while quiet < 3:
        over = writer.poll() is not None
        data = b"".join(chunk.data for chunk in followed.poll(now=now))
        quiet = quiet + 1 if over and not data else 0
        now += 1.0 if over else 0.01
        if killed and len(committed) % 7 == 3:
            followed.close()
            followed = source(path, saved)
            committed.append(b"")
            continue
        committed.append(data)
        saved = followed.positions()
    followed.close()
    assert writer.stdout is not None
    count = int(writer.stdout.read())
    writer.stdout.close()

    numbers = [int(line.split()[1]) for line in b"".join(committed).splitlines()]
    assert len(numbers) == count
    assert sorted(numbers) == list(range(count))

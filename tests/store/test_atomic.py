"""A batch is all or nothing, whenever the writer dies and whenever the disk is full."""

import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from responder.errors import StoreError
from responder.store.database import Lock
from responder.store.state import Batch, StateStore
from responder.values import Prefix
from tests.lab.disk import fill
from tests.store import strategies as some
from tests.store.strategies import NOON

# Batch N holds N's offences, one ban that says so, a position that says so; what is there already is gone on from.
_WRITE = """
import sys
from pathlib import Path
from responder.store.state import Batch, StateStore
from responder.values import Position
from tests.store import strategies as some

store = StateStore(Path(sys.argv[1]))
number = len(store.recent_bans(0.0))
print("open", flush=True)
while True:
    number += 1
    judged = [some.judgement("192.0.2.7", some.NOON, str(number)) for _ in range(number % 50)]
    position = Position("/var/log/mail.log", 1, 1, number, b"", b"")
    store.commit(Batch(judged, [some.a_ban("192.0.2.7", some.NOON + number)], {"mail": (position,)}), some.NOON)
    if number % 5 == 0:
        print(number, flush=True)
"""


def test_offences_bans_and_positions_agree_whenever_the_writer_is_killed(tmp_path: Path) -> None:
    """SIGKILL after any number of batches, at any instant: exactly the batches up to some number are there."""
    path = tmp_path / "state.db"
    choose = Random(7)
    reached = 0
    for _ in range(25):
        with subprocess.Popen([sys.executable, "-c", _WRITE, path], stdout=-1) as writer:
            assert writer.stdout
            for _ in range(choose.randrange(1, 12)):
                writer.stdout.readline()
            for _ in range(choose.randrange(0, 20_000)):
                pass
            writer.send_signal(signal.SIGKILL)

        store = StateStore(path)
        last = len(store.recent_bans(0.0))
        found = [int(one.offence.line) for one in store.recent_judgements(1e9)]
        positions = store.positions()
        store.close()

        assert found == [number for number in range(1, last + 1) for _ in range(number % 50)]
        assert [at.offset for at in positions.get("mail", ())] == ([last] if last else [])
        assert last >= reached
        reached = last
    assert reached > 100


@pytest.mark.kernel
def test_a_full_disk_refuses_a_batch_whole_and_takes_it_once_when_there_is_room(small_disk: Path) -> None:
    """What was committed before stays readable all the while; nothing is half there, nothing is there twice."""
    store = StateStore(small_disk / "state.db")
    before = [some.judgement("192.0.2.7", NOON + n, "x" * 500) for n in range(100)]
    owed = [some.judgement("192.0.2.8", NOON + n, "y" * 1500) for n in range(400)]
    store.commit(Batch(before), NOON)
    ballast = fill(small_disk)

    for _ in range(3):
        with pytest.raises(StoreError, match=r"full|I/O"):
            store.commit(Batch(owed), NOON)
    assert store.offences_of(Prefix.parse("192.0.2.0/24"), 1000) == before
    ballast.unlink()
    store.commit(Batch(owed), NOON)

    store.close()
    again = StateStore(small_disk / "state.db")
    assert [*again.recent_judgements(1e9)] == before + owed
    again.close()


@pytest.mark.kernel
def test_a_full_disk_at_the_start_is_a_store_error(small_disk: Path) -> None:
    """Neither lock nor database can be made, and both say so."""
    fill(small_disk)

    with pytest.raises(StoreError, match="No space left"):
        Lock(small_disk)
    with pytest.raises(StoreError, match=r"state\.db"):
        StateStore(small_disk / "state.db")


@pytest.mark.kernel
def test_a_read_only_disk_is_a_store_error_and_mended_by_a_remount(small_disk: Path) -> None:
    """While it lasts nothing is taken; afterwards everything is."""
    path = small_disk / "state.db"
    StateStore(path).close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    with pytest.raises(StoreError, match=str(small_disk)):
        Lock(small_disk)
    with pytest.raises(StoreError, match=r"state\.db"):
        StateStore(path)

    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    store = StateStore(path)
    store.commit(Batch([some.judgement("192.0.2.7")]), NOON)
    store.close()

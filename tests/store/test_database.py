"""The database file: one process at a time, never deleted, never half made, never guessed at."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from responder.errors import StoreError
from responder.store.database import CorruptError, Lock, connect, set_aside
from responder.store.schema import metadata
from responder.store.state import Batch, StateStore
from responder.values import Position, Prefix
from tests.store import strategies as some
from tests.store.strategies import NOON

_HOLD = """
import sys
from pathlib import Path
from responder.store.database import Lock
held = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
_PAGE = 4096


def test_migrations_make_the_tables_that_the_program_speaks_to(tmp_path: Path) -> None:
    """Tables, columns, types and indexes of a migrated file are those of the schema, no more and no fewer."""
    with connect(tmp_path / "state.db") as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert set(sa.inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_a_second_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    """Two daemons on one folder would count everything twice: the second one learns the first one's pid."""
    with subprocess.Popen([sys.executable, "-c", _HOLD, tmp_path], stdin=-1, stdout=-1) as first:
        assert first.stdout
        assert first.stdout.readline() == b"held\n"

        with pytest.raises(StoreError, match=rf"another responder \(process {first.pid}\) uses this state folder"):
            Lock(tmp_path)
        first.send_signal(signal.SIGKILL)

    Lock(tmp_path).release()


def test_the_lock_names_its_latest_holder_only(tmp_path: Path) -> None:
    """A longer process number of an earlier holder leaves no digits behind."""
    (tmp_path / "lock").write_text("4194304000\n")
    lock = Lock(tmp_path)

    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    lock.release()


def test_a_newer_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Going back to an older responder must not garble what the newer one wrote."""
    path = tmp_path / "state.db"
    StateStore(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="made by a newer responder") as refused:
        StateStore(path)

    assert "\n" not in str(refused.value)
    assert not isinstance(refused.value, CorruptError)
    assert path.read_bytes() == before


def filled(path: Path) -> None:
    """Make a database of some hundred pages in *path*."""
    store = StateStore(path)
    spread = [some.judgement(f"198.51.{n >> 8}.{n & 255}", NOON + n, line="x" * 300) for n in range(3000)]
    position = Position("/var/log/mail.log", 1, 2, 3, b"head", b"mark")
    bans = [some.a_ban(f"198.51.{n >> 8}.{n & 255}") for n in range(1000)]
    store.commit(Batch(spread, [*bans], positions={"/var/log/mail.log": (position,)}), NOON)
    store.close()


def read_all(path: Path) -> None:
    store = StateStore(path)
    try:
        store.recent_bans(0.0)
        [*store.recent_judgements(1e9)]
        store.positions()
        store.names()
        store.offences_of(Prefix.parse("198.51.0.0/16"), 10_000)
    finally:
        store.close()


def garbage_for_a_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"this is no database" * 10)


def pages_overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(2, 200, 3):
            file.seek(page * _PAGE)
            file.write(b"\xff" * _PAGE)


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("harm", [garbage_for_a_header, pages_overwritten, cut_short])
def test_damage_is_told_from_other_trouble(tmp_path: Path, harm: object) -> None:
    """Whoever opens or reads a damaged file is told that it is corrupt, by its name."""
    path = tmp_path / "state.db"
    filled(path)
    assert callable(harm)
    harm(path)

    with pytest.raises(CorruptError, match=r"state\.db"):
        read_all(path)


@pytest.mark.parametrize("seed", range(25))
def test_no_damage_is_more_than_a_store_error(tmp_path: Path, seed: int) -> None:
    """Whatever bytes the disk gives back, reading ends with rows or with a StoreError, never with a bug's traceback."""
    path = tmp_path / "state.db"
    filled(path)
    choose = Random(seed)
    with path.open("r+b") as file:
        for _ in range(60):
            file.seek(choose.randrange(100, path.stat().st_size))
            file.write(choose.randbytes(choose.choice([1, 8, 500])))

    try:
        read_all(path)
    except StoreError as error:
        assert str(path) in str(error)  # noqa: PT017 - both endings are right


def test_what_is_set_aside_is_kept_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    """Twice in one second, too: nothing that was kept is overwritten."""
    path = tmp_path / "state.db"
    kept = []
    for content in ("first", "second", "third"):
        for suffix in ("", "-wal", "-shm"):
            (tmp_path / f"state.db{suffix}").write_text(content + suffix)
        kept.append(set_aside(path, NOON))

    for there, content in zip(kept, ("first", "second", "third"), strict=True):
        assert [Path(f"{there}{suffix}").read_text() for suffix in ("", "-wal", "-shm")] == [
            content, f"{content}-wal", f"{content}-shm",
        ]  # fmt: skip
    assert not path.exists()
    assert kept[0].name == "state.db.corrupt-20270115T080000Z"


def test_a_folder_without_a_way_in_is_a_store_error(tmp_path: Path) -> None:
    """A file where a folder should be, and no folder at all."""
    (tmp_path / "file").touch()

    for folder in (tmp_path / "file", tmp_path / "missing"):
        with pytest.raises(StoreError, match=str(folder)):
            Lock(folder)
        with pytest.raises(StoreError, match=str(folder)):
            StateStore(folder / "state.db")

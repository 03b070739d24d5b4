"""A database that a URL names is opened, migrated and mourned the same way, SQLite or PostgreSQL."""

import os
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from responder import databases
from responder.errors import StoreError
from tests.lab.postgresql import PostgreSQL

_MIGRATION = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0001", None
def upgrade():
    op.create_table("counts", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer))
    op.execute("INSERT INTO counts VALUES (1, 0)")
"""
_ENV = """
from alembic import context
context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(_ENV)
    (folder / "versions" / "0001_first.py").write_text(_MIGRATION)
    return folder


def counted(engine: sa.Engine) -> int:
    with databases.reading(engine) as connection:
        return int(connection.exec_driver_sql("SELECT n FROM counts").scalar_one())


def test_many_who_open_an_empty_database_at_once_migrate_it_once(database_url: str, migrations: Path) -> None:
    """The row that the migration makes is there once, and nobody was refused."""
    engines: list[sa.Engine] = []
    hosts = [
        threading.Thread(target=lambda: engines.append(databases.connect(database_url, migrations, "0001")))
        for _ in range(6)
    ]
    for host in hosts:
        host.start()
    for host in hosts:
        host.join()

    assert [counted(engine) for engine in engines] == [0] * 6
    for engine in engines:
        engine.dispose()


def test_no_change_is_lost_among_writers(database_url: str, migrations: Path) -> None:
    """Each adds to the same row: what they add is there."""
    engine = databases.connect(database_url, migrations, "0001")

    def add() -> None:
        for _ in range(20):
            with databases.transaction(engine) as connection:
                connection.exec_driver_sql("UPDATE counts SET n = n + 1")

    writers = [threading.Thread(target=add) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert counted(engine) == 80
    engine.dispose()


def test_a_reader_sees_one_state_whatever_is_written_meanwhile(database_url: str, migrations: Path) -> None:
    engine = databases.connect(database_url, migrations, "0001")
    with databases.reading(engine) as connection:
        before = connection.exec_driver_sql("SELECT n FROM counts").scalar_one()
        with databases.transaction(engine) as other:
            other.exec_driver_sql("UPDATE counts SET n = 7")
        assert connection.exec_driver_sql("SELECT n FROM counts").scalar_one() == before == 0

    assert counted(engine) == 7
    engine.dispose()


def test_no_host_keeps_a_lock_for_ever(postgres: PostgreSQL, migrations: Path) -> None:
    """PostgreSQL ends what waits or idles too long, in every connection."""
    engine = databases.connect(postgres.database(), migrations, "0001")
    for use in (databases.transaction, databases.reading):
        with use(engine) as connection:
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "30s"
            assert connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one() == "5min"
    engine.dispose()


def test_what_fails_inside_is_undone_and_told(database_url: str, migrations: Path) -> None:
    engine = databases.connect(database_url, migrations, "0001")

    def change() -> None:
        with databases.transaction(engine) as connection:
            connection.exec_driver_sql("UPDATE counts SET n = 7")
            connection.exec_driver_sql("UPDATE nosuchtable SET n = 7")

    with pytest.raises(StoreError, match="nosuchtable"):
        change()

    assert counted(engine) == 0
    engine.dispose()


def test_a_newer_database_is_refused(database_url: str, migrations: Path) -> None:
    engine = databases.connect(database_url, migrations, "0001")
    with databases.transaction(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()

    with pytest.raises(StoreError, match="newer"):
        databases.connect(database_url, migrations, "0001")


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://root@host/db", "sqlite:////no/such/folder/x.db"])
def test_what_cannot_be_opened_says_why(url: str, migrations: Path) -> None:
    with pytest.raises(StoreError, match=r"sqlite|unable to open"):
        databases.connect(url, migrations, "0001")


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path, migrations: Path) -> None:
    url = f"postgresql://me:secret@/db?host={tmp_path}"

    with pytest.raises(StoreError) as told:
        databases.connect(url, migrations, "0001")

    assert "secret" not in str(told.value)
    assert os.fspath(tmp_path) in str(told.value)


def test_what_root_makes_belongs_to_whom_the_folder_belongs_to(migrations: Path, tmp_path: Path) -> None:
    """A command of root's does not lock the daemon out of a new database; one that is there keeps its owner."""
    if os.geteuid() != 0:
        pytest.skip("files are given away by root alone")
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    url = f"sqlite:///{folder / 'new.db'}"

    for owner in (65534, 0):
        engine = databases.connect(url, migrations, "0001")
        assert counted(engine) == 0
        assert {path.stat().st_uid for path in folder.iterdir()} == {owner}
        engine.dispose()
        os.chown(folder / "new.db", 0, 0)

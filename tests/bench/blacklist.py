"""blacklist - a blacklist of many subjects on SQLite and PostgreSQL: filled, asked, scored anew, added to.

The addresses are random, a fifth of them in crowded /24 networks; each was
reported by a few of 200 reporters on days of the last month, so about half are
listed.  PostgreSQL gets the same rows as SQLite was filled with, by COPY; it runs
as in the tests: without fsync, with 32 MB of buffers.
"""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import sqlalchemy as sa

from responder import databases
from responder.blacklist import database, entries, reporters, rescoring, schema, subject
from responder.blacklist.lookup import lookup
from responder.blacklist.reports import report_many
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Level, Report, Subject
from responder.times import DAY
from responder.values import Prefix
from tests.bench.figure import Figure
from tests.lab import postgresql

NOW = 1_800_000_000.0
SCORING = Scoring()
_REPORTERS = [f"host{number}" for number in range(200)]
_BATCH = 1000
_LOOKUPS = 3000
_RUNS = 5


def measure(folder: Path, subjects: int, reports: int) -> Iterator[Figure]:
    """Yield the figures for that many *subjects* and *reports*."""
    addresses = list(_addresses(subjects))
    filled, used = folder / f"blacklist-{subjects}-{reports}.db", folder / "blacklist-used.db"
    if not filled.exists():
        begun = folder / "blacklist-begun.db"
        engine = database.connect(f"sqlite:///{begun}")
        took = _timed(partial(_fill, engine, addresses, reports))
        engine.dispose()
        begun.replace(filled)
        yield Figure("blacklist, SQLite, filling", "reports/s", (reports / took,))
    shutil.copyfile(filled, used)
    engine = database.connect(f"sqlite:///{used}")
    yield from _measure("SQLite", engine, addresses)
    used.unlink()
    if not postgresql.missing():
        with postgresql.PostgreSQL() as server:
            engine = database.connect(server.database())
            source = database.connect(f"sqlite:///{filled}")
            _copy(source, engine)
            source.dispose()
            yield from _measure("PostgreSQL", engine, addresses)


def _measure(name: str, engine: sa.Engine, addresses: list[Subject]) -> Iterator[Figure]:
    what = f"blacklist, {name}, "
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    yield Figure(what + "size", "MB", (_size(engine) / 1e6,))
    yield Figure(what + "lookup", "ms", tuple(_lookups(engine, addresses)))
    runs = tuple(_timed(partial(_add, engine, addresses, run)) for run in range(_RUNS))
    yield Figure(what + "1,000 reports more", "s", runs)
    yield Figure(what + "all scored anew", "s", (_timed(lambda: rescoring.rescore(engine, SCORING, NOW)),))
    yield Figure(what + "listings streamed", "listings/s", (_streamed(engine),))
    engine.dispose()


def _addresses(count: int) -> Iterator[Subject]:
    chance = random.Random(7)
    seen: set[int] = set()
    crowded = [chance.randrange(0x10000, 0xDF0000) for _ in range(max(1, count // 500))]
    while len(seen) < count:
        crowd = chance.random() < 0.2
        number = chance.choice(crowded) << 8 | chance.randrange(256) if crowd else chance.randrange(1 << 24, 0xDF << 24)
        if number not in seen:
            seen.add(number)
            yield subject.of(Prefix(0xFFFF << 32 | number, 128))


def _fill(engine: sa.Engine, addresses: list[Subject], reports: int) -> None:
    chance = random.Random(11)
    each = reports / len(addresses)
    with databases.transaction(engine) as connection:
        for reporter in _REPORTERS:
            reporters.add(connection, reporter, "host", actor="bench", now=NOW)
    owed = 0.0
    for at in range(0, len(addresses), _BATCH):
        batch: list[Report] = []
        for one in addresses[at : at + _BATCH]:
            owed += chance.expovariate(1 / each)
            count = max(1, round(owed))
            batch += [_report(chance, one) for _ in range(count)]
            owed -= count
        with databases.transaction(engine) as connection:
            report_many(connection, batch, SCORING, NOW)


def _copy(source: sa.Engine, target: sa.Engine) -> None:
    """Bring all rows of *source* to *target*, which is PostgreSQL; those that its making put there go."""
    with source.connect() as rows, target.begin() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        cursor = driver.cursor()
        names = ", ".join(f'"{table}"' for table in schema.metadata.tables)
        cursor.execute(f"TRUNCATE {names}".encode())
        for table in schema.metadata.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN'.encode()) as taken:
                for row in rows.execution_options(yield_per=10_000).execute(sa.select(table)):
                    taken.write_row(row)
            if table.autoincrement_column is not None:
                name = table.autoincrement_column.name
                ask = (
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{name}'), greatest(max({name}), 1)) FROM {table}"
                )
                cursor.execute(ask.encode())


def _report(chance: random.Random, address: Subject) -> Report:
    reporter, day = chance.choice(_REPORTERS), chance.randrange(1, 30)
    line = f"NOQUEUE: reject: RCPT from unknown[{address.value}]: 554 5.7.1 Relay access denied"
    return Report(address, reporter, NOW - day * DAY, "smtp", line, f"{reporter}-{chance.getrandbits(48):x}")


def _lookups(engine: sa.Engine, addresses: list[Subject]) -> Iterator[float]:
    chance = random.Random(13)
    for _ in range(_LOOKUPS):
        known = chance.random() < 0.5
        asked = chance.choice(addresses) if known else subject.of(Prefix(0xFFFF << 32 | chance.getrandbits(32), 128))
        begin = time.perf_counter()
        with databases.reading(engine) as connection:
            lookup(connection, asked, NOW)
        yield (time.perf_counter() - begin) * 1000


def _add(engine: sa.Engine, addresses: list[Subject], run: int) -> None:
    chance = random.Random(100 + run)
    batch = [_report(chance, chance.choice(addresses))._replace(time=NOW + run) for _ in range(1000)]
    with databases.transaction(engine) as connection:
        report_many(connection, batch, SCORING, NOW + run)


def _streamed(engine: sa.Engine) -> float:
    begin = time.perf_counter()
    with databases.reading(engine) as connection:
        count = sum(1 for _ in entries.entries(connection, Level.BROAD, NOW))
    return count / (time.perf_counter() - begin)


def _size(engine: sa.Engine) -> float:
    with databases.reading(engine) as connection:
        if engine.dialect.name == "postgresql":
            return float(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return float(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _timed(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin

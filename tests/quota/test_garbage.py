"""What happens again and again leaves nothing behind that only a look for garbage would find."""

import asyncio
import gc
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from responder.quota.counters import Counters
from responder.quota.keeper import Keeper
from responder.quota.request import DUNNO
from responder.quota.server import Connections
from tests.quota.values import NOON, a_judge, a_quota, a_request, said, wire


@pytest.fixture(autouse=True)
def _no_looks() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def left_by(work: Callable[[], Awaitable[None]]) -> list[object]:
    """Return what refers to itself and to nothing else after *work* was done five times, and once before."""

    async def again() -> None:
        await work()
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        for _ in range(5):
            await work()
        gc.collect()

    asyncio.run(again())
    found = list(gc.garbage)
    gc.set_debug(0)
    gc.garbage.clear()
    return found


def test_a_round_leaves_nothing_whether_it_fails_or_not(tmp_path: Path) -> None:
    """A failure holds all that was to be written, as long as it is there."""
    judge, path = a_judge(a_quota("sender-domain", "1000 messages per 1m")), tmp_path / "quota.db"
    counters = Counters.open(f"sqlite:///{path}", "mx1", 1000)
    with closing(Keeper(judge, lambda: counters, lambda: NOON)) as keeper:

        async def work() -> None:
            for number in range(100):
                said(judge, a_request(sender=f"x@{number}.example"))
            await keeper.round()

        assert left_by(work) == []
        with closing(sqlite3.connect(path)) as thief:
            thief.execute("ALTER TABLE quota_counts RENAME TO stolen")
        assert left_by(work) == []


def test_a_connection_leaves_nothing_of_ours(tmp_path: Path) -> None:
    """asyncio leaves a transport of its own, eight objects."""
    path = str(tmp_path / "policy.sock")
    connections = Connections(lambda requests: DUNNO * len(requests), 10, 60.0)

    async def work() -> None:
        server = await asyncio.get_running_loop().create_unix_server(connections, path)
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(wire(a_request()))
        await reader.readexactly(len(DUNNO))
        writer.close()
        await connections.gone.wait()
        server.close()

    assert [one for one in left_by(work) if type(one).__module__.startswith("responder")] == []


_LOOKS = """
import gc
from responder.quota.garbage import Garbage
garbage = Garbage()
assert not gc.isenabled()
garbage.look(quiet=True)
held = [[number] for number in range(30_000)]
garbage.look(quiet=False)
print(garbage.looks, end=" ")
held.append(held)
del held
garbage.look(quiet=True)
print(garbage.looks, end=" ")
print(len([one for one in gc.get_objects() if type(one) is list and len(one) > 29_000]))
"""


def test_a_look_comes_when_it_is_quiet_and_there_is_reason_to(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _LOOKS], capture_output=True, text=True, check=True)

    assert done.stdout == "0 1 0\n"

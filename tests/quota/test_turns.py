"""What goes through many accounts, names or requests lets others have their turn: counted, not timed."""

import asyncio
import contextlib
import resource
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from responder import config, databases
from responder.blacklist import allowing, database, subject
from responder.blacklist.scoring import Scoring
from responder.decide.allowlist import Allowed, Allowlist
from responder.errors import StoreError
from responder.policing.watch import Watch
from responder.quota import judge as judging
from responder.quota import quota
from responder.quota.account import Account
from responder.quota.barred import Barred
from responder.quota.counters import Batch, Counters, News, encode
from responder.quota.judge import Judge
from responder.quota.keeper import Keeper
from responder.quota.listeners import Listeners
from responder.quota.request import DUNNO, Request
from responder.quota.server import Connection, Connections
from responder.quota.service import Service
from responder.quota.standing import Standing, Suspension
from responder.store.state import Batch as StateBatch
from responder.store.state import Lift, StateStore
from responder.values import Ban, Prefix, Scope
from tests.quota.values import NOON, a_judge, a_quota, a_request, said, wire

MANY = 5_000
FEW = 1_100
"""As many as may be looked at before it is somebody else's turn: names cost little, accounts much."""


class Turns:
    """Counts what is done between two turns of the loop."""

    def __init__(self) -> None:
        self.most = self.all = self._now = 0

    def count(self, number: int = 1) -> None:
        self._now += number
        self.all += number
        self.most = max(self.most, self._now)

    async def during(self, work: Awaitable[object]) -> None:
        """Wait for *work* while others have turns."""
        self.most = self.all = self._now = 0
        other = asyncio.create_task(self._others())
        await work
        other.cancel()

    async def _others(self) -> None:
        while True:
            self._now = 0
            await asyncio.sleep(0)


@contextmanager
def kept(judge: Judge, url: str) -> Iterator[Keeper]:
    with closing(Keeper(judge, lambda: Counters.open(url, "mx1", 2 * MANY), lambda: NOON)) as keeper:
        yield keeper


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/quota.db"


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """Count the accounts that are looked at; the same one again and again is one."""
    turns = Turns()
    last: list[object] = [None]

    class Seen(Account):
        def __getattribute__(self, name: str) -> object:
            if last[0] is not self:
                last[0] = self
                turns.count()
            return super().__getattribute__(name)

    monkeypatch.setattr(judging, "Account", Seen)
    return turns


def test_accounts_that_changed_are_written_a_few_at_a_time(accounts: Turns, url: str) -> None:
    """However many there are; and read back so, after a restart."""
    judge = a_judge(a_quota("sender", "9 messages per 1d"), most=2 * MANY)
    for number in range(MANY):
        said(judge, a_request(sender=f"{number}@x.example"))
    with kept(judge, url) as keeper:
        asyncio.run(accounts.during(keeper.round()))
    written = accounts.most
    again = a_judge(a_quota("sender", "9 messages per 1d"), most=2 * MANY)
    with kept(again, url) as keeper:
        asyncio.run(accounts.during(keeper.round()))

    assert len(again.accounts) == MANY
    assert accounts.all > MANY
    assert max(written, accounts.most) <= 200


class Away(Counters):
    """A database that cannot be written to for a while."""

    away = False

    def exchange(self, batch: Batch, version: int) -> News:
        if self.away:
            raise StoreError("away")
        return super().exchange(batch, version)


def test_a_database_that_is_away_makes_nobody_wait_for_what_is_owed(accounts: Turns, url: str) -> None:
    """Neither while it is, nor when all of it is written in the next round."""
    judge = a_judge(a_quota("sender", "9 messages per 1d"), most=4 * MANY)
    counters = Away.open(url, "mx1", 1)
    with closing(Keeper(judge, lambda: counters, lambda: NOON)) as keeper:
        asyncio.run(keeper.round())
        for number in range(3 * MANY):
            said(judge, a_request(sender=f"{number}@x.example"))
        for counters.away in (True, True, False):
            asyncio.run(accounts.during(keeper.round()))
            assert accounts.most <= 200
    with closing(Counters.open(url, "mx2", 1)) as reader:
        assert len(reader.rows(NOON)) == 3 * MANY


def a_suspension(number: int, until: float | None = None) -> Suspension:
    return Suspension("sender", f"{number}@x.example", NOON, until, "why", "quota")


def test_a_long_list_of_suspensions_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Whether they are new, over, or were ended by somebody."""
    turns, judge = Turns(), a_judge(a_quota("sender", "9 messages per 1d"), most=2 * MANY)
    holds, find = Suspension.holds, judge.accounts.get

    def counted_holds(suspension: Suspension, now: float) -> bool:
        turns.count()
        return holds(suspension, now)

    def counted_find(name: tuple[str, str]) -> Account | None:
        turns.count()
        return find(name)

    monkeypatch.setattr(Suspension, "holds", counted_holds)
    monkeypatch.setattr(judge.accounts, "get", counted_find)
    judge.standing = Standing({}, {("sender", f"{number}"): a_suspension(number) for number in range(MANY)})
    with kept(judge, url) as keeper:
        with closing(Counters.open(url, "mx2", 1)) as other:
            over = [a_suspension(number, NOON - 1) for number in range(MANY)]
            other.exchange(Batch([encode("sender", "x", [], NOON)], over), 0)
        asyncio.run(turns.during(keeper.round()))

    assert judge.standing.suspended == {}
    assert turns.all >= 2 * MANY
    assert turns.most <= FEW


def test_bans_that_end_together_are_taken_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As when an administrator lifts all; and an allowlist that did not change is not made again."""
    turns = Turns()
    drop = Barred.drop

    def counted_drop(barred: Barred, prefix: Prefix, name: int = 0) -> None:
        turns.count()
        drop(barred, prefix, name)

    monkeypatch.setattr(Barred, "drop", counted_drop)
    path = tmp_path / "responder.toml"
    path.write_text(f'state = "{tmp_path}"\nsource = []\n[policyd]\nreject_banned = true\n')
    with closing(StateStore(tmp_path / "state.db")) as store:
        prefixes = [Prefix.parse(f"198.18.{number >> 8}.{number & 255}") for number in range(MANY)]
        store.commit(StateBatch(changes=[a_ban(prefix) for prefix in prefixes]), NOON)
        watch = Watch(config.load(path).settings)
        asyncio.run(watch.round())
        store.commit(StateBatch(changes=[Lift(prefix, NOON, "panic") for prefix in prefixes]), NOON)
        asyncio.run(turns.during(watch.round()))

    assert turns.all == MANY
    assert turns.most <= FEW


def a_ban(prefix: Prefix) -> Ban:
    return Ban(prefix, Scope(), "login", "", NOON, NOON + 1e9, 1, "why")


def test_an_allowlist_that_did_not_change_is_not_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Once of this host's own, and once with what the blacklist allows; both are there."""
    made: list[Allowlist] = []

    def seen(*entries: list[Allowed]) -> Allowlist:
        made.append(Allowlist(*entries))
        return made[-1]

    monkeypatch.setattr("responder.policing.watch.Allowlist", seen)
    path, url = tmp_path / "responder.toml", f"sqlite:///{tmp_path}/black.db"
    policyd = '[policyd]\nreject_listed = "strict"\n'
    path.write_text(f'state = "{tmp_path}"\nsource = []\n{policyd}[blacklist]\nurl = "{url}"\n')
    engine = database.connect(url)
    with databases.transaction(engine) as connection:
        allowing.allow(connection, subject.parse("198.51.100.8"), "ours", Scoring(), NOON, actor="test")
    engine.dispose()
    watch = Watch(config.load(path).settings)
    made.clear()

    async def rounds() -> None:
        for _ in range(5):
            await watch.round()

    asyncio.run(rounds())

    assert len(made) <= 2
    assert made[-1].covering(Prefix.parse("198.51.100.8"))
    assert made[-1].covering(Prefix.parse("127.0.0.1"))


def test_a_reload_makes_thousands_of_overrides_ready_aside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In another thread than that in which Postfix is answered."""
    threads: list[threading.Thread] = []
    ready = quota.ready

    def seen(*settings: object) -> tuple[quota.Quota, ...]:
        threads.append(threading.current_thread())
        return ready(*settings)  # type: ignore[arg-type]

    monkeypatch.setattr(quota, "ready", seen)
    path = tmp_path / "responder.toml"
    path.write_text(f'state = "{tmp_path}"\nsource = []\n[policyd]\nlisten = ["unix:{tmp_path}/policy.sock"]\n')
    settings = config.load(path).settings
    running = Service(settings, lambda: settings, Watch(settings))
    threads.clear()

    async def reload() -> None:
        await running.read_again()
        running._listeners.close()

    asyncio.run(reload())

    assert [thread is threading.main_thread() for thread in threads] == [False]


def test_who_sends_many_requests_at_once_has_them_answered_in_parts(tmp_path: Path) -> None:
    """So that who sends one meanwhile does not wait for all of them."""
    together: list[int] = []

    def answer(requests: list[Request]) -> bytes:
        together.append(len(requests))
        return DUNNO * len(requests)

    async def asked() -> int:
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(Connections(answer, 10, 60.0), str(tmp_path / "policy.sock"))
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "policy.sock"))
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        writer.write(wire(a_request()) * 2000)
        answers = await reader.readexactly(len(DUNNO) * 2000)
        writer.close()
        server.close()
        return answers.count(DUNNO)

    assert asyncio.run(asked()) == sum(together) == 2000
    assert max(together) <= 100


def test_connections_are_taken_and_given_up_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However many come, or are idle, at the same moment; all find room in the queue of the kernel."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    taken, ended = Turns(), Turns()
    path = str(tmp_path / "policy.sock")
    connections = Connections(lambda _: b"", 2000, 0.0)
    made, end = Connection.connection_made, Connection.end

    def counted_made(connection: Connection, transport: asyncio.BaseTransport) -> None:
        taken.count()
        made(connection, transport)

    def counted_end(connection: Connection) -> None:
        ended.count()
        end(connection)

    monkeypatch.setattr(Connection, "connection_made", counted_made)
    monkeypatch.setattr(Connection, "end", counted_end)

    async def come_and_go() -> None:
        listeners = Listeners(connections)
        await listeners.follow([f"unix:{path}"])
        with contextlib.ExitStack() as clients:
            for _ in range(1000):
                client = clients.enter_context(socket.socket(socket.AF_UNIX))
                client.settimeout(20)
                client.connect(path)
            await taken.during(reached(lambda: len(connections.held) == 1000))
            sweeping = asyncio.create_task(connections.sweep())
            await ended.during(reached(lambda: not connections.held))
            sweeping.cancel()
        listeners.close()

    try:
        asyncio.run(come_and_go())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert taken.all == ended.all == 1000
    assert max(taken.most, ended.most) <= 100


async def reached(so: Callable[[], bool]) -> None:
    while not so():  # noqa: ASYNC110 - each turn is what is counted
        await asyncio.sleep(0)

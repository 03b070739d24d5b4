"""Mail flows through both queues while the policy service is killed, and while its database is away.

Nothing is lost, nothing comes twice, nothing is counted twice and nobody waits
for a database; see two-queue/README.md for the arrangement.
"""

import contextlib
import json
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest

from tests.lab import postfix
from tests.lab.network import Network
from tests.lab.policyd import Policyd, reachable
from tests.lab.postgresql import PostgreSQL
from tests.lab.twoqueue import TwoQueues
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

QUOTAS = """
[[quota]]
key     = "sender-domain"
context = "outgoing"
limits  = ["1000 messages per 1d"]

[quota.override]
"five.locked.example" = ["5 messages per 1d"]
"five.crashed.example" = ["5 messages per 1d"]
"five.silent.example" = ["5 messages per 1d"]
"""
AWAY = "problem talking to server"


@pytest.fixture(scope="module")
def policyd() -> Iterator[Policyd]:
    with reachable(QUOTAS) as running:
        yield running


@pytest.fixture(scope="module")
def queues(net: Network, policyd: Policyd) -> Iterator[TwoQueues]:
    if problem := postfix.missing():
        pytest.skip(problem)
    with TwoQueues(net.srv, f"unix:{policyd.socket}") as made:
        made.start()
        done = made.setup("--away", "DEFER")
        assert done.returncode == 0, done.stdout + done.stderr
        made.tune(default_destination_concurrency_limit="4", smtp_connection_cache_on_demand="no")
        yield made


def try_again(queues: TwoQueues) -> None:
    """Have all that waits tried now; else it is tried after a minute."""
    queues.run("postqueue", "-c", str(queues.second), "-f", check=True)


def arrived(queues: TwoQueues, recipients: list[str]) -> None:
    """Wait until each of *recipients* got his message, and see that it was once."""
    until(lambda: set(queues.sent(recipients)) == set(recipients), within=90, what="all mail", every=0.1)
    assert Counter(queues.sent(recipients)).most_common(1)[0][1] == 1


@pytest.mark.parametrize("kills", [1, pytest.param(4, marks=pytest.mark.long)])
def test_a_killed_service_loses_no_mail_and_counts_none_twice(queues: TwoQueues, policyd: Policyd, kills: int) -> None:
    """What comes while it is away waits, as the set-up says, and passes when it is back.

    Of what had passed before, at most what was not stored yet goes uncounted: each that passes later counts once.
    """
    name, counted = f"killed{kills}.example", 0
    for number in range(kills):
        counted = killed_once(queues, policyd, name, f"{number}.{name}", counted)


def killed_once(queues: TwoQueues, policyd: Policyd, name: str, domain: str, before: int) -> int:
    first, early = queues.flow(f"news@{name}", f"early{domain}", 10)
    until(lambda: policyd.stored(name) == before + 10, within=30, what="ten that are stored", every=0.1)
    second, late = queues.flow(f"news@{name}", f"late{domain}", 20)
    until(lambda: queues.sent(late), within=30)
    policyd.stop(signal.SIGKILL)
    third, meanwhile = queues.flow(f"news@{name}", f"meanwhile{domain}", 5)
    assert [source.wait(60) for source in (first, second, third)] == [0, 0, 0]

    everybody = [*early, *late, *meanwhile]
    until(lambda: settled(queues, f"news@{name}", everybody), within=60, what="the rest waits", every=0.1)
    passed = len(queues.sent(everybody))
    kept = int(policyd.stored(name))
    assert queues.sent(meanwhile) == []
    assert before + 10 <= kept <= before + passed < before + len(everybody)
    policyd.start()
    try_again(queues)
    arrived(queues, everybody)
    assert policyd.stop() == 0
    after = int(policyd.stored(name))
    assert after == kept + len(everybody) - passed
    policyd.start()
    return after


def settled(queues: TwoQueues, sender: str, recipients: list[str]) -> bool:
    """Tell whether each message has arrived or waits in the second queue for its next try."""
    return len(queues.sent(recipients)) + queues.held(sender, "deferred") == len(recipients)


def test_mail_passes_uncounted_meanwhile_where_that_is_the_setting(queues: TwoQueues, policyd: Policyd) -> None:
    """The script's own choice; counting goes on where it was."""
    assert queues.setup("--away", "DUNNO").returncode == 0
    try:
        first, before = queues.flow("news@passes.example", "before.test", 5)
        until(lambda: policyd.stored("passes.example") == 5, within=30)
        policyd.stop(signal.SIGKILL)
        second, meanwhile = queues.flow("news@passes.example", "meanwhile.test", 5)
        arrived(queues, [*before, *meanwhile])
        policyd.start()
        third, after = queues.flow("news@passes.example", "after.test", 5)
        arrived(queues, after)
        until(lambda: policyd.stored("passes.example") == 10, within=30)
    finally:
        assert queues.setup("--away", "DEFER").returncode == 0
    assert [source.wait(10) for source in (first, second, third)] == [0, 0, 0]


def flows_on(queues: TwoQueues, policyd: Policyd, name: str) -> list[str]:
    """See that mail passes and limits hold without a database, and nobody complains; return to whom mail went."""
    before = queues.log.read_text().count(AWAY)
    source, everybody = queues.flow(f"news@{name}", name, 20)
    six, some = queues.flow(f"news@five.{name}", f"five.{name}", 6)
    arrived(queues, everybody)
    assert (source.wait(30), six.wait(30)) == (0, 0)
    until(lambda: len(queues.sent(some)) + len(queues.deferred(f"news@five.{name}")) == 6, within=30, every=0.1)
    assert len(queues.sent(some)) == 5
    assert "over the limit of 5 messages per 1d" in queues.deferred(f"news@five.{name}")[0]
    assert queues.log.read_text().count(AWAY) == before
    queues.run("postsuper", "-c", str(queues.second), "-d", "ALL")
    return everybody


def test_a_locked_file_stops_no_mail(queues: TwoQueues, policyd: Policyd) -> None:
    """For longer than the service waits for it; then all that passed is counted there."""
    with contextlib.closing(sqlite3.connect(policyd.folder / "state/quota.db", isolation_level=None)) as thief:
        thief.execute("BEGIN EXCLUSIVE")
        said = policyd.said().count("database is locked")
        flows_on(queues, policyd, "locked.example")
        until(lambda: policyd.said().count("database is locked") > said, within=30)
        source, more = queues.flow("news@locked.example", "more.locked.example", 5)
        arrived(queues, more)
        assert source.wait(10) == 0
    until(lambda: policyd.stored("locked.example") == 25, within=30)
    assert policyd.stored("five.locked.example") == 5


@pytest.fixture
def shared(policyd: Policyd, postgres: PostgreSQL) -> Iterator[PostgreSQL]:
    """Have the service use PostgreSQL for a while, with a fallback that keeps mail back."""
    policyd.stop()
    policyd.configure(QUOTAS, f'database = {json.dumps(postgres.database())}\nfallback = "DEFER_IF_PERMIT not now"\n')
    policyd.start()
    yield postgres
    policyd.stop()
    policyd.configure(QUOTAS)
    policyd.start()


def test_a_server_that_crashes_stops_no_mail(queues: TwoQueues, policyd: Policyd, shared: PostgreSQL) -> None:
    """Nor does one that is away at the start: mail waits then, as the fallback says, and passes once, later."""
    shared.checkpoint()
    shared.stop(signal.SIGQUIT)
    try:
        flows_on(queues, policyd, "crashed.example")
        until(lambda: "counting goes on in memory" in policyd.said(), within=30)
    finally:
        shared.start()
    until(lambda: policyd.stored("crashed.example") == 20, within=30, every=0.1)
    policyd.stop()

    shared.stop()
    try:
        policyd.start()
        source, everybody = queues.flow("news@absent.example", "absent.test", 10)
        until(lambda: len(queues.deferred("news@absent.example")) == 10, within=60, every=0.1)
        assert {"not now" in reason for reason in queues.deferred("news@absent.example")} == {True}
        again = policyd.said().count("answers again")
    finally:
        shared.start()
    until(lambda: policyd.said().count("answers again") > again, within=30)
    try_again(queues)
    arrived(queues, everybody)
    assert source.wait(10) == 0
    until(lambda: policyd.stored("absent.example") == 10, within=30, every=0.1)


def test_a_server_that_falls_silent_stops_no_mail(queues: TwoQueues, policyd: Policyd, shared: PostgreSQL) -> None:
    """It holds its connections and answers nothing; the log says so."""
    first, some = queues.flow("news@silent.example", "some.silent.example", 5)
    until(lambda: policyd.stored("silent.example") == 5, within=30, every=0.1)
    with frozen(shared):
        flows_on(queues, policyd, "silent.example")
        until(lambda: "has not answered" in policyd.said(), within=30)
    until(lambda: policyd.stored("silent.example") == 25, within=30, every=0.1)
    assert first.wait(10) == 0
    assert len(queues.sent(some)) == 5


@contextlib.contextmanager
def frozen(server: PostgreSQL) -> Iterator[None]:
    """Stop every process of *server* where it stands."""
    leader = psutil.Process(server.pid)
    processes = [leader, *leader.children(recursive=True)]
    for one in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.suspend()
    try:
        yield
    finally:
        for one in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.resume()

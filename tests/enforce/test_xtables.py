"""Chains of our own in tables that others change at the same time: nobody's rule is lost, nobody's is touched."""

import fcntl
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from responder.enforce.xtables import CHAIN, Chain, Line, Lock
from responder.errors import FirewallError

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("network")]

_OTHERS = ("-t", "raw", "-A", "PREROUTING", "-s", "203.0.113.1", "-j", "ACCEPT")


@pytest.fixture
def lock() -> Iterator[Lock]:
    with closing(Lock()) as made:
        yield made


@pytest.fixture
def chain(network: None, lock: Lock) -> Chain:
    return Chain(lock, 4, "raw", ("PREROUTING",))


def iptables(*words: str) -> str:
    done = subprocess.run(["iptables-legacy", "-w", *words], check=True, capture_output=True, text=True)
    return done.stdout


def line(number: int) -> Line:
    return Line("DROP", f"number {number}", source=f"192.0.2.{number}/32")


def test_the_chain_is_read_back_as_it_was_made(chain: Chain) -> None:
    """Every kind of rule that we make means the same to the next process of ours."""
    every = [
        Line("RETURN", "never", source="127.0.0.0/8"),
        Line("DROP", "everybody"),
        Line("DROP", "ports", source="192.0.2.0/24", protocol="tcp", ports=(25, 587)),
        Line("DROP", "more ports", protocol="udp", ports=(53,)),
        Line("DROP", "until", source="192.0.2.7/32", until="2030-01-02T03:04:05"),
    ]

    chain.ensure(every)

    assert [counted.line for counted in chain.read()] == every
    assert chain.missing(len(every)) == ""


def test_rejects_are_read_back_as_they_were_made(lock: Lock) -> None:
    """In the table where the kernel allows them, with the port before any translation."""
    chain = Chain(lock, 6, "filter", ("INPUT", "FORWARD"))
    every = [
        Line("reset", "one", source="2001:db8::/32", protocol="tcp", ports=(25,), original=True),
        Line("refuse", "two", source="2001:db8::7/128"),
    ]

    chain.ensure(every)

    assert [counted.line for counted in chain.read()] == every


def test_what_is_as_it_must_be_is_not_written_again(chain: Chain) -> None:
    """Counters stay, ours and others'."""
    iptables(*_OTHERS)
    chain.ensure([line(1)])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
        knocking.sendto(b"knock", ("127.0.0.1", 9))
    before = iptables("-t", "raw", "-L", "-v", "-x", "-n")

    chain.ensure([line(1)])

    assert iptables("-t", "raw", "-L", "-v", "-x", "-n") == before


def test_rules_of_others_stay_where_they_are(chain: Chain) -> None:
    """Whatever we add, change and remove."""
    iptables(*_OTHERS)
    before = iptables("-t", "raw", "-S")

    chain.ensure([line(1), line(2)])
    assert iptables("-t", "raw", "-S", "PREROUTING").splitlines()[1] == f"-A PREROUTING -j {CHAIN}"
    chain.edit([line(3)], [line(1)])
    assert [counted.line for counted in chain.read()] == [line(2), line(3)]
    chain.remove()

    assert iptables("-t", "raw", "-S") == before


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("-t", "raw", "-F"), "the jump in PREROUTING"),
        (("-t", "raw", "-F", CHAIN), "0 of our 2 rules"),
        (("-t", "raw", "-I", "PREROUTING", "-j", "ACCEPT"), "not the first rule"),
        (("-t", "raw", "-D", CHAIN, "1"), "1 of our 2 rules"),
    ],
)
def test_what_somebody_took_away_is_seen_named_and_put_back(chain: Chain, command: tuple[str, ...], said: str) -> None:
    """By a look that does not read every rule."""
    chain.ensure([line(1), line(2)])
    iptables(*command)

    assert said in chain.missing(2)
    chain.ensure([line(1), line(2)])
    assert chain.missing(2) == ""


def test_a_lock_that_somebody_else_holds_delays_and_loses_nothing(chain: Chain, lock: Lock) -> None:
    """We wait for our turn; what was to be done is done then."""
    with lock.path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        worker = threading.Thread(target=chain.ensure, args=([line(1)],))  # in this network, as its maker
        worker.start()
        assert chain.read() == [], "reading takes no lock"
        assert worker.is_alive()
        fcntl.flock(other, fcntl.LOCK_UN)
        worker.join()
    assert [counted.line for counted in chain.read()] == [line(1)]


def test_a_lock_held_for_too_long_is_named_with_its_holder(network: None) -> None:
    """The administrator learns which process to look at."""
    with closing(Lock(patience=0.05)) as lock, lock.path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(FirewallError, match=rf"process {os.getpid()}\) has held the lock of iptables"):
            Chain(lock, 4, "raw", ("PREROUTING",)).ensure([line(1)])


_INSERT = """
import sys
from responder.enforce.xtables import Chain, Line, Lock
chain = Chain(Lock(), 4, "raw", ("PREROUTING",))
first = int(sys.argv[1])
for number in range(first, first + 20):
    chain.edit([Line("DROP", f"number {number}", source=f"192.0.2.{number}/32")], [])
"""


def test_five_processes_at_the_same_table_lose_nothing(chain: Chain) -> None:
    """Four of ours, each with changes of its own, and somebody with iptables -w."""
    chain.ensure([])
    ours = [subprocess.Popen([sys.executable, "-c", _INSERT, str(20 * n)]) for n in range(4)]
    for number in range(60):
        iptables("-t", "raw", "-A", "PREROUTING", "-s", f"203.0.113.{number}", "-j", "ACCEPT")

    assert [process.wait() for process in ours] == [0, 0, 0, 0]
    assert sorted(counted.line.comment for counted in chain.read()) == sorted(f"number {n}" for n in range(80))
    assert iptables("-t", "raw", "-S", "PREROUTING").count("203.0.113.") == 60


def test_a_table_that_somebody_changes_underneath_is_read_again(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes no lock is not overwritten either: the kernel refuses, and we begin anew from what is there then."""
    chain.ensure([line(1)])
    build = chain._build
    interfered: list[Line] = []

    def interfere(made: Line) -> object:
        if not interfered:
            interfered.append(made)
            unlocked = {**os.environ, "XTABLES_LOCKFILE": "/dev/null"}
            subprocess.run(["iptables-legacy", *_OTHERS], check=True, env=unlocked)
        return build(made)

    monkeypatch.setattr(chain, "_build", interfere)
    chain.edit([line(2)], [])

    assert [counted.line for counted in chain.read()] == [line(1), line(2)]
    assert "203.0.113.1" in iptables("-t", "raw", "-S", "PREROUTING")

"""Listings become bans: whatever comes in which order, what is banned in the end is what is listed."""

import selectors
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder import config as configuration
from responder.config import Config
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import LISTED, Ledger
from responder.daemon.taking import Taking
from responder.decide.allowlist import Allowed, Allowlist
from responder.values import Ban, Prefix, Scope

NOON = 1_800_014_400.0
HOUR = 3600.0
_HOSTS = [Prefix.parse(f"45.10.0.{number}") for number in range(4)]
_ALLOWED = _HOSTS[3]


class Host:
    """What taking needs of a daemon: a real store, and a firewall that nobody serves."""

    def __init__(self, folder: Path) -> None:
        self.config: Config = configuration.load(None)
        self.ledger = Ledger(folder, "state.db")
        self.ledger.load_bans(self.config.policies, Allowlist([Allowed(_ALLOWED, "a test")]), 1000, NOON)
        self.ledger.reporting = True
        self._selector = selectors.DefaultSelector()
        self.kernel = Kernel("dry-run", "", self._selector)
        self.answers = 0
        self.taking = Taking(self, self._answered)
        self.clock = NOON

    def _answered(self) -> None:
        self.answers += 1

    def now(self) -> float:
        return self.clock

    def commit(self, *, durable: bool = False) -> bool:
        return self.ledger.commit({}, 0.0, self.clock, durable=durable)

    def announce(self, ban: Ban) -> None:
        pass

    def change(self, host: Prefix, until: float, since: float = NOON - HOUR) -> None:
        self.answered(lambda: self.taking.take([[*host, since, until, "why"]]))

    def whole(self, listed: dict[Prefix, float]) -> None:
        self.answered(self.taking.begin)
        self.answered(lambda: self.taking.take([[*host, NOON - HOUR, until, "why"] for host, until in listed.items()]))
        self.answered(self.taking.end)

    def answered(self, work: object) -> None:
        """Do *work*, and as many turns as it takes; it is answered exactly once."""
        before = self.answers
        assert callable(work)
        work()
        while self.taking.busy:
            self.taking.tend()
        assert self.answers == before + 1

    def bans(self, policy: str) -> dict[Prefix, float]:
        bans = [ban for ban in self.ledger.tracker.lasting(self.clock) if ban.policy == policy]
        return {ban.prefix: ban.expires for ban in sorted(bans, key=lambda ban: ban.expires)}

    def close(self) -> None:
        self.ledger.close()
        self._selector.close()


@contextmanager
def a_host(folder: Path) -> Iterator[Host]:
    made = Host(folder)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with a_host(tmp_path) as made:
        yield made


_ends = st.sampled_from([0.0, NOON - 1, NOON + HOUR, NOON + 2 * HOUR])
_steps = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(_HOSTS), _ends),
    st.tuples(st.just("whole"), st.dictionaries(st.sampled_from(_HOSTS), _ends), st.just(0.0)),
    st.tuples(st.just("own"), st.sampled_from(_HOSTS[:3]), st.sampled_from([NOON + HOUR, NOON + 9 * HOUR])),
    st.tuples(st.just("restart"), st.none(), st.just(0.0)),
)


@given(st.lists(_steps, max_size=12))
@settings(max_examples=60)
def test_the_bans_are_what_is_listed_and_nobody_elses_change(steps: list[tuple[str, object, float]]) -> None:
    """After changes, whole sets, bans of the host's own and restarts, in any order; and none of it is reported."""
    listed: dict[Prefix, float] = {}
    own: dict[Prefix, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        host = Host(Path(folder))
        for step, what, until in steps:
            if step == "change" and isinstance(what, Prefix):
                host.change(what, until)
                listed[what] = until
            elif step == "whole" and isinstance(what, dict):
                host.whole(what)
                listed = dict(what)
            elif step == "own" and isinstance(what, Prefix):
                host.ledger.ban(Ban(what, Scope(), "login", "r", NOON, until, 1, "x"))
                own[what] = max(until, own.get(what, 0.0))
            elif step == "restart":
                host.commit()
                host.close()
                host = Host(Path(folder))

            assert host.bans(LISTED) == {one: at for one, at in listed.items() if at > NOON and one != _ALLOWED}
            assert host.bans("login") == own
        host.commit()
        assert {one.category for _, one in host.ledger.store.outbox.next(99)} <= {"login"}
        host.close()


def test_an_unban_holds_until_that_listing_is_over(host: Host) -> None:
    """Neither a change of it nor a whole set brings it back; a listing that began later does."""
    one = _HOSTS[0]
    host.change(one, NOON + HOUR)
    host.ledger.lift(one, "an administrator", NOON)

    host.change(one, NOON + 2 * HOUR)
    host.whole({one: NOON + 3 * HOUR})
    assert host.bans(LISTED) == {}

    host.change(one, 0.0)
    host.change(one, NOON + HOUR, since=NOON + 1)
    assert host.bans(LISTED) == {one: NOON + HOUR}


def test_a_part_is_not_answered_before_the_store_has_it(host: Host) -> None:
    """While the store fails, no more comes: what is owed in memory does not grow with the blacklist."""
    host.commit()
    host.ledger.store._connection.exec_driver_sql("ALTER TABLE progress RENAME TO lost")
    host.ledger.store._connection.commit()

    host.taking.take([[*_HOSTS[0], NOON - HOUR, NOON + HOUR, "why"]])
    host.taking.tend()
    assert (host.answers, host.bans(LISTED)) == (0, {_HOSTS[0]: NOON + HOUR})

    host.ledger.store._connection.exec_driver_sql("ALTER TABLE lost RENAME TO progress")
    host.ledger.store._connection.commit()
    host.clock += 2.0
    assert host.commit()
    host.taking.tend()
    assert host.answers == 1


def test_the_ports_of_the_policy_count(tmp_path: Path) -> None:
    """`[policy.blacklist]` says from what its bans keep out; who is banned already is so again when it changes."""
    path = tmp_path / "responder.toml"
    path.write_text('[policy.blacklist]\nports = ["smtp"]\nverdict = "reject"\n')
    with a_host(tmp_path) as host:
        host.whole({_HOSTS[0]: NOON + HOUR})
        host.ledger.tracker.policies = configuration.load(path).policies

        host.whole({_HOSTS[0]: NOON + HOUR})

        [ban] = host.ledger.tracker.lasting(NOON)
        assert str(ban.scope) == "reject:25"

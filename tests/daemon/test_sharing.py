"""The daemon and the blacklist: what is banned here is reported once, what is listed there is banned here."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from responder import databases
from responder.blacklist import database, removals, reporters, schema, subject, votes
from responder.blacklist.reports import report_many
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Report
from tests.daemon.engine import Engine
from tests.lab.postgresql import PostgreSQL

_SCORING = Scoring(reporters=1, broad=0.5)


class Blacklist:
    """The database that a daemon shares with others, and another who reports."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = database.connect(url)
        with databases.transaction(self.engine) as connection:
            for name in ("other", "third"):
                reporters.add(connection, name, "host", actor="test", now=1.0)

    def settings(self, more: str = "") -> str:
        return (
            f'\n[blacklist]\nurl = "{self.url}"\nreporter = "mx"\ntake = "broad"\n{more}\n'
            "[blacklist.scoring]\nreporters = 1\nbroad = 0.5\n"
        )

    def report(self, *about: str, at: float) -> None:
        batch = [Report(subject.parse(one), "other", at, "spam") for one in about]
        with databases.transaction(self.engine) as connection:
            report_many(connection, batch, _SCORING, at)

    def against(self, about: str, at: float) -> None:
        """Vote *about* out."""
        with databases.transaction(self.engine) as connection:
            votes.vote(connection, subject.parse(about), "third", _SCORING, at, against=True)

    def remove(self, about: str, at: float) -> None:
        """Have a moderator take *about* out."""
        with databases.transaction(self.engine) as connection:
            who = {"requester": "x", "contact": "x", "text": "x"}
            number = removals.request(connection, subject.parse(about), at, **who)
            removals.review(connection, number, "", _SCORING, at, granted=True, actor="mod")

    def reports(self, by: str = "mx") -> list[tuple[str, str]]:
        """Return whom *by* reported, and for what, in the order in which they came in."""
        query = (
            sa.select(schema.subjects.c.value, schema.reports.c.category)
            .join(schema.reports, schema.reports.c.subject == schema.subjects.c.id)
            .join(schema.reporters, schema.reporters.c.id == schema.reports.c.reporter)
            .where(schema.reporters.c.name == by)
            .order_by(schema.subjects.c.id)
        )
        with self.engine.connect() as connection:
            return [(value, category) for value, category in connection.execute(query)]


@pytest.fixture
def blacklist(postgres: PostgreSQL) -> Iterator[Blacklist]:
    """Give one on PostgreSQL, which tells at once what changed."""
    made = Blacklist(postgres.database())
    yield made
    made.engine.dispose()


@pytest.fixture
def sharing(engine: Engine, blacklist: Blacklist) -> Engine:
    """Return the engine, which will share that blacklist."""
    engine.configure(blacklist.settings())
    return engine


@pytest.fixture
def either(database_url: str) -> Iterator[Blacklist]:
    """Give one on each database."""
    made = Blacklist(database_url)
    yield made
    made.engine.dispose()


def outbox(engine: Engine) -> list[tuple[object, ...]]:
    return engine.rows("SELECT id FROM outbox")


def reported(engine: Engine, blacklist: Blacklist, count: int) -> Callable[[], bool]:
    return lambda: len(blacklist.reports()) == count and not outbox(engine)


def test_a_ban_is_reported_once_with_its_line(engine: Engine, either: Blacklist) -> None:
    """Those of log lines and those by hand; in the order in which they were made."""
    engine.configure(either.settings())
    with engine.running():
        engine.write("45.10.0.7", times=3)
        engine.until(engine.bans)
        engine.ask("ban", address="45.10.0.8", reason="by hand")
        engine.until(reported(engine, either, 2))

        assert either.reports() == [("45.10.0.7", "login"), ("45.10.0.8", "manual")]
        with either.engine.connect() as connection:
            evidence = set(connection.execute(sa.select(schema.reports.c.evidence)).scalars())
            tokens = set(connection.execute(sa.select(schema.reports.c.token)).scalars())
        assert any("Failed password for root from 45.10.0.7" in line for line in evidence)
        assert "by hand" in evidence
        assert {token.rpartition("/")[0] for token in tokens} == {"mx/1", "mx/2"}
        status = engine.until(lambda: (now := engine.ask("status")["blacklist"])["connected"] and now)
        assert (status["outbox"], status["reported"], status["error"]) == (0, 2, "")


def test_the_row_is_written_with_the_ban_or_not_at_all(sharing: Engine) -> None:
    """While the store fails, both wait in memory; nothing is reported that is not known to have happened."""
    with sharing.running():
        sharing.settle()
        with sharing.store_broken():
            sharing.write("45.10.0.7", times=3)
            sharing.until(sharing.bans)
            assert outbox(sharing) == []
        sharing.until(lambda: sharing.rows("SELECT id FROM bans"))


def test_what_is_sent_again_is_known(sharing: Engine, blacklist: Blacklist) -> None:
    """A daemon that was killed before it removed the rows sends them once more; nobody counts twice."""
    with sharing.running():
        sharing.write("45.10.0.7", times=3)
        sharing.until(reported(sharing, blacklist, 1))
        sharing.until(lambda: not outbox(sharing))
    sharing.execute(
        "INSERT INTO outbox SELECT 1, network, length, start, policy, reason FROM bans WHERE policy = 'login'",
    )
    assert len(outbox(sharing)) == 1

    with sharing.running():
        sharing.until(lambda: not outbox(sharing))

    assert len(blacklist.reports()) == 1


def test_a_listing_becomes_a_ban_and_ends_with_it(engine: Engine, either: Blacklist) -> None:
    """Of addresses and networks, IPv4 and IPv6; with its reason, under a policy of its own."""
    engine.configure(either.settings())
    with engine.running():
        engine.settle()
        now = engine.clock()
        either.report("45.10.0.9", "45.11.0.0/24", "2a00:1::/64", "spam.example", at=now)
        engine.until(lambda: engine.bans() == {"45.10.0.9", "45.11.0.0/24", "2a00:1::/64"})
        ban = next(ban for ban in engine.banned() if str(ban.prefix) == "45.10.0.9")
        assert ban.policy == "blacklist"
        assert "on the blacklist (broad): spam: 1 report" in ban.reason
        assert 6 * 86400 < ban.expires - now < 8 * 86400
        engine.until(lambda: engine.held() == engine.bans())

        either.remove("45.10.0.9", at=now + 1)
        engine.until(lambda: engine.held() == {"45.11.0.0/24", "2a00:1::/64"})

        assert engine.rows("SELECT ended_by FROM bans WHERE ended IS NOT NULL") == [("the blacklist",)]


def test_bans_from_listings_are_not_reported(sharing: Engine, blacklist: Blacklist) -> None:
    """A host does not give back what it took as if it had seen it."""
    with sharing.running():
        blacklist.report("45.10.0.9", at=sharing.clock())
        sharing.until(lambda: sharing.bans() == {"45.10.0.9"})
        sharing.write("45.10.0.7", times=3)
        sharing.until(reported(sharing, blacklist, 1))

    assert blacklist.reports() == [("45.10.0.7", "login")]


def test_whom_the_allowlist_protects_is_not_taken(engine: Engine, blacklist: Blacklist) -> None:
    """Even where another host does not know it and lists him; nor is he listed any more once we say so."""
    blacklist.report("45.10.0.9", "45.10.0.10", at=engine.clock())
    engine.configure(blacklist.settings() + '\n[allow]\nnetworks = ["45.10.0.9"]\n')
    with engine.running():
        engine.until(lambda: engine.bans() == {"45.10.0.10"})

        def allowed() -> bool:
            with blacklist.engine.connect() as connection:
                by = connection.execute(
                    sa.select(schema.allowlist.c.allowed_by).where(schema.allowlist.c.value == "45.10.0.9")
                )
                return by.scalar() == "host mx"

        engine.until(allowed)
        assert engine.bans() == {"45.10.0.10"}


def test_a_ban_of_ones_own_and_a_listing_go_side_by_side(sharing: Engine, blacklist: Blacklist) -> None:
    """Neither shortens nor lengthens the other: when the listing ends, the host's own ban goes on to its end."""
    with sharing.running():
        sharing.write("45.10.0.7", times=3)
        sharing.until(lambda: sharing.bans() == {"45.10.0.7"})
        [own] = sharing.banned()
        sharing.until(lambda: sharing.banned()[0].policy == "blacklist")  # of its own report, which lists it
        assert sharing.banned()[0].expires > own.expires

        blacklist.remove("45.10.0.7", at=sharing.clock() + 1)

        sharing.until(lambda: sharing.banned() == (own,))
        sharing.until(lambda: sharing.held() == {"45.10.0.7"})


def test_an_unban_holds_for_as_long_as_the_listing(sharing: Engine, blacklist: Blacklist) -> None:
    """What an administrator ended does not come back with the next report, nor with a restart."""
    with sharing.running():
        blacklist.report("45.10.0.9", "45.10.0.10", at=sharing.clock())
        sharing.until(lambda: len(sharing.bans()) == 2)
        sharing.ask("unban", address="45.10.0.9")
        blacklist.report("45.10.0.9", "45.10.0.11", at=sharing.clock() + 86400)
        sharing.until(lambda: "45.10.0.11" in sharing.bans())
        assert sharing.bans() == {"45.10.0.10", "45.10.0.11"}

    with sharing.running():
        blacklist.report("45.10.0.12", at=sharing.clock())
        sharing.until(lambda: "45.10.0.12" in sharing.bans())
        assert "45.10.0.9" not in sharing.bans()


def test_after_a_restart_the_bans_are_what_the_listings_are_by_then(sharing: Engine, blacklist: Blacklist) -> None:
    """What ended meanwhile is withdrawn, what came is taken; until the blacklist is heard, the bans stand."""
    with sharing.running():
        now = sharing.clock()
        blacklist.report("45.10.0.9", "45.10.0.10", at=now)
        sharing.until(lambda: len(sharing.bans()) == 2)
    blacklist.remove("45.10.0.9", at=now + 1)
    blacklist.report("45.10.0.11", at=now)

    with sharing.running():
        assert sharing.bans() == {"45.10.0.9", "45.10.0.10"}
        sharing.until(lambda: sharing.held() == {"45.10.0.10", "45.10.0.11"})


def test_without_a_blacklist_its_bans_are_withdrawn(sharing: Engine, blacklist: Blacklist) -> None:
    """And no process runs."""
    with sharing.running():
        blacklist.report("45.10.0.9", at=sharing.clock())
        sharing.until(sharing.bans)
    sharing.configure("")

    with sharing.running():
        sharing.until(lambda: not sharing.bans() and not sharing.held())
        assert sharing.ask("status")["blacklist"] is None


def test_a_listing_that_changes_changes_its_ban(sharing: Engine, blacklist: Blacklist) -> None:
    """Longer and shorter."""
    with sharing.running():
        now = sharing.clock()
        blacklist.report("45.10.0.9", at=now - 86400)
        sharing.until(sharing.bans)
        [first] = sharing.banned()
        blacklist.report("45.10.0.9", at=now)
        sharing.until(lambda: sharing.banned()[0].expires > first.expires)
        [longer] = sharing.banned()
        blacklist.against("45.10.0.9", at=now)
        sharing.until(lambda: sharing.banned()[0].expires < longer.expires)


def test_a_killed_process_is_started_again(sharing: Engine, blacklist: Blacklist) -> None:
    """Nothing is lost, nothing comes twice; status tells how often."""
    with sharing.running():
        pid = sharing.until(lambda: (state := sharing.ask("status")["blacklist"])["connected"] and state["pid"])
        os.kill(pid, signal.SIGKILL)
        sharing.write("45.10.0.7", times=3)
        blacklist.report("45.10.0.9", at=sharing.clock())
        sharing.until(reported(sharing, blacklist, 1))
        sharing.until(lambda: sharing.bans() == {"45.10.0.7", "45.10.0.9"})

        state = sharing.until(lambda: (state := sharing.ask("status")["blacklist"])["connected"] and state)
        assert state["starts"] == 2
        assert state["pid"] != pid


def test_the_outbox_is_bounded(sharing: Engine) -> None:
    """Past absurdly many the oldest go, and are counted; the others are numbered on."""
    with sharing.running():
        sharing.settle()
        reporting = sharing.daemon.sharing._reporting
        reporting._asked, reporting._most = 1, 2  # as if the blacklist did not answer
        for host in range(4):
            sharing.ask("ban", address=f"45.10.0.{host}")
        reporting.bound(sharing.clock())

        assert outbox(sharing) == [(3,), (4,)]
        assert sharing.ask("status")["blacklist"]["dropped"] == 2


def test_a_clock_that_was_ahead_keeps_nothing_out(sharing: Engine, blacklist: Blacklist) -> None:
    """A ban of the day after tomorrow is reported as one of now, and those behind it are reported, too."""
    with sharing.running(ahead=3 * 86400.0):
        sharing.ask("ban", address="45.10.0.7")
        sharing.ask("ban", address="45.10.0.8")
        sharing.until(reported(sharing, blacklist, 2))


def test_files_follow_the_blacklist(engine: Engine, blacklist: Blacklist, tmp_path: Path) -> None:
    """Without anybody's command; status tells when each was made last."""
    files = [tmp_path / "plain.txt", tmp_path / "nowhere" / "x"]
    exports = "".join(f'\n[[export]]\nformat = "plain"\noutput = "{path}"\n' for path in files)
    engine.configure(blacklist.settings() + exports)
    with engine.running():
        engine.until(files[0].exists)
        blacklist.report("45.10.0.9", "spam.example", at=engine.clock())
        engine.until(lambda: files[0].read_text().splitlines()[1:] == ["45.10.0.9", "spam.example"])
        made, failed = engine.until(lambda: engine.ask("status")["blacklist"]["exports"])
        assert made["success"]
        assert not made["error"]
        assert str(tmp_path / "nowhere") in failed["error"]
        assert engine.daemon.sharing.works
        assert [engine.daemon.sharing.made[str(path)] > 0 for path in files] == [True, False]

        os.kill(engine.ask("status")["blacklist"]["pid"], signal.SIGKILL)
        engine.until(lambda: not engine.daemon.sharing.works)
        assert engine.daemon.sharing.made[str(files[0])] > 0, "what was made is there while nobody makes more"


def test_a_host_may_take_and_give_nothing(sharing: Engine, blacklist: Blacklist) -> None:
    sharing.configure(blacklist.settings("report = false"))
    with sharing.running():
        blacklist.report("45.10.0.9", at=sharing.clock())
        sharing.write("45.10.0.7", times=3)
        sharing.until(lambda: sharing.bans() == {"45.10.0.7", "45.10.0.9"})
        sharing.settle()
        assert outbox(sharing) == []
    assert blacklist.reports() == []


def test_a_server_that_is_down_delays_nothing(
    sharing: Engine, blacklist: Blacklist, postgres: PostgreSQL, tmp_path: Path
) -> None:
    """The ban is in the kernel at once; the report waits in the outbox until the server is back."""
    sharing.configure(blacklist.settings() + f'\n[[export]]\nformat = "plain"\noutput = "{tmp_path}/list"\n')
    with sharing.running():
        sharing.until(lambda: sharing.ask("status")["blacklist"]["connected"])
        blacklist.engine.dispose()
        postgres.stop()
        try:
            sharing.write("45.10.0.7", times=3)
            sharing.until(lambda: sharing.held() == {"45.10.0.7"})
            state = sharing.until(lambda: (now := sharing.ask("status")["blacklist"])["error"] and now)
            assert state["outbox"] == 1
            assert not state["connected"]
        finally:
            postgres.start()
        sharing.until(reported(sharing, blacklist, 1))
        sharing.until(lambda: sharing.ask("status")["blacklist"]["connected"])

"""A ban does not end while its address still knocks, where its policy says so."""

import signal
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.daemon.ledger import Ledger
from responder.daemon.renewal import LEAD, Renewal, renewed
from responder.decide.allowlist import Allowed, Allowlist
from responder.decide.tracker import Tracker
from responder.enforce.backend import Held, Target
from responder.enforce.firewall import Enforced
from responder.enforce.knocks import Knocks
from responder.framing import Message
from responder.values import Ban, Prefix, Scope
from tests.decide.values import NOON, a_policy
from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.enforce.targets import now
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

POLICIES = {"login": a_policy(renew=True)}
WITHIN = POLICIES["login"].within
BAN = Ban(Prefix.parse("192.0.2.7"), Scope(), "login", "a-rule", NOON, NOON + 3600, 2, "three strikes")
TARGET = Target(BAN.prefix, BAN.scope)


def after(last: float, packets: int = 214) -> tuple[Ban, ...]:
    return renewed([BAN], POLICIES, {TARGET: Enforced(BAN.expires, packets, 9000, last)})


@given(st.floats(0, 3600))
def test_who_knocked_within_the_policys_span_is_kept_out_for_as_long_again(ago: float) -> None:
    """From the end of the ban on, as the same number: what is stopped is no offence."""
    following = after(BAN.expires - ago)

    if ago > WITHIN:
        assert following == ()
    else:
        (ban,) = following
        assert (ban.start, ban.expires, ban.nth) == (BAN.expires, BAN.expires + 3600, BAN.nth)
        assert (ban.prefix, ban.scope, ban.policy) == (BAN.prefix, BAN.scope, BAN.policy)


def test_the_reason_says_what_was_stopped() -> None:
    """An administrator reads why it goes on."""
    (ban,) = after(BAN.expires - 40)

    assert ban.reason == "still knocking: 214 packets stopped, the last 40s before the end; renewed"


def test_who_was_not_seen_or_is_not_known_goes_free() -> None:
    """No packet, no counter, no policy: the ban ends."""
    assert after(0.0) == ()
    assert renewed([BAN], POLICIES, {}) == ()
    assert renewed([BAN], {}, {TARGET: Enforced(BAN.expires, 1, 1, BAN.expires)}) == ()


class Watched:
    """A renewal over a tracker with *bans*; *packets* of TARGET were stopped at these times, looked at every 10 s."""

    def __init__(self, *bans: Ban, packets: Iterable[float] = ()) -> None:
        self.tracker = Tracker(POLICIES, Allowlist())
        for ban in bans:
            self.tracker.enter(ban)
        self.packets = sorted(packets)
        self.knocks = Knocks(NOON)
        self.now = 0.0
        self.asked: list[tuple[float, set[Target]]] = []
        self.unanswered: list[Callable[[Message], None]] = []
        self.renewed: list[Ban] = []
        self.renewal = Renewal(self._find, self.renewed.extend)

    def _find(self, targets: Iterable[Target], then: Callable[[Message], None]) -> None:
        self.asked.append((self.now, set(targets)))
        self.unanswered.append(then)

    def look(self) -> dict[Target, Enforced]:
        """Return what the actor finds now."""
        held = Held(BAN.expires, sum(at <= self.now for at in self.packets))
        self.knocks.observe({TARGET: held}, self.now)
        return {TARGET: Enforced(BAN.expires, *self.knocks.stopped(TARGET))}

    def answer(self, error: str = "") -> None:
        """Answer what was asked last, if nobody did."""
        while self.unanswered:
            self.unanswered.pop()({"error": error} if error else {"held": self.look(), "error": ""})

    def tend(self, now: float) -> None:
        self.now = now
        self.renewal.tend(self.tracker, now)


def test_an_end_takes_two_questions_and_many_take_no_more() -> None:
    """When the last span begins, and so early before the end that there is no gap; none in between."""
    bans = [BAN._replace(prefix=Prefix.parse(f"192.0.2.{number}")) for number in range(200)]
    other = BAN._replace(prefix=Prefix.parse("198.51.100.7"), policy="manual")
    watched = Watched(*bans, other)

    for second in range(3600):
        watched.tend(NOON + second)

    targets = {Target(ban.prefix, ban.scope) for ban in bans}
    assert watched.asked == [(BAN.expires - WITHIN - LEAD, targets), (BAN.expires - LEAD, targets)]


_MOMENTS = st.one_of(st.integers(0, 3600), st.integers(2985, 3010), st.integers(3590, 3600)).map(lambda s: NOON + s)


@given(st.lists(_MOMENTS, max_size=4), st.integers(0, 9))
def test_only_what_is_stopped_in_the_last_span_renews(packets: list[float], offset: int) -> None:
    """Whenever the counters are looked at besides, to the lead's exactness."""
    watched = Watched(BAN, packets=packets)
    for second in range(2900, 3600):
        watched.now = NOON + second
        if second % 10 == offset:
            watched.look()
        watched.tend(NOON + second)
        watched.answer()

    begin, end = BAN.expires - WITHIN, BAN.expires - LEAD
    if any(begin <= at <= end for at in packets):
        assert [ban.expires for ban in watched.renewed] == [BAN.expires + 3600]
    elif not any(begin - LEAD < at <= end for at in packets):
        assert watched.renewed == []


@pytest.mark.parametrize("how", ["lifted", "allowed", "outlasted"])
def test_a_ban_that_is_no_longer_in_force_is_not_renewed(how: str) -> None:
    """An unban, an allowlist and a longer ban win, even between the question and its answer."""
    watched = Watched(BAN, packets=[BAN.expires - 10])
    watched.tend(BAN.expires - 20)
    watched.answer()
    watched.tend(BAN.expires - 2)
    if how == "outlasted":
        watched.tracker.enter(BAN._replace(policy="manual", expires=BAN.expires + 60))
    elif how == "allowed":
        watched.tracker.allowlist = Allowlist([Allowed(BAN.prefix, "the office")])
    else:
        watched.tracker.lift(BAN.prefix)

    watched.answer()

    assert watched.renewed == []


def test_an_actor_that_cannot_answer_is_asked_again_while_there_is_time() -> None:
    """And when there is none, the ban ends."""
    watched = Watched(BAN, packets=[BAN.expires - 10])
    watched.tend(BAN.expires - 20)
    watched.answer()
    watched.tend(BAN.expires - 2)
    watched.answer(error="the firewall actor is gone")
    assert watched.renewed == []
    watched.tend(BAN.expires - 1)
    watched.answer()

    assert len(watched.renewed) == 1


def test_a_renewed_ban_that_was_lifted_before_it_began_stays_lifted(tmp_path: Path) -> None:
    """In the store too, which a restart reads."""
    (following,) = after(BAN.expires - 40)
    with closing(Ledger(tmp_path, "state.db")) as ledger:
        ledger.load_bans(POLICIES, Allowlist(), 1000, NOON)
        ledger.ban(BAN)
        ledger.ban(following)
        assert ledger.tracker.bans(BAN.expires - 2) == (following,)
        assert ledger.commit({}, 0.0, NOON)
        ledger.lift(BAN.prefix, "ann", BAN.expires - 1)
        assert ledger.commit({}, 0.0, NOON)

    with closing(Ledger(tmp_path, "state.db")) as ledger:
        ledger.load_bans(POLICIES, Allowlist(), 1000, BAN.expires)
        assert ledger.tracker.bans(BAN.expires) == ()
        assert [past.ended_by for past in ledger.bans_of(BAN.prefix, 9)] == ["ann", "ann"]


_SETTINGS = """
[[source]]
path = "{log}"
timezone = "UTC"
[policy.smtp-probe]
limit = 1
within = "20s"
ban = "6s"
renew = true
"""
_LINE = (
    "{stamp} mx postfix/smtpd[4711]: NOQUEUE: reject: RCPT from unknown[{address}]: 550 5.1.1 <x@example.org>: "
    "Recipient address rejected: User unknown in local recipient table; from=<a@b.test> to=<x@example.org> "
    "proto=ESMTP helo=<b.test>\n"
)


@pytest.mark.kernel
def test_a_knocking_address_stays_out_and_a_silent_one_goes_free(net: Network, tmp_path: Path) -> None:
    """With the real kernel's counters; the bans of both began at the same moment."""
    log = tmp_path / "mail.log"
    log.touch()
    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
    with Daemon(net.srv, tmp_path, _SETTINGS.format(log=log)) as daemon, inside(net.srv.namespace):
        log.write_text("".join(_LINE.format(stamp=stamp, address=host.ipv4) for host in (net.att, net.good)))
        until(lambda: held_by("nftables", now()) == {net.att.ipv4, net.good.ipv4})
        assert net.att.connect(net.srv.ipv4, 25, timeout=0.3).reached == "timeout"

        until(lambda: held_by("nftables", now()) == {net.att.ipv4}, within=30)

        (ban,) = daemon.ask("bans")
        assert ban["prefix"] == net.att.ipv4
        assert ban["packets"] > 0
        assert ban["last"]
        assert ban["reason"].startswith("still knocking: ")
        states = [past["state"] for past in daemon.ask("explain", net.att.ipv4)["bans"]]
        assert set(states[:-1]) <= {"over", "followed by one that lasts longer"}
        assert states[-1] == "in force"
        daemon.stop(signal.SIGKILL)
        with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as raw:
            stored = raw.execute("SELECT expires FROM bans WHERE reason LIKE 'still knocking: %'").fetchall()
        assert datetime.fromisoformat(ban["expires"]).timestamp() in {int(end) for (end,) in stored}
        daemon.start()
        daemon.tell("firewall", "flush")

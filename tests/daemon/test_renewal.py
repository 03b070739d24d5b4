"""A ban does not end while its address still knocks, where its policy says so."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.daemon.renewal import renewed
from responder.enforce.backend import Target
from responder.enforce.firewall import Enforced
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
        daemon.tell("firewall", "flush")

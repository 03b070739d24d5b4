"""Computed anew from the reports, listings are what they were; what is forgotten is missed by none."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder.blacklist import reporters, rescoring, schema, subject
from responder.blacklist.reporters import Group
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Level, Report
from responder.times import DAY
from tests.blacklist.blacklist import NOON, REPORTERS, Blacklist, made_empty

SMALL = Scoring(reporters=2, crowd_v4=2, crowd_v6=2, crowd_v6_wide=2)
ABOUT = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.0/24", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::/64",
         "2001:db8::/48", "example.org", "k@example.org", "http://www.example.org/"]  # fmt: skip
_ABOUT, _BY, _DAYS = st.sampled_from(ABOUT), st.sampled_from(sorted(REPORTERS)), st.integers(0, 130)
_BURSTS = st.tuples(st.just("burst"), st.lists(_ABOUT, min_size=1, max_size=4), _DAYS)
_DEEDS = st.one_of(
    _BURSTS,
    _BURSTS,
    st.tuples(st.just("report"), _ABOUT, _BY, _DAYS),
    st.tuples(st.just("vote"), _ABOUT, _BY, st.booleans(), _DAYS),
    st.tuples(st.just("allow"), _ABOUT),
    st.tuples(st.just("disallow"), _ABOUT),
    st.tuples(st.just("removal"), _ABOUT, st.booleans(), _DAYS),
)


def do(blacklist: Blacklist, deed: Sequence[Any]) -> None:
    """Do one of _DEEDS; what is asked of nobody listed is not asked."""
    match deed:
        case "burst", about, day:
            blacklist.report_all(
                [
                    Report(subject.parse(one), by, NOON + (day + nth) * DAY)
                    for one in about
                    for nth, by in enumerate(REPORTERS)
                ]
            )
        case "report", about, by, day:
            blacklist.report(about, by, day)
        case "vote", about, by, against, day:
            blacklist.vote(about, by, against=against, at=NOON + day * DAY)
        case "allow", about:
            blacklist.allow(about)
        case "disallow", about:
            blacklist.disallow(about)
        case "removal", about, granted, day:
            try:
                number = blacklist.request(about, NOON + day * DAY)
            except ValueError:
                return
            blacklist.review(number, granted=granted, at=NOON + day * DAY)


@given(st.lists(_DEEDS, max_size=15), _DAYS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_recomputed_listings_are_those_that_were_kept(engine: sa.Engine, deeds: list[Any], day: int) -> None:
    """Whatever was reported, voted, allowed and decided, in any order, late or early."""
    made_empty(engine)
    blacklist = Blacklist(engine, SMALL)
    for deed in deeds:
        do(blacklist, deed)
    kept, then = blacklist.rows(schema.listings), NOON + day * DAY
    entries = [blacklist.entries(level, then) for level in Level]

    assert blacklist.rescore(NOON).changed == 0
    assert blacklist.rescore(NOON).changed == 0  # though what is too old to count is gone
    assert blacklist.rows(schema.listings) == kept

    with engine.begin() as connection:
        connection.execution_options(of_the_test=True).execute(schema.listings.delete())
    blacklist.rescore(NOON)
    assert [blacklist.entries(level, then) for level in Level] == entries


def test_networks_that_were_never_seen_are_found(blacklist: Blacklist) -> None:
    """When the settings take fewer addresses for a crowd; and are let go when they take more."""
    for address in ("192.0.2.1", "192.0.2.2"):
        blacklist.have_listed(address)

    for crowd, listed in ((2, True), (3, False), (0, False), (2, True)):
        blacklist.scoring = Scoring(crowd_v4=crowd)
        blacklist.rescore()
        assert blacklist.listed("192.0.2.99") == listed


def test_other_weights_and_settings_count_from_the_next_run_on(blacklist: Blacklist) -> None:
    """Up and down again."""
    for address in ("192.0.2.1", "192.0.2.2"):
        blacklist.have_listed(address)
    with blacklist.writing() as connection:
        reporters.set_group(connection, Group("host", 0.0), actor="test", now=NOON)
    assert blacklist.listed("192.0.2.1")
    assert blacklist.rescore().changed == 2
    assert blacklist.entries() == []

    with blacklist.writing() as connection:
        reporters.set_group(connection, Group("host", 1.0), actor="test", now=NOON)
    blacklist.scoring = Scoring(crowd_v4=2)
    assert blacklist.rescore().changed == 3
    assert blacklist.listed("192.0.2.99")


def test_what_nobody_heard_of_for_long_is_forgotten(blacklist: Blacklist) -> None:
    """Subjects, reports and listings; not who asked for a removal and waits, nor who was heard of since."""
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        blacklist.have_listed(address)
    blacklist.request("192.0.2.2")
    later = NOON + 2 * blacklist.scoring.memory
    blacklist.report("192.0.2.3", "ann", at=later)

    assert blacklist.rescore(later).forgotten == 0
    assert blacklist.rescore(later + 30 * DAY).forgotten == 1

    assert [row[2] for row in blacklist.rows(schema.subjects)] == ["192.0.2.2", "192.0.2.3"]
    assert len(blacklist.rows(schema.reports)) == 4  # the three of him who waits, and the last of the other
    assert blacklist.history("192.0.2.1")


def test_a_deed_is_kept_as_long_as_the_settings_say(blacklist: Blacklist) -> None:
    blacklist.have_listed("192.0.2.1", NOON)

    assert rescoring.prune_audit(blacklist.engine, NOON) == 0
    assert rescoring.prune_audit(blacklist.engine, NOON + 1) == 1
    assert blacklist.history("192.0.2.1") == []


@pytest.mark.parametrize("count", [1, 1001])
def test_progress_tells_of_every_subject(blacklist: Blacklist, count: int) -> None:
    blacklist.report_all([Report(subject.parse(f"192.0.{n >> 8}.{n & 255}"), "ann", NOON) for n in range(count)])
    told: list[int] = []

    done = rescoring.rescore(blacklist.engine, blacklist.scoring, NOON, told.append)

    assert done.subjects == sum(told) == count

"""Nobody is taken out and no proposal counts before a moderator has decided; decisions are remembered and audited."""

import pytest

from responder.blacklist import subject
from responder.blacklist.values import Report
from responder.times import DAY
from tests.blacklist.blacklist import NOON, Blacklist

HE = "192.0.2.7"


def test_a_request_changes_nothing_before_it_is_granted(blacklist: Blacklist) -> None:
    blacklist.have_listed(HE)
    before = blacklist.entries()

    number = blacklist.request(HE)
    blacklist.rescore()
    assert blacklist.entries() == before

    blacklist.review(number, granted=True)
    assert blacklist.entries() == []


def test_after_a_granted_removal_old_reports_count_no_more(blacklist: Blacklist) -> None:
    """Not even those that arrive late; it takes as many new ones as the first time."""
    blacklist.have_listed(HE)
    blacklist.review(blacklist.request(HE), granted=True)

    blacklist.report(HE, "dan", -3)
    blacklist.report(HE, "ann", 1)
    blacklist.report(HE, "bob", 2)
    assert not blacklist.listed(HE, NOON + 2 * DAY)

    blacklist.report(HE, "cat", 3)
    assert blacklist.listed(HE, NOON + 3 * DAY)


def test_a_refused_removal_makes_new_reports_weigh_more(blacklist: Blacklist) -> None:
    for about in (HE, "192.0.2.8"):
        blacklist.have_listed(about)
    blacklist.review(blacklist.request(HE), granted=False)
    for about in (HE, "192.0.2.8"):
        blacklist.report(about, "dan", 1)

    refused, other = blacklist.entries(at=NOON + DAY)
    assert refused.reason == f"{other.reason}; removal refused once"
    assert refused.score > other.score
    assert refused.until > other.until


def test_only_what_is_listed_itself_can_be_asked_for_and_only_once(blacklist: Blacklist) -> None:
    """Who is covered by a network is told which."""
    with pytest.raises(ValueError, match=r"192\.0\.2\.7 is not listed$"):
        blacklist.request(HE)
    blacklist.have_listed("192.0.2.0/24")
    with pytest.raises(ValueError, match=r"is not listed; ask for 192\.0\.2\.0/24, which holds it"):
        blacklist.request(HE)
    blacklist.request("192.0.2.0/24")
    with pytest.raises(ValueError, match="was asked for already"):
        blacklist.request("192.0.2.0/24")


def test_a_request_is_decided_once(blacklist: Blacklist) -> None:
    blacklist.have_listed(HE)
    number = blacklist.request(HE)
    assert blacklist.review(number, granted=False).state == "refused"

    for wrong in (number, number + 1):
        with pytest.raises(ValueError, match=f"no open request no. {wrong}"):
            blacklist.review(wrong, granted=True)


def test_a_network_that_was_let_out_is_not_listed_for_the_same_crowd(blacklist: Blacklist) -> None:
    blacklist.scoring = blacklist.scoring.__class__(crowd_v4=2)
    for address in ("192.0.2.1", "192.0.2.2"):
        blacklist.have_listed(address)
    blacklist.review(blacklist.request("192.0.2.0/24"), granted=True)
    assert not blacklist.listed("192.0.2.99")

    for address in ("192.0.2.3", "192.0.2.4"):
        blacklist.have_listed(address, NOON + DAY)
    assert blacklist.listed("192.0.2.99", NOON + DAY)


def test_everything_but_reports_is_audited(blacklist: Blacklist) -> None:
    """Who, what, about whom; in its order, with the reason."""
    blacklist.have_listed(HE)
    blacklist.vote(HE, "dan", against=True)
    number = blacklist.request(HE)
    blacklist.review(number, granted=False)
    blacklist.allow(HE)
    blacklist.disallow(HE)

    assert [(deed.actor, deed.action) for deed in blacklist.history(HE)] == [
        ("scoring", "listed"),
        ("dan", "vote"),
        ("scoring", "level"),
        ("pat", "request-removal"),
        ("mod", "refuse-removal"),
        ("test", "allow"),
        ("scoring", "unlisted"),
        ("test", "disallow"),
        ("scoring", "listed"),
    ]
    assert "3 reports by 3 reporters" in blacklist.history(HE)[0].detail


def test_a_proposal_counts_when_it_is_accepted(blacklist: Blacklist) -> None:
    """Not before, and never when it is rejected; the same one waits once."""
    proposed = [Report(subject.parse(about), "ann", NOON, "spam", "seen") for about in (HE, "spam.example")]
    assert blacklist.propose(proposed) == 2
    assert blacklist.propose(proposed[:1]) == 0
    first, second = blacklist.proposals()
    assert [one.report for one in (first, second)] == proposed

    blacklist.decide(first.id, accepted=True)
    blacklist.decide(second.id, accepted=False)

    assert blacklist.proposals() == []
    assert blacklist.report(HE, "ann") == 0  # it is there
    assert blacklist.report("spam.example", "ann") == 1
    with pytest.raises(ValueError, match=f"no proposal no. {first.id} waits"):
        blacklist.decide(first.id, accepted=True)

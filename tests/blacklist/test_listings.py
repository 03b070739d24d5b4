"""What is listed, and what is not: reports, votes, networks, the allowlist, and what never is."""

import pytest

from responder.blacklist import subject
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Level, Report
from responder.times import DAY
from tests.blacklist.blacklist import NOON, Blacklist

HE = "192.0.2.7"


def test_three_reporters_on_three_days_make_a_listing(blacklist: Blacklist) -> None:
    """Paired off: here two reported on one day only, the same, until one of them reports on another."""
    blacklist.report(HE, "ann", 0)
    blacklist.report(HE, "bob", 1)
    blacklist.report(HE, "cat", 1)
    blacklist.report(HE, "ann", 2)
    assert not blacklist.listed(HE, NOON + 2 * DAY)

    blacklist.report(HE, "cat", 2)

    [entry] = blacklist.lookup(HE, NOON + 2 * DAY).entries
    assert entry.reason == "5 reports by 3 reporters on 3 days, the last on 2027-01-17"


def test_a_reporter_counts_once_a_day(blacklist: Blacklist) -> None:
    """The first report of the day stands, and sending it again changes nothing."""
    assert blacklist.report(HE, "ann", category="spam", token="t1") == 1
    assert blacklist.report(HE, "ann", category="login", token="t2") == 0
    assert blacklist.report(HE, "ann", category="spam", token="t1") == 0
    assert blacklist.report(HE, "ann", 1, token="t1") == 0


def test_a_batch_sent_again_changes_nothing(blacklist: Blacklist) -> None:
    batch = [Report(subject.parse(f"192.0.2.{n}"), "ann", NOON, "spam", "line", f"t{n}") for n in range(50)]

    assert blacklist.report_all(batch) == 50
    assert blacklist.report_all(batch[10:]) == 0


def test_a_listing_ends_by_itself(blacklist: Blacklist) -> None:
    blacklist.have_listed(HE)
    [entry] = blacklist.lookup(HE).entries

    assert blacklist.listed(HE, entry.until - 1)
    assert not blacklist.listed(HE, entry.until)


def test_levels_are_nested(blacklist: Blacklist) -> None:
    """Who is strict is on the broad list too, longer."""
    blacklist.have_listed(HE)
    for day in (1, 2, 3):
        blacklist.report(HE, "eve", -day)

    ends = [blacklist.lookup(HE, NOON, level).entries[0].until for level in Level]
    assert ends == sorted(ends, reverse=True)
    assert {entry.level for entry in blacklist.entries(Level.BROAD)} == {Level.STRICT}
    assert [entry.until for entry in blacklist.entries(Level.STRICT)] == [ends[-1]]


def test_votes_against_take_a_listing_out_and_votes_for_keep_it(blacklist: Blacklist) -> None:
    blacklist.have_listed(HE)
    blacklist.vote(HE, "eve", against=True)
    assert not blacklist.listed(HE)

    blacklist.vote(HE, "dan", against=False)
    assert blacklist.listed(HE)
    [entry] = blacklist.lookup(HE).entries
    assert "1 vote for, 1 against" in entry.reason


def test_a_vote_alone_lists_nobody(blacklist: Blacklist) -> None:
    for by in ("ann", "bob", "cat", "dan", "eve"):
        blacklist.vote(HE, by, against=False)

    assert not blacklist.listed(HE)


@pytest.mark.parametrize(
    "never", ["10.1.2.3", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "0.0.0.0/0", "128.0.0.0/1",
              "::1", "fe80::1", "fd00::1", "ff02::1", "::/0", "2000::/3", "2002:c000:207::1", "9.0.0.0/8"],
)  # fmt: skip
def test_what_means_another_host_everywhere_is_never_listed(blacklist: Blacklist, never: str) -> None:
    """Nor what is wider than an accident may be; reports about it are kept and do nothing."""
    blacklist.have_listed(never)

    assert not blacklist.listed(never)
    assert blacklist.entries() == []


def test_a_full_network_is_listed_as_long_as_it_is_full(blacklist: Blacklist) -> None:
    """Three of its addresses, here: until the first of them leaves."""
    blacklist.scoring = Scoring(crowd_v4=3)
    for address in ("192.0.2.1", "192.0.2.2"):
        blacklist.have_listed(address)
    assert not blacklist.listed("192.0.2.99")

    blacklist.have_listed("192.0.2.3", NOON + DAY)

    [entry] = blacklist.lookup("192.0.2.99", NOON + DAY).entries
    assert entry.subject == subject.parse("192.0.2.0/24")
    assert entry.reason == "3 inside it listed at once"
    assert entry.until == blacklist.lookup("192.0.2.1", NOON + DAY).entries[0].until


def test_full_networks_of_ipv6_fill_wider_ones(blacklist: Blacklist) -> None:
    """Addresses fill a /64, and these a /48."""
    blacklist.scoring = Scoring(crowd_v6=2, crowd_v6_wide=2)
    for network in (1, 2):
        for host in (1, 2):
            blacklist.have_listed(f"2001:db8:0:{network}::{host}")

    covering = [entry.subject.value for entry in blacklist.lookup("2001:db8:0:1::1").entries]
    assert covering == ["2001:db8:0:1::1", "2001:db8:0:1::/64", "2001:db8::/48"]
    assert blacklist.listed("2001:db8:0:99::1")


def test_a_network_that_empties_is_not_listed(blacklist: Blacklist) -> None:
    blacklist.scoring = Scoring(crowd_v4=2)
    for address in ("192.0.2.1", "192.0.2.2"):
        blacklist.have_listed(address)
    assert blacklist.listed("192.0.2.99")

    blacklist.vote("192.0.2.1", "eve", against=True)

    assert not blacklist.listed("192.0.2.99")


def test_what_is_allowed_is_not_listed_before_nor_after(blacklist: Blacklist) -> None:
    """And is again when it is not allowed any more."""
    blacklist.have_listed(HE)
    assert blacklist.allow("192.0.2.0/28")
    assert not blacklist.allow("192.0.2.0/28")
    assert blacklist.entries() == []

    blacklist.have_listed("192.0.2.8")
    assert blacklist.entries() == []
    assert blacklist.lookup(HE).allowed

    assert blacklist.disallow("192.0.2.0/28")
    assert not blacklist.disallow("192.0.2.0/28")
    assert [entry.subject.value for entry in blacklist.entries()] == [HE, "192.0.2.8"]


def test_a_network_around_an_allowed_address_may_be_listed_and_the_address_is_not(blacklist: Blacklist) -> None:
    blacklist.allow(HE)
    blacklist.have_listed("192.0.2.0/24")

    assert blacklist.listed("192.0.2.8")
    assert not blacklist.listed(HE)


def test_an_allowed_domain_covers_what_belongs_to_it(blacklist: Blacklist) -> None:
    """Subdomains, e-mail addresses and URLs; not its neighbours."""
    inside = ["example.org", "www.example.org", "koko@example.org", "koko@mail.example.org", "http://example.org/x"]
    outside = ["badexample.org", "koko@example.com", "http://example.org.example.com/"]
    for about in (*inside, *outside):
        blacklist.have_listed(about)
    assert all(blacklist.listed(about) for about in (*inside, *outside))

    blacklist.allow("example.org")

    assert sorted(entry.subject.value for entry in blacklist.entries()) == sorted(outside)
    assert not any(blacklist.listed(about) for about in inside)


def test_names_are_covered_by_the_domains_above(blacklist: Blacklist) -> None:
    blacklist.have_listed("example.org")

    for about in ("example.org", "a.b.example.org", "x@example.org", "https://www.example.org:8443/?q"):
        assert blacklist.listed(about)
    for about in ("org.example", "notexample.org", "x@example.com", "https://192.0.2.7/"):
        assert not blacklist.listed(about)


def test_who_comes_back_weighs_more(blacklist: Blacklist) -> None:
    """One report is enough then, and the listing lasts longer than the first one did."""
    blacklist.have_listed(HE)
    [first] = blacklist.lookup(HE).entries
    later = first.until + DAY
    assert not blacklist.listed(HE, later)

    blacklist.report(HE, "ann", at=later)

    [again] = blacklist.lookup(HE, later).entries
    assert "came back once" in again.reason
    assert again.since == later
    blacklist.report("192.0.2.8", "ann", at=later)
    assert not blacklist.listed("192.0.2.8", later)


def test_after_the_memory_a_newcomer_is_a_newcomer(blacklist: Blacklist) -> None:
    blacklist.have_listed(HE)
    later = NOON + blacklist.scoring.memory + DAY

    blacklist.report(HE, "ann", at=later)

    assert not blacklist.listed(HE, later)


def test_a_report_of_the_future_is_refused(blacklist: Blacklist) -> None:
    with pytest.raises(ValueError, match="give the day on which it happened"):
        blacklist.report_all([Report(subject.parse(HE), "ann", NOON + 2 * DAY)], now=NOON)


def test_a_reporter_that_is_not_there_is_named(blacklist: Blacklist) -> None:
    """And nothing of the batch is kept."""
    with pytest.raises(ValueError, match="'zoe', 'zac': no such reporter; say `responder blacklist reporter add zoe"):
        blacklist.report_all([Report(subject.parse(HE), by, NOON) for by in ("ann", "zoe", "zac")])

    assert blacklist.report(HE, "ann") == 1


@pytest.mark.parametrize("odd", ["\0", "\udc80 \0 \N{SNOWMAN}", "x" * 5000])
def test_evidence_may_be_anything_that_a_log_holds(blacklist: Blacklist, odd: str) -> None:
    assert blacklist.report(HE, "ann", evidence=odd, category=odd) == 1

"""A score decays, so a listing's end follows from its evidence; words say why."""

from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from responder.blacklist.scoring import Case, Ruling, Scoring, Seen, Voice, judge, latest, overlap
from responder.blacklist.values import Level, Listing
from responder.times import DAY
from tests.blacklist.blacklist import NOON

SCORING = Scoring()
_WEIGHTS = st.sampled_from([0.0, 0.5, 1.0, 2.0, 30.0])
_TIMES = st.integers(0, 200 * 24).map(lambda hours: NOON + hours * 3600.0)
_REPORTS = st.lists(
    st.builds(
        lambda time, reporter, weight, category: Seen(time, reporter, int(time // DAY), weight, category),
        _TIMES, st.integers(1, 6), _WEIGHTS, st.sampled_from(["", "spam", "login"]),
    ),
    max_size=20,
)  # fmt: skip
_VOTES = st.lists(st.builds(Voice, _TIMES, st.integers(1, 6), st.sampled_from([-2.0, -1.0, 1.0])), max_size=4)
_RULINGS = st.lists(st.builds(Ruling, _TIMES, st.booleans()), max_size=3)
_SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: (min(pair), max(pair))), max_size=8
)


def seen(*days: float, weight: float = 1.0) -> list[Seen]:
    """Return a report of another reporter for each of *days*."""
    return [
        Seen(NOON + day * DAY, reporter, int((NOON + day * DAY) // DAY), weight, "spam")
        for reporter, day in enumerate(days)
    ]


def test_the_end_is_where_the_score_has_fallen_to_the_threshold() -> None:
    """Ten reports at once, half-life of a week: from 10 to 5 in one week, to 2.5 in two, to 1 in 3.32."""
    listing = judge(Case(seen(*[0.0] * 10)), Scoring(reporters=1))

    assert listing
    assert listing.score == 10
    assert listing.strict == NOON + 7 * DAY
    assert listing.moderate == NOON + 14 * DAY
    assert isclose(listing.broad, NOON + 23.2535 * DAY, abs_tol=10)


def test_a_host_alone_lists_for_as_long_as_it_says() -> None:
    """With one reporter, and half a report as the threshold, one report is a listing of one half-life."""
    listing = judge(Case(seen(0)), Scoring(reporters=1, broad=0.5))

    assert listing
    assert (listing.since, listing.broad) == (NOON, NOON + 7 * DAY)


def test_a_score_halves_between_reports() -> None:
    listing = judge(Case(seen(0, 7, 14)), SCORING)

    assert listing
    assert listing.score == 1.75
    assert listing.since == listing.scored == NOON + 14 * DAY
    assert listing.reason == "3 reports by 3 reporters on 3 days, the last on 2027-01-29"


def test_reporters_that_weigh_nothing_count_nowhere() -> None:
    """Neither in the score nor among the reporters that it takes."""
    assert judge(Case(seen(0, 1, 2, weight=0.0)), SCORING) is None
    assert judge(Case([*seen(0, 1, weight=5.0), seen(0, 1, 2, weight=0.0)[2]]), SCORING) is None


def test_a_granted_removal_is_a_clean_slate_and_a_refused_one_weighs() -> None:
    reports = seen(0, 1, 2)
    late = seen(3, 4, 5, 6)[3:]

    assert judge(Case(reports, rulings=[Ruling(NOON + 3 * DAY, granted=True)]), SCORING) is None
    assert judge(Case([*reports, *late], rulings=[Ruling(NOON + 3 * DAY, granted=True)]), SCORING) is None
    plain, refused = (
        judge(Case([*reports, *late]), SCORING),
        judge(Case([*reports, *late], rulings=[Ruling(NOON + 3 * DAY, granted=False)]), SCORING),
    )
    assert plain
    assert refused
    assert isclose(refused.score - plain.score, 0.5)
    assert refused.reason.endswith("; removal refused once")


@given(_REPORTS, _VOTES, _RULINGS, st.randoms())
def test_a_listing_is_whole_and_the_same_in_any_order(
    reports: list[Seen], votes: list[Voice], rulings: list[Ruling], chance: object
) -> None:
    """Levels are nested, nothing lasts longer than the memory, and no order of arrival matters."""
    case = Case(reports, votes, rulings)
    listing = judge(case, SCORING)

    shuffled = [list(events) for events in case[:3]]
    for events in shuffled:
        chance.shuffle(events)  # type: ignore[attr-defined]
    # Two reports of one instant by one reporter there cannot be: the store has one of each a day.
    if all(len({one[:2] for one in events}) == len(events) for events in (reports, votes)):
        assert judge(Case(*shuffled), SCORING) == listing  # type: ignore[arg-type]
    if listing:
        ends = [listing.until(level) for level in Level]
        assert ends == sorted(ends, reverse=True)
        assert listing.since <= listing.scored <= listing.broad <= listing.scored + SCORING.memory
        assert listing.score >= SCORING.broad
        assert len({report.reporter for report in reports if report.weight}) >= 3


@given(_REPORTS, _VOTES)
def test_what_is_older_than_the_memory_may_be_forgotten(reports: list[Seen], votes: list[Voice]) -> None:
    """That is why a listing does not change when it is."""
    last = latest(Case(reports, votes))
    young = [report for report in reports if report.time > last - SCORING.memory]

    assert judge(Case(young, votes), SCORING) == judge(Case(reports, votes), SCORING)


@given(_SPANS, st.integers(0, 4))
def test_the_last_overlap_is_found(spans: list[tuple[int, int]], need: int) -> None:
    """As counting at every instant would."""
    full = [at for at in range(20) if need and sum(since <= at < until for since, until in spans) >= need]
    found = overlap([(float(since), float(until)) for since, until in spans], need)

    if not full:
        assert found is None
    else:
        assert found
        begin, end = found
        assert end == max(full) + 1
        assert all(at in full for at in range(int(begin), int(end)))
        assert begin - 1 not in full or any(until == begin for _, until in spans)


def test_a_crowd_that_was_let_out_is_not_counted_again() -> None:
    """Those inside count if they were listed after the network's removal was granted."""
    inside = [Listing(2.0, NOON, NOON + day, NOON + 9 * DAY, None, None, "spam", "") for day in range(3)]

    assert judge(Case(crowd=inside, need=3), SCORING)
    assert judge(Case(crowd=inside, need=3, rulings=[Ruling(NOON, granted=True)]), SCORING) is None


def test_reports_about_a_network_and_the_crowd_inside_are_told_together() -> None:
    inside = [Listing(6.0, NOON, NOON, NOON + 90 * DAY, NOON + 80 * DAY, NOON + 70 * DAY, "login", "")] * 2

    listing = judge(Case(seen(0, 1, 2), crowd=inside, need=2), SCORING)

    assert listing
    assert listing.reason == "3 reports by 3 reporters on 3 days, the last on 2027-01-17; 2 inside it listed at once"
    assert (listing.since, listing.broad, listing.strict) == (NOON, NOON + 90 * DAY, NOON + 70 * DAY)

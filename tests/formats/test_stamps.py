"""A time stamp names its instant, whatever it leaves out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.formats.stamps import Stamps
from responder.times import DAY, HOUR, MINUTE

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def bsd(at: float, zone: tzinfo = UTC) -> bytes:
    moment = datetime.fromtimestamp(at, zone)
    return f"{moment:%b} {moment.day:2} {moment:%H:%M:%S}".encode()


def iso(at: float, zone: tzinfo = UTC) -> bytes:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%dT%H:%M:%S}".encode()


@pytest.mark.parametrize(
    ("reference", "stamp", "meant"),
    [
        ("2027-01-01T00:00:10", b"Dec 31 23:59:59", "2026-12-31T23:59:59"),
        ("2027-01-05T12:00:00", b"Dec  1 08:00:00", "2026-12-01T08:00:00"),
        ("2027-01-05T12:00:00", b"Jan  5 11:59:59", "2027-01-05T11:59:59"),
        ("2026-12-31T20:00:00", b"Jan  1 03:00:00", "2027-01-01T03:00:00"),
        ("2026-12-31T23:59:59", b"Dec 31 23:59:59", "2026-12-31T23:59:59"),
        ("2026-06-01T00:00:00", b"Jun  2 00:01:00", "2025-06-02T00:01:00"),
        ("2026-06-01T00:00:00", b"Jun  1 23:59:59", "2026-06-01T23:59:59"),
        ("2027-03-01T00:00:00", b"Feb 29 12:00:00", "2024-02-29T12:00:00"),
        ("2028-02-29T13:00:00", b"Feb 29 12:00:00", "2028-02-29T12:00:00"),
        ("2028-02-28T13:00:00", b"Feb 29 12:00:00", "2028-02-29T12:00:00"),
        ("2029-01-01T00:00:00", b"Feb 29 12:00:00", "2028-02-29T12:00:00"),
        ("2026-11-23T12:00:00", b"Nov  3 09:08:07", "2026-11-03T09:08:07"),
    ],
)
def test_a_stamp_without_a_year_gets_the_latest_that_fits(reference: str, stamp: bytes, meant: str) -> None:
    """December read in January is last year's; a clock some hours ahead at the turn of the year is next year's."""
    assert Stamps(UTC, utc(reference)).read(stamp) == utc(meant)


@given(
    st.integers(int(utc("2020-01-01T00:00:00")), int(utc("2035-01-01T00:00:00"))),
    st.floats(-DAY + MINUTE, 363 * DAY),
    st.sampled_from([UTC, ZoneInfo("Asia/Kolkata"), ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")]),
)
def test_a_stamp_of_the_last_year_is_read_back(at: int, later: float, zone: tzinfo) -> None:
    """By a reader who is up to a year later, or up to a day earlier, in any zone."""
    stamps = Stamps(zone, at + later)

    assert stamps.read(bsd(at, zone)) == at
    assert stamps.read(iso(at, zone)) == at


@given(st.integers(int(utc("2020-01-01T00:00:00")), int(utc("2035-01-01T00:00:00"))))
def test_local_stamps_are_read_in_the_zone_of_the_log(at: int) -> None:
    """Summer and winter; what the hour that comes twice means, the clock that is now tells."""
    assert Stamps(BERLIN, at).read(bsd(at, BERLIN)) == at
    assert Stamps(BERLIN, at).read(iso(at, BERLIN)) == at


SECOND_TWO_O_CLOCK = utc("2026-10-25T01:00:00")  # Berlin: 2:00 again, after 2:59:59


@pytest.mark.parametrize("delay", [0.0, 20 * MINUTE])
def test_both_passes_of_the_repeated_hour_are_told_apart_live(delay: float) -> None:
    """By the clock, even where lines come somewhat late."""
    times = [SECOND_TWO_O_CLOCK + minute * MINUTE for minute in range(-90, 90, 7)]
    stamps = Stamps(BERLIN, 0.0)

    for at in times:
        stamps.reference = at + delay
        assert stamps.read(bsd(at, BERLIN)) == at


def test_the_repeated_hour_is_told_by_the_clock_where_the_log_was_quiet() -> None:
    """The line before may be from the evening."""
    stamps = Stamps(BERLIN, SECOND_TWO_O_CLOCK - 6 * HOUR)
    stamps.read(bsd(SECOND_TWO_O_CLOCK - 6 * HOUR, BERLIN))
    at = SECOND_TWO_O_CLOCK + 10 * MINUTE

    stamps.reference = at

    assert stamps.read(bsd(at, BERLIN)) == at


@pytest.mark.parametrize("written", [bsd, iso])
def test_both_passes_of_the_repeated_hour_are_told_apart_in_replay(written: Callable[[float, tzinfo], bytes]) -> None:
    """By what stands before: the log's own times go on."""
    times = [SECOND_TWO_O_CLOCK + minute * MINUTE for minute in range(-90, 90, 7)]
    stamps = Stamps(BERLIN, SECOND_TWO_O_CLOCK + 30 * DAY)

    assert [stamps.read(written(at, BERLIN)) for at in times] == times


def test_the_hour_that_is_skipped_is_read_as_if_the_clock_had_not_moved() -> None:
    """No clock showed it, but a stamp may name it; the order of lines is kept."""
    stamps = Stamps(BERLIN, utc("2026-03-30T00:00:00"))
    moved = utc("2026-03-29T01:00:00")

    assert stamps.read(b"Mar 29 01:59:59") == moved - 1
    assert stamps.read(b"Mar 29 02:30:00") == moved + HOUR / 2
    assert stamps.read(b"Mar 29 03:30:00") == moved + HOUR / 2


class CountingZone(tzinfo):
    """UTC, which counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def utcoffset(self, _moment: datetime | None) -> timedelta:
        self.asked += 1
        return timedelta(0)

    def tzname(self, _moment: datetime | None) -> str:
        return "counting"

    def dst(self, _moment: datetime | None) -> timedelta:
        return timedelta(0)


@pytest.mark.parametrize("form", [b"Nov 23 13:46:%02d", b"2026-11-23T13:46:%02d", b"2026-11-23T13:46:%02d.123456"])
def test_each_distinct_minute_is_worked_out_once(form: bytes) -> None:
    """A flood of lines costs no flood of calendars, and a fraction makes no new minute."""
    zone = CountingZone()
    stamps = Stamps(zone, utc("2026-11-23T14:00:00"))
    stamps.read(form % 0)
    asked = zone.asked

    seen = [stamps.read(form % second) for second in range(60)]

    assert seen == [utc("2026-11-23T13:46:00") + second for second in range(60)]
    assert asked > 0
    assert zone.asked == asked


def test_what_was_worked_out_does_not_outlive_its_year() -> None:
    """A daemon that runs for years reads the same stamp as another instant."""
    stamps = Stamps(UTC, utc("2026-11-23T14:00:00"))
    assert stamps.read(b"Nov 23 13:46:37") == utc("2026-11-23T13:46:37")

    stamps.reference = utc("2027-11-23T14:00:00")

    assert stamps.read(b"Nov 23 13:46:37") == utc("2027-11-23T13:46:37")


def test_more_minutes_than_are_remembered_are_read_all_the_same() -> None:
    """Memory is bounded."""
    first = utc("2026-11-01T00:00:00")
    stamps = Stamps(UTC, first + 30 * DAY)

    for minute in (*range(5000), *range(10)):
        assert stamps.read(bsd(first + minute * MINUTE)) == first + minute * MINUTE


def test_unreadable_stamps_are_counted_and_take_the_time_of_the_line_before() -> None:
    """The first of all takes the reference."""
    stamps = Stamps(UTC, utc("2026-11-23T14:00:00"))

    assert stamps.read(b"Feb 30 10:00:00") == utc("2026-11-23T14:00:00")
    at = stamps.read(b"Nov 23 13:46:37")
    for stamp in (b"Feb 30 10:00:00", b"Foo 10 10:00:00", b"2026-13-01T00:00:00Z", b"2026-01-01T00:00:00+99:00"):
        assert stamps.read(stamp) == at
    assert stamps.unreadable == 5


@pytest.mark.parametrize("stamp", [b"Dec 31 23:59:60", b"2026-12-31T23:59:60Z"])
def test_a_leap_second_is_the_one_before_it(stamp: bytes) -> None:
    """Epoch seconds have none."""
    assert Stamps(UTC, utc("2027-01-01T12:00:00")).read(stamp) == utc("2026-12-31T23:59:59")

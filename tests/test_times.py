"""Durations and instants read as people write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.times import DAY, HOUR, MINUTE, format_duration, format_time, parse_duration, parse_time

CENTURY = 36525 * DAY


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("10m", 10 * MINUTE), ("1h", HOUR), ("7d", 7 * DAY), ("2w", 14 * DAY), ("1h30m", 1.5 * HOUR),
        ("0h5m", 5 * MINUTE), ("36525d", CENTURY),
    ],
)  # fmt: skip
def test_durations_are_numbers_with_units(text: str, seconds: float) -> None:
    """As in the settings."""
    assert parse_duration(text) == seconds


@given(st.integers(1, int(CENTURY)))
def test_a_duration_reads_back_from_its_text(seconds: int) -> None:
    """What is shown can be pasted into the settings."""
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    "text", ["", "10", "m", "10 m", "-5m", "1.5h", "10M", "10min", "1h 30m", " 1h", "1h\n", "٣m", "1000000000000s"]
)
def test_what_is_no_duration_is_refused_with_what_would_be_right(text: str) -> None:
    """Nothing is guessed: 10 may be seconds or minutes."""
    with pytest.raises(ValueError, match="is no duration; write 90s"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0s", "0m", "0h0m"])
def test_a_duration_of_nothing_is_refused(text: str) -> None:
    """A window or ban of no time would be a policy that never acts."""
    with pytest.raises(ValueError, match="longer than nothing"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["36526d", "999999999w"])
def test_a_duration_of_more_than_a_century_is_refused(text: str) -> None:
    """The end of such a ban could not be written as a date."""
    with pytest.raises(ValueError, match="hundred years"):
        parse_duration(text)
    assert format_time(4_102_444_800 + CENTURY) == "2200-01-02T00:00:00Z"


@given(st.text())
def test_any_text_is_a_positive_duration_or_refused(text: str) -> None:
    """With no other exception."""
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert 0 < seconds <= CENTURY


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.4, "0s"), (59.6, "1m"), (-90, "-1m30s"), (-0.2, "0s"), (DAY + 1, "1d1s")]
)
def test_durations_are_shown_to_the_second(seconds: float, text: str) -> None:
    """What is over has a minus sign."""
    assert format_duration(seconds) == text


def test_instants_are_shown_in_utc() -> None:
    """Whatever the zone of the host or the log."""
    assert format_time(1_800_000_000.9) == "2027-01-15T08:00:00Z"


@given(st.integers(-30_000_000_000, 250_000_000_000))
def test_an_instant_that_was_written_is_read_back(at: int) -> None:
    """To the second, from the year 1019 to the year 9892."""
    assert parse_time(format_time(at)) == at
    assert format_time(at) == datetime.fromtimestamp(at, UTC).isoformat()[:19] + "Z"

"""Limits are read as people write them, and said back in a form that reads the same."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.limits import BLOCKED, UNLIMITED, Allowance, Limit
from responder.times import DAY, HOUR, MINUTE

LIMITS = st.builds(
    Limit,
    st.integers(min_value=1, max_value=10**15 - 1),
    st.sampled_from(["messages", "recipients", "bytes"]),
    st.integers(min_value=1, max_value=int(400 * DAY)).map(float),
)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("20 messages per 1m", Limit(20, "messages", MINUTE)),
        ("1 message per hour", Limit(1, "messages", HOUR)),
        ("500 recipients per 1d", Limit(500, "recipients", DAY)),
        ("200 MB per 1d", Limit(200_000_000, "bytes", DAY)),
        ("1.5GB per 7d", Limit(1_500_000_000, "bytes", 7 * DAY)),
    ],
)
def test_limits_as_people_write_them(text: str, limit: Limit) -> None:
    assert Limit.parse(text) == limit


@given(LIMITS)
def test_what_is_said_reads_the_same(limit: Limit) -> None:
    assert Limit.parse(str(limit)) == limit


@pytest.mark.parametrize(
    ("texts", "remedy"),
    [
        (["20 mails per 1m"], "write"),
        (["20 messages per soon"], "write"),
        (["0 messages per 1d"], "blocked"),
        (["5 messages per 500d"], "at most 400d"),
        (["unlimited", "5 messages per 1d"], "one or the other"),
        (["5 messages per 1d", "9 messages per 1d"], "leave the larger one out"),
        ([], "write"),
    ],
)
def test_what_is_no_allowance_is_told_with_what_would_be(texts: list[str], remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        Allowance.parse(texts)


def test_no_limit_and_no_mail_are_words() -> None:
    assert Allowance.parse(["unlimited"]) is UNLIMITED
    assert Allowance.parse(["blocked"]) is BLOCKED


@given(st.text(max_size=30))
def test_no_other_error_comes_of_any_text(text: str) -> None:
    with suppress(ValueError):
        assert Limit.parse(str(Limit.parse(text))) == Limit.parse(text)

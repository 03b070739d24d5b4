"""fail2ban's expressions become patterns that match no more than they did, or are refused with a reason."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.detect.pattern import Pattern, Shape
from responder.moving.expression import Refusal
from responder.moving.filterfile import HEADER
from responder.moving.rewrite import ignored, rewrite
from tests.moving.expressions import WORDS, found_by_fail2ban, messages


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (f"^{HEADER}Failed login from <HOST>$", "Failed login from <address>$"),
        (f"^{HEADER}(?:error: )?bad <F-USER>.*</F-USER> from <ADDR>$", "(?:error: )?bad .* from <address>$"),
        (r"^\s*\[error\] client (<HOST>), user", r"\[error\] client <address>, user"),
        (r"^(?:\s+-)?\s*AUTHERR - <ADDR>\b", None),
        (rf"^{HEADER}failed ((?i)by|BYE) <HOST>", "failed (?:[Bb][Yy]|[Bb][Yy][Ee]) <address>"),
        (r"^login failed from <HOST>[: -]+once", r"login failed from <address>[\: \-]+once"),
        (r"^\s+login failed from <HOST>$", " *login failed from <address>$"),
        (r"^  login failed from <HOST>$", " login failed from <address>$"),
        (r"^\[\]\s?login failed from (?P<host><HOST>)\s*$", "login failed from <address> *$"),
    ],
)
def test_what_has_a_place_in_a_pattern_is_put_there(text: str, pattern: str | None) -> None:
    made = rewrite(text)

    assert pattern is None or made.any_of == (pattern,)
    assert not made.tightened


def test_without_an_anchor_it_is_looked_for_anywhere_where_that_can_be_proven() -> None:
    assert rewrite("login failed from <HOST>$").any_of == (".*login failed from <address>$",)
    begins = rewrite("login failed from <HOST> for .* again")
    assert begins.any_of == ("login failed from <address> for .* again",)
    assert begins.tightened == ("only where the message begins so",)


def test_free_text_before_the_address_is_pinned_by_the_end() -> None:
    made = rewrite(f"^{HEADER}login failed for .* from <HOST>")

    assert made.any_of == ("login failed for .* from <address>$",)
    assert made.tightened == ("only where nothing stands behind it",)


def test_a_pattern_that_would_never_match_is_not_made() -> None:
    with pytest.raises(Refusal, match="free text stands before the address"):
        rewrite(f"^{HEADER}login failed for .* from <HOST>,")


def test_each_branch_with_an_address_becomes_a_pattern() -> None:
    made = rewrite(f"^{HEADER}(?:bad login from <IP4>|IPv6:<IP6> failed to log in)")

    assert made.any_of == ("bad login from <address>", "IPv6:<address> failed to log in")


def test_what_must_not_follow_is_left_alone() -> None:
    made = rewrite(f"^{HEADER}from <HOST>: SASL PLAIN failed:(?! Connection lost| Invalid mech)")

    assert made.any_of == ("from <address>: SASL PLAIN failed:",)
    fits = [Shape(one).fits("from 192.0.2.7: SASL PLAIN failed: Connection lost") for one in made.ignore]
    assert any(fits)
    assert not any(Shape(one).fits("from 192.0.2.7: SASL PLAIN failed: x") for one in made.ignore)


def test_postfix_writes_a_client_before_brackets() -> None:
    made = rewrite(rf"^{HEADER}warning: [^[]*\[<HOST>\](?::\d+)?: SASL LOGIN failed", postfix=True)

    assert made.any_of == ("warning: <client>: SASL LOGIN failed",)
    assert Pattern(made.any_of[0]).find("warning: x[198.51.100.1][192.0.2.7]: SASL LOGIN failed") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"^{HEADER}no address at all", "names no address"),
        (f"^{HEADER}<F-NOFAIL>Connection from</F-NOFAIL> <HOST>", "no failure"),
        (f"^{HEADER}<F-MLFGAINED>Accepted</F-MLFGAINED> for x from <HOST>", "success"),
        (r"^begin <HOST>\n.*end", "several lines"),
        (r"^user (?P<u>\w+) failed (?P=u) from <HOST>$", "depends on"),
        (r"^(x)?user(?(1) failed|) from <HOST>$", "depends on"),
        (r"^login (?=failed)\w+ from <HOST>$", "looks ahead"),
        (r"^login failed (?:(?! from ).)* from <HOST>$", "looks ahead inside"),
        (r"^login (?:failed from <HOST>)?$", "may be missing"),
        (r"^login failed from <HOST> to <HOST>$", "exactly one address"),
        (r"^login failed (from <HOST>$", "no regular expression"),
        (r"^(?:a|aa)+ login failed from <HOST>$", "repetition"),
        (r"^<HOST> \d$", "no literal"),
        (r"^login failed a++ from <HOST>$", "possessive repeat"),
        (r"^login failed (?>a|b) from <HOST>$", "atomic group"),
    ],
)
def test_what_has_none_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(Refusal, match=re.escape(why)):
        rewrite(text)


def test_an_ignoreregex_that_is_searched_for_may_stand_anywhere() -> None:
    assert Shape(ignored("monitoring")).fits("login failed: monitoring")
    assert not Shape(ignored(f"^{HEADER}monitoring")).fits("login failed: monitoring")


_EXPRESSIONS = st.builds(
    lambda before, after, begin, end: begin + "".join(before) + "<HOST>" + "".join(after) + end,
    st.lists(st.sampled_from(WORDS), max_size=5),
    st.lists(st.sampled_from(WORDS), max_size=4),
    st.sampled_from(["", "^", f"^{HEADER}"]),
    st.sampled_from(["", "$"]),
)


@settings(max_examples=300)
@given(_EXPRESSIONS, st.data())
def test_what_a_pattern_matches_the_expression_finds_too(text: str, data: st.DataObject) -> None:
    """A pattern is narrower, never wider; and where no text is free both blame the same address."""
    try:
        made = rewrite(text)
    except Refusal:
        return
    for pattern in made.any_of:
        message = data.draw(messages(pattern))
        blamed = Pattern(pattern).find(message)
        if blamed is None or "\n" in message:
            continue
        found = found_by_fail2ban(text, message)
        assert found is not None
        if not any(wild in pattern for wild in (".*", r"\S+", "[^<]*")):
            assert found == str(blamed)

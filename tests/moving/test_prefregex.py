"""An expression behind a prefregex matches no more than fail2ban finds by both, one after the other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.detect.pattern import Pattern, Shape
from responder.moving.expression import Refusal
from responder.moving.filterfile import HEADER
from responder.moving.prefregex import failing, ignoring
from responder.moving.rewrite import ignored, rewrite
from tests.moving.expressions import WORDS, found_by_fail2ban, messages

_ANYTHING = f"^{HEADER}app: <F-CONTENT>.+</F-CONTENT>$"


def asking(condition: str) -> str:
    return f"^{HEADER}<F-CONTENT>{condition}</F-CONTENT>$"


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("(?:[Ll]ogin|[Bb]ad).+", "^[Ll]ogin attempt from <HOST>"),
        ("(?:[Ll]ogin|[Bb]ad).*", "^[Bb]ad"),
        ("[Ll]ogin attempt .*|bad password .+", "^bad password (?:for .*)?from <HOST>$"),
        ("[Ll]ogin attempt .*|bad password .+", "^(?:bad password|login attempt) from <HOST>$"),
        ("[Ll]ogin attempt .*|bad password .+", "^bad password from <IP4>|^Login attempt from <IP6>"),
        ("(?:USER|SECURITY) .+", r"^USER <F-USER>\S+|.*?</F-USER>: no such user"),
        (r"\[(?:denied|refused).*", r'^\[denied for "[^"]*"\]'),
        ("(?i)login.+", "^[Ll]ogin from <HOST>"),
        ("(?:error: )?login.*", "^(?:error: )?login from <HOST>"),
        (r"\d{2} .+", r"^\d\d (?!no) <HOST>"),
        ("login.* failed.*", "^login failed from <HOST>"),
    ],
)
def test_an_expression_that_asks_for_the_condition_anyway_is_put_behind(condition: str, text: str) -> None:
    whole, problem = failing(asking(condition), text)

    assert not problem
    assert whole.startswith(f"^{HEADER}")


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("(?:[Ll]ogin|[Bb]ad).+", "[Ll]ogin attempt from <HOST>"),
        ("(?:[Ll]ogin|[Bb]ad).+", ".login attempt from <HOST>"),
        ("(?:[Ll]ogin|[Bb]ad).+", "^[Ll]ogin"),
        ("(?:[Ll]ogin|[Bb]ad).+", "^LOGIN attempt from <HOST>"),
        ("(?:[Ll]ogin|[Bb]ad).+", "^(?:[Bb]ad )?password from <HOST>"),
        ("(?:[Ll]ogin|[Bb]ad).+", "^.*login from <HOST>"),
        ("login.+", "^logi[nm] from <HOST>"),
        ("login.+", "^(?:login|out) from <HOST>"),
        ("a{2}b.+", "^aaab from <HOST>"),
        ("bb.+", "^(?:b?)*a <HOST>"),
        ("(?:[Ll]ogin|[Bb]ad).+", "^login from <IP4>|bad from <IP6>"),
        ("login.+ failed", "^login from <HOST> failed"),
        ("(?!login for root)login.+", "^login from <HOST>"),
        (". failed.+", "^<HOST> failed once"),
        ("[üx].+", "^[éx] from <HOST>"),
        ("a.+?", "^a from <HOST>"),
        (r"\d{2} .+", r"^\d+ <HOST>"),
    ],
)
def test_one_of_which_that_is_not_proven_is_refused(condition: str, text: str) -> None:
    whole, problem = failing(asking(condition), text)

    assert "leaves out" in problem
    assert whole.startswith(f"^{HEADER}")  # so that it is still known in which lines it would be looked for


@pytest.mark.parametrize(
    "prefix",
    [
        f"^{HEADER}<F-CONTENT>.+</F-CONTENT> denied$",
        f"^{HEADER}<F-CONTENT>login.+</F-CONTENT>",
        f"^{HEADER}app",
    ],
)
def test_what_is_not_the_rest_of_the_message_is_refused(prefix: str) -> None:
    assert "<F-CONTENT>" in failing(prefix, "^login from <HOST>")[1]


def test_each_alternative_stands_behind_what_is_asked_of_all() -> None:
    whole, _ = failing(_ANYTHING, r"^bad [|] \| <F-USER>x|y</F-USER> <IP4>|login (?:a|b) from <IP6>$")

    assert whole == rf"^{HEADER}app: (?:bad [|] \| <F-USER>x|y</F-USER> <IP4>|.*login (?:a|b) from <IP6>$)"
    assert Pattern(rewrite(whole).any_of[1]).find("app: a login a from 192.0.2.7")
    assert not any(Pattern(one).find("login a from 192.0.2.7") for one in rewrite(whole).any_of)


def test_flags_of_the_prefregex_are_its_own() -> None:
    whole, _ = failing(f"(?i){_ANYTHING}", "^login from <HOST>")

    assert rewrite(whole).any_of == ("[Aa][Pp][Pp]: login from <address>",)


@pytest.mark.parametrize("text", ["^user <HOST> failed)(?:", "^user <HOST></F-A><F-A>", "^(user <HOST>"])
def test_what_is_no_expression_by_itself_is_refused_however_well_it_would_fit_in(text: str) -> None:
    assert "no regular expression" in failing(_ANYTHING, text)[1]
    assert "no regular expression" in failing(asking("user.+"), text)[1]
    assert "no regular expression" in ignoring(_ANYTHING, text)[1]


def test_an_alternative_that_is_hidden_makes_no_pattern_wider() -> None:
    whole, _ = failing(_ANYTHING, "^login (?#()from <HOST>|^<HOST> failed")

    patterns = [Pattern(one) for one in rewrite(whole).any_of]

    assert any(pattern.find("app: login from 192.0.2.7") for pattern in patterns)
    assert not any(pattern.find("192.0.2.7 failed") for pattern in patterns)


def test_what_is_ignored_needs_no_proof() -> None:
    whole, problem = ignoring(asking("(?:[Ll]ogin|[Bb]ad).+"), "for monitor|^.*from 192")

    assert not problem
    assert Shape(ignored(whole)).fits("login for monitor from 198.51.100.1")
    assert Shape(ignored(whole)).fits("login for me from 192.0.2.7")


_CONDITIONS = ("login failed.+", "(?:login|auth: ).*", "(?:login failed|user) .+", r"x?user.*|login \S+ .*", ".+")
_BEGINNINGS = (
    "^",
    "^x?user",
    "^logi[nm]",
    "^login failed",
    "^login failed ",
    "^(?:auth: |user)",
    "^login |user",
    "auth: <IP4>|^user",
)
_PREFIXES = st.builds(
    lambda before, condition: f"^{HEADER}{before}<F-CONTENT>{condition}</F-CONTENT>$",
    st.sampled_from(["", "app: ", "(?:error: )?", "app <HOST>: "]),
    st.sampled_from(_CONDITIONS),
)
_EXPRESSIONS = st.builds(
    lambda begin, before, after, end: begin + "".join(before) + "<HOST>" + "".join(after) + end,
    st.sampled_from(_BEGINNINGS),
    st.lists(st.sampled_from(WORDS), max_size=4),
    st.lists(st.sampled_from(WORDS), max_size=3),
    st.sampled_from(["", "$"]),
)


@settings(max_examples=600)
@given(_PREFIXES, _EXPRESSIONS, st.data())
def test_what_a_pattern_matches_both_find(prefix: str, text: str, data: st.DataObject) -> None:
    """A pattern is narrower, never wider, than an expression in what the prefregex leaves."""
    if "<HOST>" in prefix:
        text = text.replace("<HOST>", "").replace("<IP4>", "")
    whole, problem = failing(prefix, text)
    if problem:
        return
    try:
        made = rewrite(whole)
    except Refusal:
        return
    for pattern in made.any_of:
        message = data.draw(messages(pattern))
        if Pattern(pattern).find(message) and "\n" not in message:
            assert found_by_fail2ban(text, message, prefix)

"""A pattern is proven before a line is judged by it."""

import re

import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from responder.detect import literals, proof, syntax
from responder.detect.pieces import PIECES, expand
from responder.errors import RuleError
from tests.detect.rules import a_rule


def faults(pattern: str) -> str:
    return "; ".join(fault.what for fault in proof.faults(syntax.parse(pattern)))


@pytest.mark.parametrize(
    "pattern",
    [
        "failed from <address>", "connect from <client>: no", "failed [Ll]ogin from <address>.*",
        "(?:failed|broken) login (?:again )?from <address>", "failed <number> times, <port>  +from <address>",
        r"failed [0-9A-F]{8} from \[<address>\]", "(?:failed from <address>)", "(?:failed (?:from <address>)): x",
        "failed \\d+ \\d* from <address>",
    ],
)  # fmt: skip
def test_fixed_shape_before_the_address_pins_it_from_the_left(pattern: str) -> None:
    """Literals, alternatives, options, digits, blanks, pieces, and so many of a class."""
    assert faults(pattern) == ""
    assert proof.pinned_left(syntax.parse(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        "failed for .* from <address>$", "failed for .* from <address> port <port>(?: ssh2)?$",
        r"<[^>]*>: rejected <address>(?:, \[preauth\])?$", "failed for .*(?: from <address>)$",
    ],
)  # fmt: skip
def test_fixed_shape_after_the_address_pins_it_from_the_right(pattern: str) -> None:
    """The peer's text may stand before it then."""
    assert faults(pattern) == ""
    assert not proof.pinned_left(syntax.parse(pattern))


@pytest.mark.parametrize(
    ("pattern", "hostile"),
    [
        ("failed for .* from <address>", "failed for {x} from 192.0.2.7 said {x}"),
        ("failed for .* from <address> port <port>", "failed for {x} from 192.0.2.7 port 9 said {x} port 1"),
        ("failed for .*? from <address>.*$", "failed for {x} from 192.0.2.7"),
        ("failed for [^ ]+ from <address>", "failed for {x} from 192.0.2.7"),
        (r"failed for \S+ from <address>", "failed for {x} from 192.0.2.7"),
        ("failed for [a-z]* from <address>", "failed for {x} from 192.0.2.7"),
        ("failed for .? from <address>", "failed for {x} from 192.0.2.7"),
        ("failed for .{5} from <address>", "failed for 1234{x} from 192.0.2.7"),
        ("failed for [^ ]{5} from <address>", "failed for 1234{x} from 192.0.2.7"),
        (r"failed for \W{2}x from <address>", "failed for !!{x} from 192.0.2.7"),
        ("failed for (?:[a-z]+|-) from <address>", "failed for {x} from 192.0.2.7"),
        ("failed for (?:<port>)+x from <address>", "failed for 77{x} from 192.0.2.7"),
        ("failed for (?:ab)*x from <address>", "failed for abab{x} from 192.0.2.7"),
    ],
)
def test_free_text_before_the_address_is_refused(pattern: str, hostile: str) -> None:
    """For such a pattern would have blamed the address that the attacker's text names."""
    found = re.match(expand(pattern), hostile.format(x="x from 198.51.100.1"))
    assert found
    assert found["address"] == "198.51.100.1"

    assert "free text stands before the address" in faults(pattern)


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("failed login", "names no address"), ("failed from <ip>", "names no address"),
        ("failed from <address> to <address>", "names 2 addresses"),
        ("failed from <client> to <address>", "names 2 addresses"),
        ("failed from(?: <address>)?", "not every match has the address"),
        ("failed from(?: <address>)*", "not every match has the address"),
        ("failed from (?:<address>|nowhere)", "not every match has the address"),
        ("failed from (?: <address>){1,2}", "not every match has the address"),
    ],
)  # fmt: skip
def test_every_match_has_exactly_one_address(pattern: str, what: str) -> None:
    """Or it would be open whom to blame."""
    assert what in faults(pattern)


@pytest.mark.parametrize(
    ("pattern", "pumped"),
    [
        ("<address>: failed(?:a*)*b", "a"), ("<address>: failed(?:.*a){1,50}b", "a"),
        ("<address>: failed(?:a{0,99}){0,99}b", "a"), ("<address>: failed(?:a|aa)+b", "a"),
        ("<address>: failed(?:a|ab?)*c", "ab"), ("<address>: failed(?:aa?)*b", "a"),
        ("<address>: failed(?:a?a){2,90}b", "a"), ("<address>: failed(?:<number>)*b", "7"),
        ("<address>: failed(?:(?:a?){3})*b", "a"), ("<address>: failed(?:x(?:a+|b)*)*c", "a"),
        ("<address>: failed(?:a*a?)*b", "a"), ("<address>: failed(?:[^x]*y)*z", "y"),
        ("<address>: failed(?:\u0101|[\u0101\u0102]b?)*z", "\u0101"),
    ],
)  # fmt: skip
def test_a_repetition_that_can_match_in_more_than_one_way_is_refused(pattern: str, pumped: str) -> None:
    """An attacker pumps such text, and the number of ways doubles with each character."""
    assert "more than one way" in faults(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "<address>: failed(?:ab)*c", "<address>: failed(?:[a-z]+,)*c", "<address>: failed(?:a|b|cd)*e",
        "<address>: failed(?:, [a-z]+=[^,]*)*", "<address>: failed(?:[0-9a-f]{2}:){5}x", "<address>: failed(?:ab?c)*d",
        "<address>: failed(?:<number>)?",
    ],
)  # fmt: skip
def test_a_repetition_where_the_next_character_decides_is_accepted(pattern: str) -> None:
    """There is one way through, however long the text."""
    assert faults(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "<address>: failed.*a.*b", "<address>: failed.*.*b", "<address>: failed[^b]*(?:b?)c[^b]*(?:b?)c!",
        "<address>: failed[a-z]*[b-y]*x", "<address>: failed.{0,99}a.{0,99}b",
        "<address>: failed[^b]*(?:b?){1}c[^b]*(?:b?){1}c!",
        "<address>: failed[\u0101b]*[\u0101c]*\u0101",
        "<address>: failed(?:.*|x)a(?:y|.*)b", "<address>: failed.*<port>.*b",
    ],
)  # fmt: skip
def test_two_repetitions_that_can_trade_text_are_refused(pattern: str) -> None:
    """The cost would grow with a power of the length."""
    assert "not linear" in faults(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "<address>: failed <[^>]*> <[^>]*> x", "<address>: failed [^:]*: .*", "<address>: failed .* x",
        "<address>: failed (?:.*a|.*b)", "<address>: failed [0-9]*[a-z]*!", "<address>: failed .*x.{1,9}y",
    ],
)  # fmt: skip
def test_repetitions_that_end_where_the_next_begins_are_accepted(pattern: str) -> None:
    """And one more, which may have to give back what it took."""
    assert faults(pattern) == ""


@pytest.mark.parametrize("pattern", ["<address>", "bad <address>", "<address>: (?:failed)?", "[a-z]{9} <address>"])
def test_a_pattern_needs_a_literal(pattern: str) -> None:
    """Without one every line would have to be tried."""
    assert "no literal of 5 characters" in faults(pattern)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("failed from <address>", {"failed from "}),
        ("(?:login|logon) failed from <address>", {"login failed from ", "logon failed from "}),
        ("(?:failed|broken): .*<address>$", {"failed: ", "broken: "}),
        ("fail(?:ed)? from <address>", {"fail from ", "failed from "}),
        ("[Ff]ailed from <address>", {"Failed from ", "failed from "}),
        ("x .*(?:wrong|login wrong) <address>$", {"wrong "}),
        ("<address>: (?:.*failed|broken .*)$", {"failed", "broken "}),
        ("failed \\(<address>\\) again", {"failed ("}),
        ("short <address> a longer one", {" a longer one"}),
        ("failed(?:, one more time)* by <address>", {"failed"}),
        ("(?:[abcdef][abcdef][abcdef])? failed <address>", {" failed "}),
        ("failed(?: once more){2} by <address>", {" once more"}),
    ],
)
def test_literals_are_the_longest_that_cannot_be_missing(pattern: str, expected: set[str]) -> None:
    """The longer, the fewer innocent lines are looked at twice."""
    assert literals.needed(syntax.parse(pattern)) == expected


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("(failed) from <address>", "capturing group"), ("(?P<who>failed) from <address>", "capturing group"),
        ("(?i)failed from <address>", "flags inside"), ("(?i:failed) from <address>", "flags inside"),
        ("(?x: f a i l e d ) from <address>", "flags inside"), ("(?=failed)failed from <address>", "assert"),
        ("failed(?<!x) from <address>", "assert not"), ("(?>failed) from <address>", "atomic"),
        ("failed++ from <address>", "possessive"), (r"failed \1 from <address>", "no regular expression"),
        ("failed ( from <address>", "no regular expression"), ("failed [ from <address>", "no regular expression"),
        ("failed{99999999999} from <address>", "no regular expression"),
        (r"\pLailed from <address>", "no regular expression"), ("[[a]failed from <address>", "nested set"),
        ("[a--b]failed from <address>", "set difference"), ("[[:alpha:]]failed from <address>", "a bare [:"),
        ("[x[:alpha:]]failed from <address>", "a bare [:"), ("(?:failed){e<=2} from <address>", "a bare"),
        (r"failed\\{i} from <address>", "a bare"), ("failed [<port>] from <address>", "piece inside"),
        ("failed [<port>x] from <address>", "piece inside"), ("failed from [<address>]", "piece inside"),
        (r"failed \<port> from <address>", "no regular expression"), ("failed from \ue000", "piece inside"),
        (r"failed from \ue000", "piece inside"), (r"failed\nagain from <address>", "no line has"),
        (r"failed \ud800 from <address>", "no line has"), ("failed \ufffd from <address>", "no line has"),
        ("(?:" * 5000 + "failed" + ")" * 5000 + " from <address>", "no regular expression"),
    ],
)  # fmt: skip
def test_syntax_that_a_rule_may_not_use_is_refused(pattern: str, what: str) -> None:
    """What cannot be proven, or what re and regex read differently, or what could never match."""
    with pytest.raises(RuleError) as refused:
        a_rule(pattern)

    assert what in refused.value.problem
    assert refused.value.remedy


@pytest.mark.parametrize(
    "pattern", [r"failed \{i} \[: from <address>", r"failed\\\{ from <address>", "failed{2} <address>"]
)
def test_what_re_and_regex_read_alike_is_accepted(pattern: str) -> None:
    """An escape makes it plain text for both."""
    assert a_rule(pattern).any_of == (pattern,)


def test_all_faults_are_told_at_once() -> None:
    """An administrator mends a rule once."""
    with pytest.raises(RuleError) as refused:
        a_rule("fail(?:.*x)* <ip>")

    assert "names no address" in refused.value.problem
    assert "more than one way" in refused.value.problem
    assert "no literal" in refused.value.problem


def test_every_piece_is_proven_text_of_its_own() -> None:
    """Pieces are trusted, so each must be a pattern without an alternative way through."""
    for name in PIECES:
        tree = syntax.parse(PIECES[name].replace("(?P<address>", "(?:"))
        assert not any(fault in proof.faults(tree) for fault in (proof._NESTED, proof._OVERLAPPING)), name


ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "fail",
        "login",
        "error",
        " ",
        ".",
        "[ab]",
        "[^a]",
        "[a-c]",
        r"\d",
        r"\w",
        r"\.",
        "\u00e4",
        "<port>",
        "<ip>",
    ]
)


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sequence = st.lists(parts, min_size=1, max_size=3).map("".join)
    choice = st.lists(sequence, min_size=2, max_size=3).map(lambda ways: "(?:" + "|".join(ways) + ")")
    times = st.sampled_from(["?", "*", "+", "{2}", "{1,3}", "*?", "??", "{0,20}"])
    return sequence | choice | st.tuples(sequence, times).map(lambda pair: f"(?:{pair[0]}){pair[1]}")


PATTERNS = st.recursive(ATOMS, joined, max_leaves=12)


WORDS = st.sampled_from(
    ["login failed", "(?:wrong|broken) word", "errors?", "[Uu]nknown", "(?:.login|no user)", "-----"]
)


@given(st.data(), st.tuples(PATTERNS, WORDS, PATTERNS).map("".join))
def test_every_match_contains_a_literal(data: st.DataObject, pattern: str) -> None:
    """Or the scan would pass over a line that a rule matches."""
    found = literals.needed(syntax.parse(pattern))

    text = data.draw(st.from_regex(re.compile(expand(pattern), re.ASCII), fullmatch=True))

    assert any(literal in text for literal in found)
    assert min(map(len, found)) >= literals.SHORTEST


@given(st.data(), PATTERNS)
def test_re_and_regex_mean_the_same_by_a_pattern(data: st.DataObject, pattern: str) -> None:
    """The proof is made of what re reads; the match is regex's."""
    syntax.parse(pattern)
    by_re, by_regex = re.compile(expand(pattern), re.ASCII), regex.compile(expand(pattern), regex.ASCII | regex.V0)

    text = data.draw(st.from_regex(by_re) | st.text("abfilo er.1\u00e4", max_size=12))

    mine, theirs = by_re.match(text), by_regex.match(text)
    assert (mine and mine.span()) == (theirs and theirs.span())


@given(
    st.lists(st.sampled_from([*r"ab <>[]()?:*+{}|\.^$-0e=,!", "<address>", "<port>", "login"]), max_size=15).map(
        "".join
    )
)
def test_any_pattern_is_a_rule_or_refused(pattern: str) -> None:
    """With no other exception; and what is a rule can be asked."""
    try:
        rule = a_rule(pattern + "failed from <address>")
    except RuleError:
        return
    assert rule.literals
    rule.find("failed from 192.0.2.7")


@given(st.data(), PATTERNS)
def test_what_is_accepted_as_free_of_choice_has_one_way_through(data: st.DataObject, inside: str) -> None:
    """Matching a repetition over pumped text takes no more steps than there are characters, times a constant."""
    assume(not proof.faults(syntax.parse(f"<address> failed(?:{inside})*!")))
    unit = data.draw(st.from_regex(re.compile(expand(inside), re.ASCII), fullmatch=True))
    assume(unit and "\n" not in unit and "!" not in unit)

    assert ways(syntax.parse(inside), unit * 3) <= 1


def ways(inside: syntax.Nodes, text: str) -> int:
    """Count the ways in which *text* is a series of matches of *inside*."""
    op, parts = syntax.op, syntax.parts

    def ends(nodes: syntax.Nodes, at: int) -> list[int]:
        if not nodes:
            return [at]
        return [end for middle in once(nodes[0], at) for end in ends(nodes[1:], middle)]

    def once(node: syntax.Node, at: int) -> list[int]:
        if node[0] in syntax.REPEATS:
            low, high, _ = node[1]
            found, reached = [], [at]
            for count in range(min(high, len(text) - at + low) + 1):
                found += reached if count >= low else []
                reached = [end for begin in reached for end in ends(parts(node)[0], begin) if end > begin]
            return found
        if parts(node):
            return [end for part in parts(node) for end in ends(part, at)]
        if at == len(text):
            return []
        byte = ord(text[at]) if ord(text[at]) < 128 else 200
        same = node[0] is not op.LITERAL or node[1] == ord(text[at])
        return [at + 1] if same and byte in syntax.charset(node) else []

    series, reached = 0, [0]
    while reached:
        reached = [end for begin in reached for end in ends(inside, begin) if end > begin]
        series += reached.count(len(text))
    return series

"""A pattern that looks linear and is not is found out by trying it."""

from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from responder.detect import library, probe, proof, syntax
from responder.detect.pattern import slow_text
from responder.errors import Refused
from tests.detect.test_shipped import RULES

TEXTS = sorted({text for rule in RULES for text in rule.texts()})


@pytest.mark.parametrize("text", TEXTS)
def test_a_shipped_pattern_is_fast_on_the_worst_that_is_made_for_it(text: str) -> None:
    """The longest message that is judged, pumped where the pattern repeats."""
    assert slow_text(text) is None


@pytest.mark.parametrize("text", [r"x.*a.*b.*c.*d", r"(?:x+)+y", r"x\d*\d*\d*\d*y", r"user (?:[a-z]+ ?)*, bye"])
def test_a_pattern_that_backtracks_is_found_out(text: str) -> None:
    """Those that the static proof knows, too: it must not be the only one."""
    nodes = syntax.parse(text)

    assert probe.slow_text(regex.compile(text), nodes) is not None
    assert proof.runaways(nodes)


SLOW = """
service = "app"
program = ["app"]
[[rule]]
id      = "app-slow"
title   = "Slow"
policy  = "login"
pattern = 'failed .*{middle}bye from <address>$'
example = [{{ line = "Nov 23 13:46:37 mx app[1]: failed bye from 192.0.2.7", address = "192.0.2.7" }},
           {{ line = "Nov 23 13:46:37 mx app[1]: failed 198.51.100.1 bye from 192.0.2.7", address = "192.0.2.7" }},
           {{ line = "Nov 23 13:46:37 mx app[1]: let in", address = "" }}]
"""


@pytest.mark.parametrize(("middle", "refused"), [("", False), ("[^b]*", True)])
def test_an_administrators_rule_is_tried_at_load(tmp_path: Path, middle: str, refused: bool) -> None:
    """Where the proof does not see it; the message says what was tried."""
    (tmp_path / "app.toml").write_text(SLOW.format(middle=middle))

    if not refused:
        assert library.load([tmp_path], ["login"])
        return
    with pytest.raises(Refused, match=r"app-slow: matching .* takes too long on a message like"):
        library.load([tmp_path], ["login"])


@given(st.sampled_from(TEXTS))
def test_what_is_tried_is_as_long_as_what_is_judged(text: str) -> None:
    """And breaks off with what no program writes."""
    for one in probe.pumped(syntax.parse(text)):
        assert len(one) == probe.LONGEST
        assert one.endswith("\0")

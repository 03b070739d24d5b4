"""Made-up rules are rules like any others."""

from pathlib import Path

from responder import config
from responder.detect import library
from responder.detect.linerule import LineRule
from tests.bench import madeup


def test_with_made_up_rules_the_shipped_ones_are_a_sound_library(tmp_path: Path) -> None:
    madeup.write(tmp_path, 150)
    policies = config.load(None).policies

    shipped = library.load([library.shipped()], policies)
    together = library.load([library.shipped(), tmp_path], policies)

    assert len(together) == len(shipped) + 150


def test_no_two_look_for_the_same_words(tmp_path: Path) -> None:
    madeup.write(tmp_path, 30)
    rules = library.load([tmp_path], config.load(None).policies)
    seen = [literal for rule in rules if isinstance(rule, LineRule) for literal in rule.literals]

    assert len(rules) == 30
    assert len(set(seen)) == len(seen) >= 30

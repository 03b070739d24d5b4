"""What grows is what is said to grow, and nothing else changes."""

from pathlib import Path

import pytest

from responder import config
from tests.bench import growth, logs
from tests.bench.onepass import Pass

_ALWAYS = {"sshd-failed-password", "postfix-relay-denied"}


@pytest.mark.parametrize("count", [10, 170])
def test_as_many_rules_are_in_force_as_asked_for_and_always_those_that_matter(count: int, tmp_path: Path) -> None:
    rules = config.load(growth.settings_with(tmp_path, count, _ALWAYS)).in_force()

    assert len(rules) == count
    assert {rule.id for rule in rules} > _ALWAYS


@pytest.mark.parametrize("fate", ["tracked", "banned"])
def test_every_attacker_is_tracked_or_every_one_is_banned(fate: str, tmp_path: Path) -> None:
    log = logs.attack(tmp_path, lines=2000, attackers=15)

    done = Pass.over(log, growth.settings_for(tmp_path, fate))

    assert done.offences == 2000
    assert (done.tracked, done.banned) == ((15, 0) if fate == "tracked" else (0, 15))

"""What was proven of rules is believed as long as nothing changed, and only where nobody else can have written it."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder import rulecache
from responder.detect import pattern
from responder.detect.linerule import LineRule
from responder.errors import Refused

RULE = """
service = "app"
program = ["app"]
[[rule]]
id = "app-failed"
title = "Failed"
policy = "login"
pattern = 'failed for <address>'
example = [{ line = "Nov 23 13:46:37 mx app[1]: failed for 192.0.2.7", address = "192.0.2.7" },
           { line = "Nov 23 13:46:37 mx app[1]: passed for 192.0.2.7", address = "" }]
"""
UNPROVEN = RULE.replace("failed for <address>", "(?:a*)*.* failed for <address>")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pattern, "known", {})
    for name in ("rules", "state", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "rules" / "app.toml").write_text(RULE)
    return tmp_path


def load(folder: Path) -> list[str]:
    pattern.known.clear()
    return [rule.id for rule in rulecache.load([folder / "rules"], ["login"], (), folder / "state")]


def believed(folder: Path) -> bool:
    """Tell whether what the cache says is used: what it says of literals is what the rule then has."""
    cache = folder / "state" / "cache" / "rules.json"
    kept = json.loads(cache.read_text())
    kept["patterns"] = [(text, blames, ["invented"], left) for text, blames, _, left in kept["patterns"]]
    cache.write_text(json.dumps(kept))
    pattern.known.clear()
    (rule,) = rulecache.load([folder / "rules"], ["login"], (), folder / "state")
    assert isinstance(rule, LineRule)
    return rule.literals == {"invented"}


def test_enabling_a_rule_puts_it_in_force_at_once(folder: Path) -> None:
    """What was proven without it says nothing of how it gets on with the others."""
    (folder / "rules" / "app.toml").write_text(f'off = "so says its file"\n{RULE}')
    asked = ([folder / "rules"], ["login"], (), folder / "state")
    found = [[rule.id for rule in rulecache.load(*asked, enabled)] for enabled in ((), ("app-failed",), ())]

    assert found == [[], ["app-failed"], []]
    with pytest.raises(Refused, match="no such rule"):
        rulecache.load(*asked, ("app-fialed",))


def test_what_was_proven_is_not_proven_again(folder: Path) -> None:
    assert load(folder) == load(folder) == ["app-failed"]
    assert believed(folder)


def test_a_changed_rule_is_proven(folder: Path) -> None:
    load(folder)
    (folder / "rules" / "app.toml").write_text(UNPROVEN)

    with pytest.raises(Refused):
        load(folder)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_may_write_is_not_believed(folder: Path, mode: int) -> None:
    load(folder)
    (folder / "state" / "cache" / "rules.json").chmod(mode)

    assert not believed(folder)


def test_what_lies_where_others_may_write_is_not_believed(folder: Path) -> None:
    load(folder)
    (folder / "state" / "cache").chmod(0o777)

    assert not believed(folder)


def test_of_a_cache_that_is_partly_broken_nothing_is_believed(folder: Path) -> None:
    load(folder)
    cache = folder / "state" / "cache" / "rules.json"
    kept = json.loads(cache.read_text())
    kept["patterns"] = [(text, blames, ["invented"], left) for text, blames, _, left in kept["patterns"]] + [7]
    cache.write_text(json.dumps(kept))
    pattern.known.clear()

    (rule,) = rulecache.load([folder / "rules"], ["login"], (), folder / "state")

    assert isinstance(rule, LineRule)
    assert rule.literals == {"failed for "}


def test_a_link_is_not_followed(folder: Path) -> None:
    load(folder)
    cache = folder / "state" / "cache" / "rules.json"
    cache.rename(folder / "elsewhere")
    cache.symlink_to(folder / "elsewhere")

    assert not believed(folder)


def test_without_a_state_folder_the_home_will_do(folder: Path) -> None:
    (folder / "state").rmdir()

    assert load(folder) == ["app-failed"]
    assert not (folder / "state").exists()
    assert (folder / "home" / "responder" / "rules.json").exists()


def test_where_nothing_can_be_kept_rules_are_loaded_all_the_same(folder: Path) -> None:
    (folder / "state").rmdir()
    (folder / "home").rmdir()

    assert load(folder) == ["app-failed"]


@given(
    st.binary(max_size=60) | st.recursive(st.integers() | st.text(), st.lists).map(lambda one: json.dumps(one).encode())
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_whatever_stands_in_the_cache_rules_are_loaded(folder: Path, content: bytes) -> None:
    cache = folder / "state" / "cache" / "rules.json"
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_bytes(content)
    cache.chmod(0o600)

    assert load(folder) == ["app-failed"]

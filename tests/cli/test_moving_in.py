"""What `import --write` leaves when it is interrupted, wherever that is, can be used."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from responder import config, draft
from responder.cli import moving_in
from responder.detect import library
from responder.errors import UsageError
from responder.moving.plan import Plan, RuleFile

_RULE = """service = "{name}"
program = ["{name}"]
[[rule]]
id      = "{name}-failed"
title   = "Failed"
policy  = "{name}"
pattern = '{said} from <address>$'
example = [{{ line = "Jul 17 03:12:45 mx {name}[7]: failed from 192.0.2.7", address = "192.0.2.7" }},
           {{ line = "Jul 17 03:12:45 mx {name}[7]: passed from 192.0.2.7", address = "" }}]
"""


def a_plan(*names: str, said: str = "failed") -> Plan:
    policies = {name: {"limit": 3, "within": "10m", "ban": "1h"} for name in names}
    rules = tuple(RuleFile(f"{name}.toml", _RULE.format(name=name, said=said)) for name in names)
    return Plan("elsewhere", policies=policies, rules=rules)


def files(folder: Path) -> Mapping[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


@contextmanager
def at_each_step(look: Callable[[], None]) -> Iterator[None]:
    """Call *look* before each line of what writes."""
    before, ours = sys.gettrace(), {moving_in.__file__, draft.__file__}

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename not in ours:
            return None
        look()
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("there", ["", "# mine\n[policy.login]\nlimit = 9\n"])
def test_whenever_the_power_goes_settings_and_rules_can_be_loaded(tmp_path: Path, there: str) -> None:
    """No rule is there before its policy."""
    settings, seen = tmp_path / "responder.toml", list[Mapping[str, str]]()
    if there:
        settings.write_text(there)

    def look() -> None:
        now = files(tmp_path)
        if now not in seen:
            seen.append(now)

    with at_each_step(look):
        moving_in.write(a_plan("one", "two"), tmp_path)

    assert len(seen) > 4
    for number, state in enumerate(seen):
        folder = tmp_path / f"{number}"
        (folder / "rules.d").mkdir(parents=True)
        for name, text in state.items():
            (folder / name).write_text(text)
        loaded = config.load(folder / "responder.toml" if "responder.toml" in state else None)
        library.load([folder / "rules.d"], loaded.policies)


@pytest.mark.parametrize("there", ["", "# mine\n"])
@pytest.mark.parametrize("last", ["responder.toml", "one.toml", "two.toml"])
def test_what_cannot_be_put_in_its_place_takes_back_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, last: str
) -> None:
    """Settings and rules are as before."""
    if there:
        (tmp_path / "responder.toml").write_text(there)
    before, publish = files(tmp_path), draft.Draft.publish

    def refuse(one: draft.Draft) -> None:
        if one.path.name == last:
            raise PermissionError("not here")
        publish(one)

    monkeypatch.setattr(draft.Draft, "publish", refuse)
    with pytest.raises(UsageError, match="nothing was written: not here"):
        moving_in.write(a_plan("one", "two"), tmp_path)

    left = dict(files(tmp_path))
    left.pop("responder.toml.before", None) if there else None
    assert left == before


def test_rules_that_cannot_be_used_are_told_with_the_names_they_would_have(tmp_path: Path) -> None:
    """And are never where they would be loaded."""
    with pytest.raises(UsageError) as told:
        moving_in.write(a_plan("one", said="passed"), tmp_path)

    assert f"{tmp_path}/rules.d/one.toml: one-failed: " in str(told.value)
    assert files(tmp_path) == {}

"""alertrules - which of our rules for alerts (rules/ossec.toml) count what an active response of OSSEC's names.

An active response acts on the first alert of a level, a group or a rule; here alerts are offences, with a weight, and
a policy says how many are too many.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from responder.detect import library, rulefile
from responder.detect.recordrule import RecordRule
from responder.moving.ossecfile import Element
from responder.moving.remark import Remark

_NUMBER = re.compile(r"\s*(\d{1,9})\s*")
_STAYS = "with responder-ar it goes on deciding"


def remarks(response: Element, where: str) -> Iterator[Remark]:
    """Yield what becomes of the level, the groups and the rules that *response* acts on, in the file *where*."""
    named = response.all("level", "rules_group", "rules_id")
    for one in named:
        kind_of = {"level": _level, "rules_group": _groups, "rules_id": _numbers}[one.tag]
        yield kind_of(one.text, f"{where}:{one.line}")
    if not named:
        what = "names no level, group or rule: no alert starts it, only somebody who asks for it"
        yield Remark("kept", f"{where}:{response.line}", what)


def _level(text: str, where: str) -> Remark:
    found = _NUMBER.fullmatch(text)
    if not found:
        return Remark("human", where, f"level {text[:40]!r} is no number")
    level = int(found[1])
    counting = [rule for rule in _shipped() if "level" in rule.when and rule.policy == "alert"]
    counting = [rule for rule in counting if (most := rule.when["level"].at_most) is None or most >= level]
    what = f"acts on the first alert of level {level} or higher, {_STAYS}; as a source, alerts count: {_said(counting)}"
    lowest = min((rule.when["level"].at_least or 0 for rule in counting), default=0)
    if level < lowest:
        what += f"; those below {lowest} only where a rule of ossec.toml knows their group or number"
    return Remark("tightened", where, what)


def _groups(text: str, where: str) -> Remark:
    return _answered("group", {one: _counting("groups", one) for one in re.split(r"[|,\s]+", text) if one}, where)


def _numbers(text: str, where: str) -> Remark:
    return _answered("rule", {one: _counting("rule", one) for one in re.split(r"[,\s]+", text) if one}, where)


def _answered(what: str, known: dict[str, list[RecordRule]], where: str) -> Remark:
    """Say which rules of ours count alerts of each group or rule that is asked for; where none does, ask a human."""
    if not known:
        return Remark("human", where, f"names no {what}")
    said = f"acts on the first alert of a {what} that it names, {_STAYS}"
    if counted := [f"{name[:40]}: {_said(rules)}" for name, rules in known.items() if rules]:
        said += f"; as a source, alerts count: {'; '.join(counted)}"
    if others := [name[:40] for name, rules in known.items() if not rules]:
        by = "level" if what == "group" else "group and level"
        said += f"; no rule of ossec.toml names {what} {', '.join(others)}: such alerts count by their {by}"
    return Remark("human" if others else "tightened", where, said)


def _counting(field: str, word: str) -> list[RecordRule]:
    return [rule for rule in _shipped() if field in rule.when and word in _words(rule.when[field].any_of)]


def _words(any_of: Iterable[object] | None) -> set[str]:
    return set(map(str, any_of or ()))


def _said(rules: Iterable[RecordRule]) -> str:
    return ", ".join(f"{rule.id} ({_levels(rule)}{rule.weight} against policy {rule.policy})" for rule in rules)


def _levels(rule: RecordRule) -> str:
    asked = rule.when.get("level")
    if asked is None:
        return ""
    return f"level {asked.at_least} to {asked.at_most}: " if asked.at_most else f"from level {asked.at_least}: "


@cache
def _shipped() -> tuple[RecordRule, ...]:
    path = library.shipped() / "ossec.toml"
    rules, _ = rulefile.parse(path, path.read_text("utf-8"))
    return tuple(rule for rule in rules if isinstance(rule, RecordRule))

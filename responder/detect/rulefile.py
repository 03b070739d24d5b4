"""rulefile - one TOML file of rules, into Rules.

A file is about one attacked service:

    service = "postfix"
    program = ["postfix*/smtpd"]          # syslog tags, shell-style

    [[rule]]
    id = "postfix-..."  title = "..."  policy = "..."  pattern = '...'  weight = 1

    [[rule.example]]
    line = "..."  address = "192.0.2.7"  why = "..."

or about what OSSEC and Wazuh say of many:

    service = "ossec"
    format  = "alert"

    [[rule]]
    id = "ossec-..."  title = "..."  policy = "..."  weight = 1
    when   = { groups = ["postfix"], level = { at_least = 6 } }     see condition.py
    unless = { groups = ["authentication_success"] }

Every problem of a file is found, not only the first.
"""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from responder.detect.condition import Condition
from responder.detect.linerule import LineRule
from responder.detect.recordrule import RecordRule
from responder.detect.rule import Example, Rule
from responder.errors import RuleError
from responder.formats.alerts import FIELDS
from responder.validate import validate


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Example(_Strict):
    line: str
    address: str
    why: str = ""


class _Rule(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: str
    policy: str
    pattern: str | None = None
    when: dict[str, Condition] = {}
    unless: dict[str, Condition] = {}
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    example: list[_Example] = []


class _File(_Strict):
    service: str
    format: Literal["syslog", "alert"] = "syslog"
    program: Annotated[list[str], Field(min_length=1)] | None = None
    rule: list[_Rule] = []


def parse(path: Path, text: str) -> tuple[list[Rule], list[RuleError]]:
    """Return the rules in *text*, the content of *path*, and everything that is wrong with the others."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [], [RuleError(path, "", f"no TOML: {error}", "mend the syntax there")]
    content, wrong = validate(_File, data, lambda key, what, remedy: RuleError(path, _place(data, key), what, remedy))
    if content is None:
        return [], wrong
    if content.format == "syslog" and content.program is None:
        return [], [RuleError(path, "program", "field required", "name the syslog tags that these rules look at")]
    if content.format == "alert" and content.program is not None:
        return [], [RuleError(path, "program", "alerts have none", "leave it out, and ask `when` for a location")]
    rules: list[Rule] = []
    problems = []
    for entry in content.rule:
        try:
            rules.append(_made(path, content, entry))
        except RuleError as error:
            problems.append(error)
    return rules, problems


def _made(path: Path, content: _File, entry: _Rule) -> Rule:
    """Return the rule that *entry* says; raises RuleError."""
    common: dict[str, Any] = {
        "id": entry.id,
        "title": entry.title,
        "service": content.service,
        "policy": entry.policy,
        "weight": entry.weight,
        "examples": tuple(Example(example.line, example.address, example.why) for example in entry.example),
        "path": path,
    }
    if content.program is None:
        _ask_for_conditions(path, entry)
        return RecordRule(**common, when=entry.when, unless=entry.unless)
    if entry.pattern is None:
        raise RuleError(path, f"{entry.id}: pattern", "field required", "write what the message looks like")
    if entry.when or entry.unless:
        raise RuleError(path, entry.id, "log lines have no fields to ask for", "leave out `when` and `unless`")
    return LineRule(**common, programs=tuple(content.program), pattern=entry.pattern)


def _ask_for_conditions(path: Path, entry: _Rule) -> None:
    if entry.pattern is not None or not entry.when:
        raise RuleError(
            path, entry.id, "a rule for alerts asks for fields", "write when = { groups = ..., level = ... }"
        )
    for name in (*entry.when, *entry.unless):
        if name not in FIELDS:
            close = get_close_matches(name, FIELDS, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(FIELDS)}"
            raise RuleError(path, entry.id, f"alerts have no field {name!r}", remedy)


def _place(data: dict[str, object], key: str) -> str:
    """Return *key* with ``rule[3]`` replaced by the id of the third rule, where it has one."""
    head, _, rest = key.partition("[")
    number, _, tail = rest.partition("]")
    entries = data.get("rule")
    if head != "rule" or not isinstance(entries, list) or number not in map(str, range(1, len(entries) + 1)):
        return key
    entry = entries[int(number) - 1]
    name = entry.get("id") if isinstance(entry, dict) else None
    return f"{name}{tail and ': ' + tail.lstrip('.')}" if isinstance(name, str) else key

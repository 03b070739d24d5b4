"""rulefile - one TOML file of rules, into Rules.

A file is about one attacked service:

    service = "postfix"
    program = ["postfix*/smtpd"]          # syslog tags, shell-style

    [[rule]]
    id = "postfix-..."  title = "..."  policy = "..."  pattern = '...'  weight = 1

    [[rule.example]]
    line = "..."  address = "192.0.2.7"  why = "..."

Every problem of a file is found, not only the first.
"""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from responder.detect.rule import Example, Rule
from responder.errors import RuleError
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
    pattern: str
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    example: list[_Example] = []


class _File(_Strict):
    service: str
    program: Annotated[list[str], Field(min_length=1)]
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
    rules = []
    problems = []
    for entry in content.rule:
        examples = tuple(Example(example.line, example.address, example.why) for example in entry.example)
        try:
            rules.append(
                Rule(
                    id=entry.id,
                    title=entry.title,
                    service=content.service,
                    programs=tuple(content.program),
                    policy=entry.policy,
                    pattern=entry.pattern,
                    weight=entry.weight,
                    examples=examples,
                    path=path,
                )
            )
        except RuleError as error:
            problems.append(error)
    return rules, problems


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

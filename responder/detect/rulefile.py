"""rulefile - one TOML file of rules, into Rules.

A file is about one attacked service:

    service = "postfix"
    program = ["postfix*/smtpd"]          # syslog tags, shell-style

    versions = "Postfix 3.4 to 3.10"      # whose output the examples are
    tags    = ["smtp"]
    ignore  = ['statistics: ']            # messages that are no offence, whatever a rule here says
    off     = "UDP: anybody can ..."      # why its rules are not asked before `enable` in the settings names them

    [[rule]]
    id = "postfix-..."  title = "..."  policy = "..."  weight = 1  tags = ["relay"]
    pattern = '...'                       # or any_of = ['...', '...']
    ignore  = ['...']                     # messages that are none all the same
    off     = "..."                       # as above, for this rule alone
    last    = true                        # asked when no other rule of any file matched

    [[rule.example]]
    line = "..."  address = "192.0.2.7"  why = "..."

A failure whose address stands on an earlier line of the same connection:

    key     = "pid"                       # or a piece that stands in each pattern
    from    = 'connect from <client>$'
    pattern = 'gave up: .*'
    until   = 'disconnect from '          # may be left out
    example = [{ line = "both lines", address = "192.0.2.7" }]

*format* says what the lines of the examples look like where that is not a
syslog's (formats/lines.py).  Rules for entries that are no lines of words ask
for fields (condition.py), those of JSON objects or of alerts of OSSEC and Wazuh:

    service = "caddy"                     service = "ossec"
    format  = "json"                      format  = "alert"
    program = ["caddy"]

    [[rule]]
    when    = { status = [401, 403], logger = { pattern = 'http.log.access.*' } }
    unless  = { "request.uri" = "/health" }
    address = "request.remote_ip"

Every problem of a file is found, not only the first.
"""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from responder.detect.condition import Condition
from responder.detect.linerule import LineRule
from responder.detect.pieces import PIECES
from responder.detect.recordrule import RecordRule
from responder.detect.rule import Example, Rule
from responder.detect.trailrule import PID, TrailRule
from responder.errors import RuleError
from responder.formats.alerts import FIELDS
from responder.validate import validate

Tag = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Reason = Annotated[str, Field(pattern=r"\S.* .*\S")]


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
    any_of: Annotated[list[str], Field(min_length=1)] | None = None
    ignore: list[str] = []
    key: str | None = None
    source: Annotated[str | None, Field(alias="from")] = None
    until: str = ""
    when: dict[str, Condition] = {}
    unless: dict[str, Condition] = {}
    address: str | None = None
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    tags: list[Tag] = []
    versions: str = ""
    off: Reason = ""
    last: bool = False
    example: list[_Example] = []


class _File(_Strict):
    service: str
    format: Literal["syslog", "plain", "access-log", "json", "alert"] = "syslog"
    program: Annotated[list[str], Field(min_length=1)] | None = None
    tags: list[Tag] = []
    versions: str = ""
    off: Reason = ""
    ignore: list[str] = []
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
    if content.format != "alert" and content.program is None:
        remedy = "name whose messages these are: syslog tags, or what sources call their `program`"
        return [], [RuleError(path, "program", "field required", remedy)]
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
        "programs": tuple(content.program or ("*",)),
        "form": content.format,
        "weight": entry.weight,
        "tags": tuple(dict.fromkeys((*content.tags, *entry.tags))),
        "versions": entry.versions or content.versions,
        "off": entry.off or content.off,
        "last": entry.last,
        "examples": tuple(Example(example.line, example.address, example.why) for example in entry.example),
        "path": path,
    }
    if content.format in ("alert", "json"):
        address = _address_of(path, content, entry)
        return RecordRule(**common, when=entry.when, unless=entry.unless, address=address)
    if entry.when or entry.unless or entry.address is not None:
        remedy = "leave out `when`, `unless` and `address`"
        raise RuleError(path, entry.id, "lines have no fields to ask for", remedy)
    if entry.pattern is not None and entry.any_of is not None:
        raise RuleError(path, entry.id, "both pattern and any_of", "put the pattern into any_of")
    if entry.key is not None or entry.source is not None:
        return _trail(path, entry, common)
    any_of = entry.any_of if entry.pattern is None else [entry.pattern]
    if any_of is None:
        raise RuleError(path, f"{entry.id}: pattern", "field required", "write what the message looks like")
    return LineRule(**common, any_of=tuple(any_of), ignore=(*content.ignore, *entry.ignore))


def _trail(path: Path, entry: _Rule, common: dict[str, Any]) -> Rule:
    """Return the rule for a failure whose address stands on another line; raises RuleError."""
    if entry.key is None or entry.source is None or entry.pattern is None or entry.any_of or entry.ignore:
        remedy = 'write key = "pid" (or a piece), from = the line with the address, pattern = the failure'
        raise RuleError(path, entry.id, "a rule that joins lines needs key, from and pattern, and nothing else", remedy)
    if entry.key != PID and entry.key not in PIECES:
        raise RuleError(
            path, f"{entry.id}: key", f"{entry.key!r} is no key", f"write {PID}, or one of {', '.join(PIECES)}"
        )
    return TrailRule(**common, key=entry.key, source=entry.source, pattern=entry.pattern, end=entry.until)


def _address_of(path: Path, content: _File, entry: _Rule) -> str:
    """Return the field in which a rule that asks for fields finds the address; raises RuleError."""
    if entry.pattern is not None or entry.any_of is not None or entry.ignore or not entry.when:
        remedy = "write when = { FIELD = ..., FIELD = { pattern = ... } } and no pattern"
        raise RuleError(path, entry.id, f"a rule for format {content.format} asks for fields", remedy)
    if content.format == "json":
        if entry.address is None:
            remedy = 'name the field that holds the address, as in "request.remote_ip"'
            raise RuleError(path, f"{entry.id}: address", "field required", remedy)
        return entry.address
    for name in (*entry.when, *entry.unless):
        if name not in FIELDS:
            close = get_close_matches(name, FIELDS, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(FIELDS)}"
            raise RuleError(path, entry.id, f"alerts have no field {name!r}", remedy)
    if entry.address not in (None, "srcip"):
        raise RuleError(path, entry.id, "an alert's address is its srcip", "leave out `address`")
    return "srcip"


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

"""convert - a filter of fail2ban's into rule files of ours.

Each expression becomes a rule, with examples made from it; one that cannot be a
rule stands in the file as a comment, with the reason and what would be right.

    ^%(__prefix_line)s...           what a program says to syslog; which one, _daemon says
    ...name\\[\\d+\\]: ...             likewise, where the filter spells the header out
    ^<HOST> ... "GET ...            a line of a web server's access log
    all others                      a line of a log of the program's own, or a message of any program

Pure.
"""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]
from typing import NamedTuple

from responder.detect import examples, rulefile
from responder.detect.detector import Detector
from responder.detect.syntax import REPEATS, Nodes, op, parts
from responder.moving import clock, rewrite, sample, webserver
from responder.moving.expression import Refusal
from responder.moving.filterfile import HEADER, Filter, Regex
from responder.moving.plan import RuleFile
from responder.moving.remark import Kind, Remark
from responder.moving.rewrite import Rewritten
from responder.moving.tomltext import comment, literal, value

_SPELLED_OUT = re.compile(
    r"\^?(?:\.\*|\\S\+(?: |\\s\+)|\\s\*)*(?P<program>[\w/-]{2,})"
    r"(?:\(\?:)?\\\[(?:\\d[+*]|\[0-9\][+*]|\.\*)\\\]\)?\??:(?:\\s[*+]?| )"
)
_ACCESS = re.compile(r'\^?(?:\\s\*)?<(?:HOST|ADDR|IP4|IP6)>(?:\s|\\s).*"', re.DOTALL)
_MOST_PROGRAMS = 12


class Form(NamedTuple):
    """In which lines an expression is looked for: their format, and whose they are."""

    format: str
    programs: tuple[str, ...]


class Converted(NamedTuple):
    """Rule files, and what became of each expression."""

    files: tuple[RuleFile, ...]
    forms: tuple[Form, ...]
    remarks: tuple[Remark, ...]


def convert(found: Filter, jail: str, policy: str, *, syslog: bool) -> Converted:
    """Return the rules for the filter of *jail*, which count against *policy*.

    *syslog* says that the jail's lines have a syslog header, where the filter does not show it.
    """
    remarks: list[Remark] = []
    groups: dict[Form, list[str]] = {}
    for regex in found.failures:
        form, text = _form(found, regex, syslog=syslog)
        where = f"{found.where} failregex {regex.number}"
        try:
            made = _rewritten(found, regex._replace(text=text), form)
            groups.setdefault(form, []).append(_rule(made, form, f"fail2ban-{jail}-{regex.number}", found, policy))
        except Refusal as refusal:
            remarks.append(Remark("human", where, f"{refusal}"))
            groups.setdefault(form, []).append(comment(f"{where}: {refusal}\n{text.replace(HEADER, '')}"))
        else:
            kind: Kind = "tightened" if made.tightened else "kept"
            remarks.append(Remark(kind, where, "; ".join(made.tightened) or f"rule fail2ban-{jail}-{regex.number}"))
    names = [f"fail2ban-{jail}{f'-{number}' if number > 1 else ''}.toml" for number in range(1, len(groups) + 1)]
    files = (
        RuleFile(name, _head(found, form) + "\n" + "\n".join(rules))
        for name, (form, rules) in zip(names, groups.items(), strict=True)
    )
    return Converted(tuple(files), tuple(groups), tuple(remarks))


def _rewritten(found: Filter, regex: Regex, form: Form) -> Rewritten:
    """Return the patterns for *regex*, those of ``ignoreregex`` included; raises Refusal."""
    if regex.problem:
        raise Refusal(regex.problem)
    if unread := clock.problem(found.datepattern):
        raise Refusal(unread)
    if found.lines > 1:
        raise Refusal(f"maxlines = {found.lines}: it joins several lines")
    dated = form.format == "access-log"
    made = rewrite.rewrite(regex.text, postfix=found.daemon.startswith("postfix"), dated=dated)
    ignore = (rewrite.ignored(one.text, dated=dated) for one in found.ignored)
    return made._replace(ignore=(*made.ignore, *ignore))


def _form(found: Filter, regex: Regex, *, syslog: bool) -> tuple[Form, str]:
    """Return in which lines *regex* is looked for, and what of it is about the message."""
    if HEADER in regex.text:
        return Form("syslog", programs(found.daemon)), regex.text
    if spelled := _SPELLED_OUT.match(regex.text):
        return Form("syslog", (spelled["program"],)), "^" + regex.text[spelled.end() :]
    if _ACCESS.match(regex.text):
        return Form("access-log", webserver.ALL), regex.text
    return (Form("syslog", ("*",)) if syslog else Form("plain", (found.name,))), regex.text


def programs(daemon: str) -> tuple[str, ...]:
    """Return shell patterns for the programs that the expression *daemon* names."""
    try:
        globs = _globs(list(_parser.parse(daemon, 0)))
    except (re.error, RecursionError, OverflowError):
        globs = ["*"]
    made = dict.fromkeys(re.sub(r"\*+", "*", one.strip()) for one in globs)
    named = tuple(one for one in made if one)
    return named if 0 < len(named) <= _MOST_PROGRAMS else ("*",)


def _globs(nodes: Nodes) -> list[str]:
    choices = []
    for node in nodes:
        if node[0] is op.LITERAL:
            char = chr(node[1])
            choices.append(["?" if char in "*?[]" else char])
        elif node[0] in REPEATS and node[1][:2] == (0, 1):
            choices.append(["", *_globs(parts(node)[0])])
        elif parts(node) and node[0] not in REPEATS:
            choices.append([glob for part in parts(node) for glob in _globs(part)])
        else:
            choices.append(["*" if node[0] in REPEATS else "?"])
    return ["".join(way) for way in product(*choices)][: _MOST_PROGRAMS + 1]


def _head(found: Filter, form: Form) -> str:
    given = ", ".join(f"{option}={text}" for option, text in found.given.items())
    text = comment(
        f"From fail2ban's filter {found.name}{given and f'[{given}]'}: {', '.join(map(str, found.files))}.\n"
        "The examples were made from the patterns.  Put in lines of your own log: `responder rules test` tries them."
    )
    text += f"service = {literal(f'fail2ban {found.name}')}\n"
    if form.format != "syslog":
        text += f"format  = {literal(form.format)}\n"
    return text + f"program = {value(form.programs)}\n"


def _rule(made: Rewritten, form: Form, name: str, found: Filter, policy: str) -> str:
    """Return the rule as its file has it, proven and true to its examples; raises Refusal."""
    title = f"What fail2ban's filter {found.name} finds"
    text = f"[[rule]]\nid      = {literal(name)}\ntitle   = {literal(title)}\npolicy  = {literal(policy)}\n"
    if len(made.any_of) == 1:
        text += f"pattern = {literal(made.any_of[0])}\n"
    else:
        text += f"any_of  = {value(made.any_of)}\n"
    if made.ignore:
        text += f"ignore  = {value(made.ignore)}\n"
    head = _head(found, form)
    text += "".join(_example(*one) for one in _shown(head + text, made, form))
    if wrong := _problems(head + text):
        raise Refusal(wrong[0])
    return text


def _shown(text: str, made: Rewritten, form: Form) -> Iterator[tuple[str, str, str]]:
    """Yield examples of which the rule in *text* does what is said of them, one of each kind."""
    rules, problems = rulefile.parse(Path("fail2ban"), text)
    program = form.programs[0].replace("*", "x").replace("?", "x")
    kinds = set()
    for line, address, why in (
        sample.lines(made.any_of[0], form.format, program, made.lead) if rules and not problems else ()
    ):
        kind = (address, sample.OTHER in line)
        if kind not in kinds and str(examples.blamed(Detector(rules), rules[0], line) or "") == address:
            kinds.add(kind)
            yield line, address, why


def _problems(text: str) -> list[str]:
    rules, problems = rulefile.parse(Path("fail2ban"), text)
    return [f"{one.problem}; {one.remedy}" for one in (*problems, *examples.run(rules))]


def _example(line: str, address: str, why: str) -> str:
    text = f"\n[[rule.example]]\n{f'why     = {literal(why)}{chr(10)}' if why else ''}"
    return text + f"line    = {literal(line)}\naddress = {literal(address)}\n"

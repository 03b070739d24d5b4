"""draft - ``responder rules new``: a rule file to begin with, made from sample lines."""

import json
from collections.abc import Sequence

from responder.detect.shape import draft, first_address, shape
from responder.errors import UsageError
from responder.formats import syslog
from responder.formats.lines import HEADERS

_HEAD = """\
# {service}.  Read: (name the sources or the documentation that say what the messages look like)
#
# This is a draft.  For each rule: is every part that a client can write delimited by something that
# he cannot write?  Which address is to blame?  Then give it a policy, a title, and two examples more: an innocent
# neighbour, and a line that an attacker wrote to frame 198.51.100.1.  `responder rules test` says what is missing.
service  = {service_text}
format   = {form}
program  = [{programs}]
versions = "{service} (which?)"
"""
_RULE = """
[[rule]]
id      = "{service}-{number}"
title   = "(say what it is)"
policy  = "login"
pattern = {pattern}
"""
_EXAMPLE = """
[[rule.example]]
line    = {line}
address = {address}
"""


def drafted(service: str, lines: Sequence[bytes], form: str, program: str) -> str:
    """Return a rule file for the messages in *lines*: a rule for each shape, with the line it was made from.

    Raises UsageError where none of them is a line of *form*.
    """
    shapes: dict[str, tuple[str, str]] = {}
    programs = []
    for line in lines:
        head = HEADERS[form](line) if form in HEADERS else None
        if head:
            message = syslog.text(line[head.message :])
            shapes.setdefault(shape(message), (message, syslog.text(line)))
            programs.append(syslog.text(head.program) or program or service)
    if not shapes:
        raise UsageError(f"none of the {len(lines)} lines is of format {form}; name another with --format")
    named = ", ".join(json.dumps(name) for name in dict.fromkeys(programs))
    text = _HEAD.format(service=service, service_text=json.dumps(service), form=json.dumps(form), programs=named)
    for number, (message, example) in enumerate(shapes.values(), 1):
        text += _RULE.format(service=service, number=number, pattern=_literal(draft(message)))
        text += _EXAMPLE.format(line=_literal(example), address=json.dumps(first_address(message)))
    return text


def _literal(text: str) -> str:
    """Return *text* as TOML that leaves backslashes alone where that can be."""
    plain = "'" not in text and text.isprintable()
    return f"'{text}'" if plain else json.dumps(text)

r"""whole - the header and the patterns of some rules as one expression, for lines that come in masses.

A line's header is read, its rules are looked up, their patterns are tried: four
steps in Python for each line.  For literals that are met again and again one expression does it
in a third of the time:

    stamp host (?:program of rule A[pid]: (?!what A ignores)(?:patterns of A)|program of rule B...)?

It stands for lines that need nothing more: in the first two shapes of syslog, plain
ASCII, too short to have been cut.  All others, and those that name no address,
go the long way (linedetector.py).  What comes of a line is the same either way
(a test compares them).
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from responder.detect.linerule import LineRule
from responder.detect.pieces import expand
from responder.detect.trailrule import TrailRule
from responder.detect.trials import is_plain
from responder.formats import syslog

_HOST_AND_STAMP = syslog.HOST_AND_STAMP.decode()
_PID_AND_END = syslog.PID_AND_END.decode()


class Whole(NamedTuple):
    """*match* takes a line; its group 1 is the stamp, and group n the address that ``rules[n]`` blames.

    No match: the line has another shape.  No group but 1: no rule knows it.
    """

    match: Callable[[bytes], "re.Match[bytes] | None"]
    rules: tuple[LineRule | None, ...]


def whole(rules: Sequence[LineRule | TrailRule], program: str) -> Whole | None:
    """Return *rules* as one expression, or None where they do not come to one.

    *program* is who most likely says such lines; his name is compared before what is shell-style is tried.
    """
    alternatives: list[str] = []
    groups: list[LineRule | None] = [None, None]
    for rule in rules:
        if isinstance(rule, TrailRule) or "[" in "".join(rule.programs) or not all(map(is_plain, rule.texts())):
            return None
        names = [re.escape(program)] if rule.judges(program) else []
        programs = "|".join([*names, *map(_program, rule.programs)])
        ignored = "".join(f"(?!{_bare(text, '(?:')})" for text in rule.ignore)
        patterns = "|".join(f"(?:{_bare(text, '(')})" for text in rule.any_of)
        alternatives.append(f"(?:{programs}){_PID_AND_END}{ignored}(?:{patterns})")
        groups += [rule] * len(rule.any_of)
    text = f"{_HOST_AND_STAMP}(?:{'|'.join(alternatives)})?"
    return Whole(re.compile(text.encode()).match, tuple(groups))


def _bare(text: str, address: str) -> str:
    """Return a pattern as a part of another, with *address* for the begin of the group that has a name."""
    return expand(text).replace("(?P<address>", address)


def _program(glob: str) -> str:
    """Return the expression of the syslog tags that *glob* stands for (`fnmatch`, without its [...])."""
    wild = {"*": r"[^\s:\[]*", "?": r"[^\s:\[]"}
    name = "".join(wild.get(character) or re.escape(character) for character in glob)
    return rf"(?=[^\s:\[]{{1,{syslog.LONGEST_PROGRAM}}}[\[:]){name}" if "*" in glob else name

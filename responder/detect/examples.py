"""examples - whether a rule does what its author shows in its own file.

One runner serves the tests, ``responder rules test`` and the daemon's start: a
rule that fails its own examples never reaches the firewall.
"""

import re
from collections.abc import Sequence
from datetime import UTC

from responder.detect.detector import Detector
from responder.detect.rule import Example, Rule
from responder.errors import RuleError
from responder.formats import alerts, jsonline
from responder.formats.lines import HEADERS
from responder.formats.stamps import Stamps
from responder.values import Prefix, parse_address

_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{3,39})(?![\w.])")
_REFERENCE = 1_800_000_000.0  # any year will do: an example is about the message


def run(rules: Sequence[Rule], among: Sequence[Rule] | None = None) -> list[RuleError]:
    """Return what the examples of *rules* show to be wrong.

    A rule is shown its own examples; for each that names an address, the whole
    set (*among* whom the rules are, or they alone) must blame the same one.  A
    line that one rule must leave alone may well be another's.
    """
    if not rules:
        return []
    detector = Detector(rules if among is None else among)
    problems = []
    for rule in rules:
        if not any(example.address for example in rule.examples):
            problems.append(rule.error("no example that matches", "add an [[rule.example]] with its address"))
        if all(example.address for example in rule.examples):
            problems.append(rule.error("no example that must not match", 'add one with address = ""'))
        if rule.has_free_text() and not any(map(_frames, rule.examples)):
            remedy = "add a line in which he writes an address of somebody else, 198.51.100.1 perhaps"
            problems.append(rule.error("a client writes part of what it matches, and no example shows him lie", remedy))
        alone = Detector([rule])
        for example in rule.examples:
            if wrong := _unreadable(rule, example.line):
                problems.append(wrong)
                continue
            mine = blamed(alone, rule, example.line)
            if str(mine or "") != example.address:
                problems.append(_differs(rule, example.line, example.address, mine))
                continue
            all_of_us = blamed(detector, rule, example.line)
            if mine and all_of_us != mine:
                problems.append(_differs(rule, example.line, example.address, all_of_us, " by another rule"))
    return problems


def _frames(example: Example) -> bool:
    """Tell whether *example* blames one address and holds another's too."""
    found = (parse_address(text) for text in _ADDRESS.findall(example.line))
    return bool(example.address) and any(address and str(address) != example.address for address in found)


def blamed(detector: Detector, rule: Rule, line: str) -> Prefix | None:
    """Return whom *detector* blames for an example of *rule*."""
    data = line.encode() + b"\n"
    if rule.form == "alert":
        form = alerts.recognise(data)
        offences = detector.judge(alerts.reader(form).read(data)) if form else []
    else:
        offences = detector.find(data, Stamps(UTC, _REFERENCE), rule.form, rule.programs[0])
    return offences[0].address if offences else None


def _unreadable(rule: Rule, line: str) -> RuleError | None:
    """Return what is wrong with an example that is nothing its rule could look at."""
    data = line.encode()
    if rule.form == "alert":
        form = alerts.recognise(data)
        sound = form is not None and any(alerts.reader(form).read(data))
    elif rule.form == "json":
        sound = jsonline.read(data, "", Stamps(UTC, _REFERENCE)) is not None
    else:
        sound = HEADERS[rule.form](data) is not None
    what = f"an example is no entry of format {rule.form}: {line!r}"
    return None if sound else rule.error(what, "write it whole, as it stands in the log")


def _differs(rule: Rule, line: str, wanted: str, found: Prefix | None, by: str = "") -> RuleError:
    what = f"{found} is blamed{by}" if found else "nobody is blamed"
    return rule.error(f"{what} in {line!r}", f"the example says {wanted or 'nobody'}: mend the pattern or the example")

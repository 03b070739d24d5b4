"""A line inside a line frames nobody, whichever two they are.

What rules match is put where services write what a peer chose, whole and in
parts: such that the line around it might complete it.  Carriers are the
innocent corpus and the rules' own examples; names in them are what peers choose.
"""

import re
from collections.abc import Iterator

import pytest

from responder.detect.detector import Detector
from responder.detect.linerule import LineRule
from responder.formats import syslog
from tests.corpus import innocent
from tests.detect.rules import every_rule, stamps

RULES = [rule for rule in every_rule() if isinstance(rule, LineRule) and rule.form == "syslog"]
DETECTOR = Detector(RULES)
VICTIM = "198.51.100.1"
_CHOSEN = re.compile(r"\{(?:user|subject)\}")
_NAME = re.compile(r"(?<=[ <(=])(?:bob|ghost|root|nobody99|admin|games|alice|x)(?=[ >,)'\]]|$)")
_BEGINNING = re.compile(r"[ ,(<]")


def example_messages() -> Iterator[tuple[str, str, str]]:
    """Yield the address, the line and the message of each example that blames."""
    for rule in RULES:
        for example in rule.examples:
            line = example.line.encode()
            head = syslog.header(line)
            if head and example.address and example.address in example.line:
                yield example.address, example.line, line[head.message :].decode()


def payloads() -> list[str]:
    """Return what an attacker may put in: lines that blame the victim, from each of their words on, and unfinished."""
    found = set()
    for address, _, message in example_messages():
        forged = message.replace(address, VICTIM)
        at = forged.index(VICTIM) if VICTIM in forged else 0
        starts = [0, *(begin.start() for begin in _BEGINNING.finditer(forged, max(0, at - 40), at))]
        found |= {f"x{forged[start : len(forged) - cut]}" for start in starts for cut in range(3)}
        found |= {forged[: len(forged) - cut] for cut in range(3)}
    return sorted(found)


def carriers() -> list[str]:
    """Return lines with `{}` where a peer's words stand."""
    words = innocent.filler(seed=5)
    normal = [
        f"Jul 17 03:12:45 mx {words(_CHOSEN.sub('{PEER}', template))}".replace("{PEER}", "{}")
        for kind, template in innocent.templates()
        if kind.form == "syslog" and _CHOSEN.search(template)
    ]
    examples = [_NAME.sub("{}", line) for _, line, _ in example_messages() if _NAME.search(line)]
    return sorted({*normal, *(line for line in examples if VICTIM not in line)})


PAYLOADS = payloads()


@pytest.mark.parametrize("carrier", carriers())
def test_no_line_inside_this_one_blames_another(carrier: str) -> None:
    lines = [carrier.replace("{}", payload) for payload in PAYLOADS]
    offences = DETECTOR.find("".join(f"{line}\n" for line in lines).encode(), stamps())

    assert [offence.line for offence in offences if str(offence.address) == VICTIM] == []

"""Whatever is written into a log, judging it raises nothing, takes little, and blames only who stands there.

The inputs are the examples of all rules, mangled.
"""

import gc
import re
import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder.detect.detector import Detector
from responder.detect.rule import Rule
from responder.detect.trails import Trails
from responder.formats import alerts
from responder.formats.alertlog import whole
from responder.values import Offence, Prefix, parse_address
from tests.detect.rules import stamps
from tests.detect.test_shipped import RULES
from tests.fuzz.mangling import EXAMPLES, PATIENCE, Edits, edits, mangled

LINES = 100  # in one example

DETECTOR = Detector(RULES)
SAMPLES = [(rule, example.line.encode()) for rule in RULES for example in rule.examples]
_FRAGMENTS = [
    b" from 198.51.100.1 port 22 ssh2", b"[198.51.100.1]", b"<", b">", b"]: ", b"[", b"]", b": ", b" ", b"\t", b"\r",
    b"\0", b"\n", b"\n\n", b"\xff", b"\xc3", b"\xe2\x80\xa8", b"::ffff:198.51.100.1", b"%eth0", b"\\", b'"', b"'",
    b"{", b"}",
    b"Src IP: 198.51.100.1", b"** Alert 1.1: - x,", b"rip=198.51.100.1", b"2001:db8::", b"9" * 40, b"A" * 300,
    b"rhost=198.51.100.1", b"user=<", b"helo=<", b", ", b"(", b")", b"ssh2", b"preauth", b"$",
    b"message repeated 2 times: [ ",
]  # fmt: skip
_ADDRESS = re.compile(rb"[0-9A-Fa-f:.]{2,45}")


_EDITS = edits(_FRAGMENTS)
_ENTRIES = st.lists(st.tuples(st.integers(0, len(SAMPLES) - 1), _EDITS), min_size=LINES, max_size=LINES)


def judged(rule: Rule, entry: bytes, trails: Trails) -> list[Offence]:
    if rule.form == "alert":
        form = alerts.recognise(entry)
        data = entry[: whole(entry + b"\n\n")]
        return DETECTOR.judge(alerts.reader(form).read(data)) if form else []
    return DETECTOR.find(entry + b"\n", stamps(), rule.form, rule.programs[0], trails)


def written(entry: bytes) -> set[Prefix | None]:
    """Return the addresses in *entry*, those that a port follows or a service comes before included."""
    tokens = [token.decode() for token in _ADDRESS.findall(entry.replace(b"IPv6:", b" "))]
    forms = [(token, token.rpartition(":")[0], token.partition(":")[2]) for token in tokens]
    return {parse_address(text) for form in forms for text in form}


@given(_ENTRIES)
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
def test_nothing_that_is_written_into_a_log_trips_it(
    entries: list[tuple[int, Edits]],
) -> None:
    """And whom it blames is written there, as an address."""
    trails = Trails()
    gc.disable()  # what it takes to judge is measured, not what hypothesis leaves behind
    seen: set[Prefix | None] = set()
    for number, changes in entries:
        rule, sample = SAMPLES[number]
        entry = mangled(sample, changes)
        seen |= written(entry)
        begin = time.process_time()
        offences = judged(rule, entry, trails)
        assert time.process_time() - begin < PATIENCE, entry
        for offence in offences:
            offence.line.encode()
            assert offence.address in seen, entry
    gc.enable()

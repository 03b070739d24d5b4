"""A Detector finds in chunks what looking at line after line would find."""

from hypothesis import given
from hypothesis import strategies as st

from responder.detect.detector import Detector
from responder.detect.linerule import LineRule
from responder.formats import syslog
from responder.values import Offence, Prefix
from tests.detect.rules import HEADER, a_rule, stamps

RULES = (
    a_rule("failed for <address> again", "failed-again", weight=3),
    a_rule("failed for <address>", "failed"),
    a_rule("(?:wrong|bad) name .* from <address>$", "bad-name", program="sshd*"),
    a_rule("reject: <client>: .*bad name", "rejected", program="postfix*/smtpd"),
)


def one_by_one(rules: tuple[LineRule, ...], data: bytes) -> list[Offence]:
    """Judge every line by every rule, with nothing that makes it fast."""
    found = []
    clock = stamps()
    for line in data.split(b"\n")[:-1]:
        record = syslog.read(line, stamps())
        head = syslog.header(line)
        if record is None or head is None:
            continue
        for rule in rules:
            address = rule.find(record.message) if rule.judges(record.program) else None
            if address:
                text = line.removesuffix(b"\r").decode("utf-8", "replace")
                at = clock.read(head.stamp)  # a line that is no offence moves no clock
                found.append(Offence(address, rule.id, rule.policy, rule.weight, at, text))
                break
    return found


WORDS = st.sampled_from(
    [
        b"failed for ", b"wrong name ", b"bad name ", b"reject: unknown[192.0.2.9]: ", b" from ", b"192.0.2.7",
        b"2001:db8::7", b"1.2.3.4.5", b" again", b"\x00", b"\xff\xfe", b"\xc3\xa4", b"\r", HEADER.encode(),
        b"x" * 1000,
    ]
)  # fmt: skip
HEADERS = st.sampled_from(
    [
        HEADER.encode(), b"Nov 23 13:46:38 mx sshd-session[1]: ", b"Nov 23 13:46:39 mx postfix2/smtpd[1]: ",
        b"<22>1 2026-11-23T13:46:37Z mx sshd 1 - - ", b"Feb 30 13:46:37 mx sshd[1]: ", b"", b"nonsense ",
    ]
)  # fmt: skip
LINES = st.tuples(HEADERS, st.lists(WORDS | st.binary(max_size=5), max_size=5).map(b"".join)).map(b"".join)
DATA = st.lists(LINES, max_size=8).map(lambda lines: b"".join(line.replace(b"\n", b"") + b"\n" for line in lines))


@given(DATA, st.permutations(RULES))
def test_a_chunk_gives_what_its_lines_give(data: bytes, rules: list[LineRule]) -> None:
    """NULs, invalid UTF-8, carriage returns, imitated lines: the scan passes over nothing and invents nothing."""
    assert Detector(rules).find(data, stamps()) == one_by_one(tuple(rules), data)


@given(DATA, st.integers(0, 20))
def test_it_makes_no_difference_where_chunks_end(data: bytes, lines: int) -> None:
    """As long as lines are whole."""
    detector = Detector(RULES)
    pieces = data.split(b"\n")
    first = b"".join(piece + b"\n" for piece in pieces[:-1][:lines])
    clock, same = stamps(), stamps()

    assert detector.find(first, clock) + detector.find(data[len(first) :], clock) == detector.find(data, same)


def find(rules: tuple[LineRule, ...], *lines: bytes) -> list[tuple[str, str]]:
    offences = Detector(rules).find(b"".join(line + b"\n" for line in lines), stamps())
    return [(offence.rule, str(offence.address)) for offence in offences]


def test_offences_come_in_the_order_of_their_lines() -> None:
    """Windows slide as the log went on."""
    lines = [HEADER.encode() + b"failed for 192.0.2.%d" % number for number in range(50)]

    assert find(RULES, *lines) == [("failed", f"192.0.2.{number}") for number in range(50)]


def test_the_first_rule_that_matches_wins() -> None:
    """A line is one offence, though two rules know it."""
    line = HEADER.encode() + b"failed for 192.0.2.7 again"

    assert find(RULES, line) == [("failed-again", "192.0.2.7")]
    assert find(RULES[::-1], line) == [("failed", "192.0.2.7")]


def test_a_rule_whose_address_is_none_leaves_the_line_to_the_next() -> None:
    """A pattern may match text that is no address."""
    rules = (a_rule("failed for <ip> at <address>", "second"), a_rule("failed for <address>", "first"))

    assert find(rules, HEADER.encode() + b"failed for 192.0.2.7 at 1.2.3") == [("first", "192.0.2.7")]


def test_a_line_is_told_with_its_rule_its_weight_and_its_evidence() -> None:
    """The evidence is the line, without its line end."""
    line = f"{HEADER}failed for ::ffff:192.0.2.7 again"

    offences = Detector(RULES).find(line.encode() + b"\r\n", stamps())

    at = stamps().read(b"Nov 23 13:46:37")
    assert offences == [Offence(Prefix.parse("192.0.2.7"), "failed-again", "login", 3, at, line)]


def test_only_the_programs_of_a_rule_are_looked_at() -> None:
    """What another program says is its own affair: it may be a user's."""
    lines = [
        f"Nov 23 13:46:37 mx {tag}: failed for 192.0.2.7".encode() for tag in ("sshd[1]", "user[1]", "sshd2", "sshd")
    ]

    assert len(find(RULES, *lines)) == 2


def test_more_programs_than_are_remembered_are_judged_all_the_same() -> None:
    """A flood of invented tags fills no memory and makes no rule blind."""
    tags = [f"Nov 23 13:46:37 mx tag{number}: failed for 192.0.2.7".encode() for number in range(6000)]
    detector = Detector(RULES)

    assert detector.find(b"\n".join(tags) + b"\n", stamps()) == []
    assert len(detector.find(HEADER.encode() + b"failed for 192.0.2.7\n", stamps())) == 1
    assert len(detector._lines._trials) <= 4096


def test_a_line_that_is_no_offence_moves_no_clock() -> None:
    """Only lines that a rule knows are read at all."""
    clock = stamps()

    assert Detector(RULES).find(b"Feb 30 10:00:00 mx sshd[1]: failed for nobody\n", clock) == []
    assert clock.unreadable == 0


def test_no_rules_find_nothing() -> None:
    """A daemon whose rules are all disabled still runs."""
    assert Detector(()).find(HEADER.encode() + b"failed for 192.0.2.7\n", stamps()) == []
    assert Detector(RULES).find(b"", stamps()) == []

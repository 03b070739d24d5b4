"""The generated log is what it says it is."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from responder import config
from responder.detect import library
from responder.detect.detector import Detector
from responder.formats.stamps import Stamps
from tests.lab import maillog, mailwords
from tests.lab.maillog import Mix

_STAMP = re.compile(rb"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) mx [a-z/]+(\[\d+\])?: ")


def test_the_same_arguments_give_the_same_lines(tmp_path: Path) -> None:
    first = list(maillog.lines(500))
    maillog.write(tmp_path / "mail.log", 500)

    assert (tmp_path / "mail.log").read_bytes() == b"".join(first)
    assert first != list(maillog.lines(500, Mix(seed=2)))


def test_offences_come_in_the_share_asked_for_and_from_attackers_only() -> None:
    mix = Mix(offences=0.3, attackers=100)
    attackers = Counter(maillog.attacker(number) for number in range(100))
    written = [line.decode() for line in maillog.lines(5000, mix)]
    guilty = [
        line for line in written if any(f"[{a}]" in line or f"={a}," in line or f" {a} " in line for a in attackers)
    ]

    assert 1350 < len(guilty) < 1650
    assert not [line for line in set(written) - set(guilty) if re.search("reject|failed|Failed", line)]


def test_every_offence_is_one_to_the_shipped_rules_and_no_other_line_is() -> None:
    rules = library.load([library.shipped()], config.load(None).policies)
    detector, stamps = Detector(rules), Stamps(UTC, maillog.START + maillog.DAY)

    def found(kind: mailwords.Kind, number: int) -> list[str]:
        line = f"Mar  1 08:00:00 mx {kind(maillog.attacker(number), 7919 * number)}\n"
        return [str(offence.address) for offence in detector.find(line.encode(), stamps)]

    for number in range(100):
        for kind in mailwords.OFFENCES:
            assert found(kind, number) == [maillog.attacker(number)], kind
        for kind in mailwords.TRAFFIC:
            assert found(kind, number) == [], kind


def test_stamps_run_over_the_span_and_never_back() -> None:
    stamps = []
    for line in maillog.lines(2000, Mix(span=7200, start=datetime(2026, 3, 1, 23, tzinfo=UTC).timestamp())):
        header = _STAMP.match(line)
        assert header, line
        stamps.append(datetime.strptime(f"2026 {header[1].decode()}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC))

    assert stamps == sorted(stamps)
    assert stamps[0] == datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert stamps[-1] == datetime(2026, 3, 2, 0, 59, 56, tzinfo=UTC)


def test_a_fifth_of_the_attackers_is_on_ipv6_and_all_differ() -> None:
    attackers = {maillog.attacker(number) for number in range(200_000)}

    assert len(attackers) == 200_000
    assert sum(":" in address for address in attackers) == 40_000
    assert not attackers & {maillog.innocent(number) for number in range(2000)}

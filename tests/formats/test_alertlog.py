"""alerts.log: every alert whole and once, and nobody blamed but whom OSSEC blames."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.formats import alerts
from responder.formats.alertlog import AlertLog, parse, time_of, whole
from responder.values import Record
from tests.formats.alert import EPOCH, as_log


def read(*chunks: str) -> list[Record]:
    """Return what a reader makes of *chunks*, one after the other."""
    reader = AlertLog()
    return [record for chunk in chunks for record in reader.read(chunk.encode())]


def sources(*chunks: str) -> list[object]:
    return [record.fields["srcip"] for record in read(*chunks)]


def test_an_alert_is_read_whole() -> None:
    """Every field where it belongs; the agent's name where the alert is of one."""
    text = as_log(7, after="Src Port: 4242\nUser: root\n", mail=" mail ", place="(mx1) 10.0.0.5->/var/log/auth.log")

    (record,) = read(text)

    assert record.time == EPOCH + 7
    assert record.message.startswith("Nov 23 04:01:23 mx sshd[411]: Failed password")
    assert record.fields == {
        "id": f"{EPOCH + 7}.7",
        "rule": "5716",
        "level": 5,
        "groups": ("syslog", "sshd", "authentication_failed"),
        "description": "SSHD authentication failed.",
        "srcip": "203.0.113.9",
        "user": "root",
        "agent": "mx1",
        "host": "mx1",
        "program": "",
        "decoder": "",
        "location": "/var/log/auth.log",
    }


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({}, "203.0.113.9"),
        ({"srcip": "2001:db8::7"}, "2001:db8::7"),
        ({"srcip": "(none)", "after": "User: (none)\n"}, ""),
        ({"srcip": ""}, ""),
        ({"before": "datacenter: north\nowner: Src IP: 192.0.2.1\n"}, "203.0.113.9"),
        ({"full_log": "a\n\nb\nc"}, "203.0.113.9"),
        ({"full_log": "helo=<Src IP: 192.0.2.1>"}, "203.0.113.9"),
        ({"full_log": "x\nSrc IP: 192.0.2.1"}, "203.0.113.9"),
        ({"full_log": "Src IP: 192.0.2.1\nx"}, "203.0.113.9"),
        ({"after": "Src IP: 192.0.2.1\n"}, "203.0.113.9"),
        ({"srcip": "", "full_log": "Src IP: 192.0.2.1"}, ""),
        ({"srcip": "", "after": "User: root\n", "full_log": "Src IP: 192.0.2.1"}, ""),
        ({"full_log": 'x {"srcip":"192.0.2.1"} \x00\x1b[2J\r\x0b\x1c\u2028 Src IP: 192.0.2.1'}, "203.0.113.9"),
    ],
)
def test_the_source_is_the_one_between_rule_and_log_line(given: dict[str, str], source: str) -> None:
    """Whatever the log line says, labels say, or is not there."""
    assert sources(as_log(**given)) == [source]  # type: ignore[arg-type]


def test_what_a_real_ossec_wrote_is_what_its_json_says(tmp_path: Path) -> None:
    """The composed alerts here have the form of the real ones: the same parse, field by field."""
    alert = as_log(3, full_log="Nov 23 04:01:23 mx postfix/smtpd[1]: x")
    same = {
        "rule": {
            "level": 5,
            "comment": "SSHD authentication failed.",
            "sidid": 5716,
            "group": "syslog,sshd,authentication_failed,",
        },
        "id": f"{EPOCH + 3}.3",
        "srcip": "203.0.113.9",
        "location": "/var/log/auth.log",
        "hostname": "mx",
        "agent_name": "mx",
        "full_log": "Nov 23 04:01:23 mx postfix/smtpd[1]: x",
    }
    (from_log,) = read(alert)
    (from_json,) = alerts.reader("ossec-json").read(json.dumps(same).encode() + b"\n")

    assert from_log == from_json


def forged(number: int) -> str:
    """Return a log line that holds line ends and imitates an alert about somebody else."""
    return "x\n\n" + as_log(number, srcip="192.0.2.200").removesuffix("\n\n")


@pytest.mark.parametrize("number", [1, 20, 21, 23, 1000, 10**9, 10**17])
@pytest.mark.parametrize("exact", [False, True])
def test_a_log_line_that_imitates_an_alert_bans_nobody(number: int, exact: bool) -> None:
    """Whatever number it claims, it is not the one that is due; the alerts around it go on."""
    texts, at = [], 0
    for count in range(1, 41):
        step = as_log(at if exact else count, full_log=forged(number) if count > 25 else "a line")
        texts.append(step)
        at += len(step)
    reader = AlertLog()

    found = [record for text in texts for record in reader.read(text.encode())]

    assert {record.fields["srcip"] for record in found} == {"203.0.113.9"}
    assert len(found) == 40
    assert reader.doubtful > 0


@pytest.mark.parametrize("restarted_at", [0, 1, 5])
def test_numbers_that_begin_anew_are_believed_once_they_go_on(restarted_at: int) -> None:
    """After a restart of OSSEC, or in a new file, every alert is read, the first ones a little later."""
    reader = AlertLog()
    before = [as_log(number) for number in range(500, 530)]
    after = [as_log(number, srcip=f"198.51.100.{number}") for number in range(restarted_at, restarted_at + 10)]

    found = [record for text in before + after for record in reader.read(text.encode())]

    assert [record.fields["srcip"] for record in found[30:]] == [
        f"198.51.100.{number}" for number in range(restarted_at, restarted_at + 10)
    ]
    assert reader.doubtful == 0


def test_alerts_that_were_not_logged_leave_gaps() -> None:
    """Their numbers are missing, and no alert is lost for it."""
    numbers = [1, 2, 5, 9, 10, 200, 201, *range(300, 330), 335, 336, 337, 338]

    assert len(sources(*(as_log(number) for number in numbers))) == len(numbers)


def test_half_an_alert_is_counted_and_the_next_one_read() -> None:
    """As when OSSEC was killed while it wrote."""
    reader = AlertLog()
    half = as_log(1)[:60] + "\n"

    found = list(reader.read((half + as_log(2) + as_log(3)).encode()))

    assert [record.fields["id"] for record in found] == [f"{EPOCH + 2}.2", f"{EPOCH + 3}.3"]
    assert reader.unreadable == 1


def test_what_is_not_whole_is_left_to_be_read_again() -> None:
    """An alert is whole at its blank line, or where the next one begins."""
    one, other = as_log(1).encode(), as_log(2).encode()

    for end in range(len(one + other) + 1):
        data = (one + other)[:end]
        assert whole(data) in {0, len(one), len(one + other)}
        assert whole(data) <= end
    assert whole(one) == len(one)
    assert whole(one + other[:-1]) == len(one)
    assert whole(b"x\n" * 40_000) == 80_000, "no alert at all: not waited for"


def test_the_line_that_begins_an_alert_tells_its_time() -> None:
    """No other does."""
    first, second, *_ = as_log(5).encode().split(b"\n")

    assert time_of(first) == EPOCH + 5
    assert time_of(second) is None


def test_an_alert_whose_blank_lines_are_cut_apart_takes_none_with_it() -> None:
    stream = as_log(1, full_log="x\n") + as_log(2)
    cut = stream.index("\n\n\n") + 2

    assert whole(stream[:cut].encode()) == cut
    assert sources(stream[:cut], stream[cut:]) == ["203.0.113.9", "203.0.113.9"]


_HOSTILE = st.lists(
    st.sampled_from(
        [
            "Src IP: 192.0.2.200", "** Alert ", f"** Alert {EPOCH}.1: - x,", "Rule: 1 (level 15) -> 'x'", "\n", "\n\n",
            '{"srcip":"192.0.2.200"}', "2026 Nov 23 04:01:23 mx->/x", "User: x", "\r", "\x00", "\x1b[2J", " ", "'", "x",
        ]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(st.lists(_HOSTILE, min_size=1, max_size=8), st.data())
def test_however_it_is_cut_and_whatever_is_in_it_nobody_else_is_blamed(texts: list[str], data: st.DataObject) -> None:
    """And no genuine alert is lost: framing, numbers and fields together."""
    stream = b"".join(as_log(n, full_log="y" + text).encode() for n, text in enumerate(["", *texts], 1))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=6)) | {len(stream)})
    reader, rest, found = AlertLog(), b"", []
    begin = 0
    for cut in cuts:
        rest += stream[begin:cut]
        used = whole(rest)
        found += list(reader.read(rest[:used]))
        begin, rest = cut, rest[used:]

    genuine = [record for record in found if record.fields["srcip"] == "203.0.113.9"]
    assert len(genuine) == len(texts) + 1
    assert {record.fields["srcip"] for record in found if record.fields["level"] == 15} <= {""}


@given(st.text(max_size=300))
def test_any_text_is_an_alert_or_none(text: str) -> None:
    """Nothing raises."""
    parse(text)
    parse(as_log()[:40] + text)
    assert list(AlertLog().read(text.encode())) is not None

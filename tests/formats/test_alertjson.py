"""alerts.json: OSSEC's and Wazuh's names for the same things, and lines that are no alerts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.formats import alerts
from responder.formats.alertjson import parse
from tests.formats.alert import EPOCH, as_json, as_log

WAZUH = {
    "timestamp": "2026-08-14T10:00:00.123+0000",
    "rule": {"level": 10, "description": "Many.", "id": "3357", "groups": ["syslog", "postfix"]},
    "agent": {"id": "001", "name": "mx1", "ip": "10.0.0.5"},
    "manager": {"name": "mgr"},
    "id": "1786701600.1234",
    "full_log": "the line",
    "predecoder": {"program_name": "postfix/smtpd", "hostname": "mx1"},
    "decoder": {"name": "postfix"},
    "data": {"srcip": "203.0.113.9", "dstuser": "bob"},
    "location": "/var/log/mail.log",
}


def fields(alert: dict[str, Any]) -> Any:
    record = parse(json.dumps(alert).encode())
    return record and record.fields


def test_an_alert_of_wazuh_is_read_whole() -> None:
    """With the same names as one of OSSEC."""
    record = parse(json.dumps(WAZUH).encode())

    assert record is not None
    assert (record.time, record.host, record.program, record.message) == (
        1786701600.0, "mx1", "postfix/smtpd", "the line",
    )  # fmt: skip
    assert record.fields == {
        "id": "1786701600.1234",
        "rule": "3357",
        "level": 10,
        "groups": ("syslog", "postfix"),
        "description": "Many.",
        "srcip": "203.0.113.9",
        "user": "bob",
        "agent": "mx1",
        "host": "mx1",
        "program": "postfix/smtpd",
        "decoder": "postfix",
        "location": "/var/log/mail.log",
    }


@pytest.mark.parametrize(
    "more",
    [
        {"data": {"win": {"eventdata": {"ipAddress": "203.0.113.9"}}}},
        {"data": {"win": {"eventdata": {"ipAddress": "203.0.113.9"}}, "srcip": "-"}},
        {"data": None, "source": {"ip": "203.0.113.9"}, "user": {"name": "bob"}},
        {"data": "nonsense", "srcip": "203.0.113.9"},
    ],
)
def test_the_source_is_found_wherever_it_may_be(more: dict[str, Any]) -> None:
    """Windows events of Wazuh, the names of Wazuh 5, OSSEC's own."""
    assert fields({**WAZUH, **more})["srcip"] == "203.0.113.9"


@pytest.mark.parametrize("nothing", ["", "-", "(none)", None, 7, ["203.0.113.9"], {"ip": "203.0.113.9"}])
def test_what_is_no_text_is_no_source(nothing: Any) -> None:
    """An alert without a source is an alert all the same."""
    assert fields({**WAZUH, "data": {"srcip": nothing}})["srcip"] == ""


@pytest.mark.parametrize("stamp", ["2026-08-14T10:00:00.123+0000", "2026-08-14T12:00:00.123+0200"])
def test_the_time_is_the_stamps_where_the_id_has_none(stamp: str) -> None:
    """In whatever zone."""
    record = parse(json.dumps({**WAZUH, "id": "x", "timestamp": stamp}).encode())

    assert record is not None
    assert record.time == pytest.approx(1786701600.123)


@pytest.mark.parametrize(
    "line",
    [
        as_json()[:-20],
        "{}",
        "[]",
        '{"rule":7}',
        '{"rule":{"id":"x","level":3},"id":"1786701600.1"}',
        '{"rule":{"id":"3","level":"3"},"id":"1786701600.1"}',
        '{"rule":{"id":"3","level":true},"id":"1786701600.1"}',
        '{"rule":{"id":"3","level":100},"id":"1786701600.1"}',
        '{"rule":{"id":3.5,"level":3},"id":"1786701600.1"}',
        '{"rule":{"id":"3","level":3},"id":"yesterday"}',
        "[" * 100_000,
        '{"a":' * 50_000,
        "",
        "\x00",
        "** Alert",
    ],
)
def test_what_is_no_alert_is_counted_and_passed_over(line: str) -> None:
    """Cut off at 64 KiB, half written, of another program; the next line is read."""
    reader = alerts.reader("ossec-json")

    found = list(reader.read(f"{line}\n{as_json(3)}".encode()))

    assert [record.fields["id"] for record in found] == [f"{EPOCH + 3}.3"]
    assert reader.unreadable == bool(line)


def test_a_log_line_inside_cannot_get_out() -> None:
    """Quotes, line ends and control characters are JSON's to escape, and what is written raw is text."""
    hostile = '"},"srcip":"192.0.2.200","x":{"\n** Alert 1.1: - x\x00\x1b\\"'
    line = as_json(full_log=hostile)
    raw = line.replace("\\u001b", "\x1b").replace("\\u0000", "\x00")

    for one in (line, raw):
        (record,) = alerts.reader("wazuh-json").read(one.encode())
        assert record.fields["srcip"] == "203.0.113.9"
        assert record.message == hostile


def test_bytes_that_are_no_text_do_not_cost_the_alert() -> None:
    """OSSEC copies what a client sent."""
    line = as_json(full_log="name XX").encode().replace(b"XX", b"\xff\xfe")

    (record,) = alerts.reader("ossec-json").read(line)

    assert record.message == "name \ufffd\ufffd"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rule", "id", "level", "groups", "srcip", "data", "timestamp", "agent", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_any_json_is_an_alert_or_none(value: Any) -> None:
    """Nothing raises."""
    parse(json.dumps(value).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_an_alert_or_none(line: bytes) -> None:
    """Nothing raises."""
    parse(line)
    parse(as_json().encode()[:30] + line)
    alerts.recognise(line)


@pytest.mark.parametrize(
    ("data", "form"),
    [(as_log(), "ossec-log"), (as_json(), "wazuh-json"), ("Nov 23 04:01:23 mx sshd[1]: x", None), ("", None)],
)
def test_a_file_shows_its_format_in_its_beginning(data: str, form: str | None) -> None:
    """So nobody need name it to look through it once."""
    assert alerts.recognise(data.encode()) == form


def test_the_evidence_of_an_alert_tells_what_line_it_is_about() -> None:
    """Whatever the line says; a log line is evidence of itself."""
    line = "Nov 23 04:01:23 mx sshd[1]: user=alert 1.1 | x | Failed"
    (record,) = alerts.reader("ossec-json").read(as_json(4, full_log=line, location="a | b").encode())

    told = alerts.evidence(record)

    assert told == f"alert {EPOCH + 4}.4, rule 5716 (level 5) of a / b | {line}"
    assert alerts.subject(told) == line
    assert alerts.subject(line) is None

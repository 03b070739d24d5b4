"""Lines of other programs' own logs: where the message begins, and when it was."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.formats import accesslog, jsonline, plain
from responder.formats.lines import HEADERS
from responder.formats.stamps import Stamps

REFERENCE = datetime(2026, 11, 26, tzinfo=UTC).timestamp()
MOMENT = datetime(2026, 11, 25, 10, 0, 6, tzinfo=UTC).timestamp()


def read(form: str, line: str) -> tuple[float, str] | None:
    """Return when *line* was written, by a clock two hours ahead of UTC where it does not say, and its message."""
    head = HEADERS[form](line.encode())
    if head is None:
        return None
    stamps = Stamps(timezone(timedelta(hours=2)), REFERENCE)
    return stamps.read(head.stamp), line.encode()[head.message :].decode()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2026-11-25 10:00:06 +0000 H=x", "H=x"),
        ("2026-11-25 12:00:06 H=x", "H=x"),
        ("2026-11-25 11:00:06.123 +0100 H=x", "H=x"),
        ("2026-11-25T10:00:06.123456Z 8 [Note] x", "8 [Note] x"),
        ("2026-11-25 10:00:06.123 UTC [99] FATAL:  x", "[99] FATAL:  x"),
        ("2026-11-25 12:00:06.123 CEST [99] FATAL:  x", "[99] FATAL:  x"),
        ("2026-11-25 12:00:06.123 MSK [99] FATAL:  x", "[99] FATAL:  x"),
        ("2026-11-25 12:00:06 SMTP call from [192.0.2.7] x", "SMTP call from [192.0.2.7] x"),
        ("2026-11-25 12:00:06 POST /login", "POST /login"),
        ("2026-11-25 12:00:06,123 ftp proftpd[7] x", "ftp proftpd[7] x"),
        ("2026/11/25 12:00:06 [error] 12#12: *1 x", "[error] 12#12: *1 x"),
        ("[2026-11-25 12:00:06.123][vaultwarden::api][ERROR] x", "[vaultwarden::api][ERROR] x"),
        ("[2026-11-25 12:00:06] NOTICE[7]: x", "NOTICE[7]: x"),
        ('time="2026-11-25T10:00:06Z" level=error x', "level=error x"),
        ("t=2026-11-25T10:00:06+0000 lvl=eror x", "lvl=eror x"),
        ("Wed Nov 25 12:00:06 2026 [pid 3] x", "[pid 3] x"),
        ("[Wed Nov 25 12:00:06.123456 2026] [auth_basic:error] x", "[auth_basic:error] x"),
        ("25-Nov-2026 12:00:06.123 client x", "client x"),
        ("[Nov 25 12:00:06] NOTICE[7]: x", "NOTICE[7]: x"),
        ("2026-11-25 12:00:06", ""),
    ],
)
def test_a_stamp_of_any_shape_tells_the_time(line: str, message: str) -> None:
    """By the source's clock where the line names no zone; what follows is the message."""
    found = read("plain", line)

    assert found is not None
    assert found[0] == MOMENT
    assert found[1] == message


@pytest.mark.parametrize(
    "line", ["", "x", "2026-11-25", "2026-11-25 10:00", "Foo Nov 5", "25-Foo-2026 12:00:06 x", "[Foo 25 12:00:06] x"]
)
def test_a_line_that_begins_with_no_time_has_no_header(line: str) -> None:
    """It is the rest of another, or of another format."""
    found = read("plain", line)

    assert found is None or "Foo" in line


ACCESS = '203.0.113.80 - {user} [25/Nov/2026:11:00:06 +0100] "GET / HTTP/1.1" 404 162 "-" "{agent}"'


@pytest.mark.parametrize(
    ("user", "agent"),
    [
        ("-", "curl"),
        ("alice", '[01/Jan/2020:00:00:00 +0000] \\"x'),
        ("x [01/Jan/2020:00:00:00 +0000]", "curl"),
        ("x [01/Jan/2020:00:00:00 +0000] \\x22GET", "curl"),
        ('x [01/Jan/2020:00:00:00 +0000] \\"GET', "curl"),
        ('x\\" [01/Jan/2020:00:00:00 +0000] \\"', "curl"),
        ("x\\\\", "curl"),
    ],
)
def test_a_client_cannot_choose_when_his_request_was(user: str, agent: str) -> None:
    """Whatever his name holds: both servers escape quotation marks in it."""
    line = ACCESS.format(user=user, agent=agent)

    assert read("access-log", line) == (MOMENT, line)


def test_a_month_may_be_a_number() -> None:
    """As Proxmox writes it."""
    line = '::ffff:203.0.113.80 - - [25/11/2026:11:00:06 +0100] "POST /api2/json/access/ticket HTTP/1.1" 401 -'

    assert read("access-log", line) == (MOMENT, line)


@pytest.mark.parametrize("line", ["", "x", '203.0.113.80 - - [25/Foo/2026:11:00:06 +0100] "', "203.0.113.80 - - [x"])
def test_what_is_no_request_has_no_header(line: str) -> None:
    """An error log's lines, for one."""
    assert read("access-log", line) is None


@given(st.binary(max_size=120), st.sampled_from(sorted(HEADERS)))
def test_any_bytes_have_a_header_or_none(line: bytes, form: str) -> None:
    """Nothing raises, the message is inside the line, and the stamp can be read."""
    for data in (
        line,
        b"2026-11-25 10:00:06" + line,
        b"[Wed Nov 25 " + line,
        b'a - - [25/Nov/2026:11:00:06 +0100] "' + line,
        b'a - - [99/99/2026:11:00:06 +0100] "' + line,
    ):
        head = HEADERS[form](data)
        if head:
            assert 0 <= head.message <= len(data)
            Stamps(UTC, REFERENCE).read(head.stamp)


def test_long_lines_cost_no_more_than_their_length() -> None:
    """A name of a megabyte of brackets is looked through once."""
    assert accesslog.header(b"a" + b" [25/Nov/2026:11:00:06 +0100]" * 30_000) is None
    assert plain.header(b"[" * 100_000) is None


def field(line: str) -> object:
    record = jsonline.read(line.encode(), "caddy", Stamps(UTC, REFERENCE))
    return record and (record.time, record.program, dict(record.fields))


def test_objects_inside_objects_are_fields_with_dots() -> None:
    """Numbers, truth, and lists of texts."""
    line = (
        '{"ts":1795600806.5,"request":{"remote_ip":"203.0.113.9","headers":{"User-Agent":["a","b"]}},'
        '"status":401,"ok":false,"size":1.5,"nothing":null,"mixed":["x",3]}'
    )

    assert field(line) == (
        1795600806.5,
        "caddy",
        {
            "ts": "1795600806.5",
            "request.remote_ip": "203.0.113.9",
            "request.headers.User-Agent": ("a", "b"),
            "status": 401,
            "ok": "false",
            "size": "1.5",
            "mixed": ("x",),
        },
    )


def test_a_thousand_headers_push_no_field_off() -> None:
    """A client that sends them hides nothing behind them."""
    headers = {f"X-{number}": ["198.51.100.1"] for number in range(1000)} | {"Authorization": ["REDACTED"]}
    line = json.dumps({"request": {"remote_ip": "192.0.2.7", "headers": headers}, "status": 401})

    record = jsonline.read(line.encode(), "caddy", Stamps(UTC, REFERENCE))

    assert record is not None
    assert record.fields["request.headers.Authorization"] == ("REDACTED",)
    assert (record.fields["request.remote_ip"], record.fields["status"]) == ("192.0.2.7", 401)


@pytest.mark.parametrize(
    "time",
    [
        '"time":"2026-11-25T10:00:06+00:00"',
        '"time":"2026-11-25T11:00:06.123+01:00"',
        '"timestamp":"2026-11-25 10:00:06Z"',
        '"@timestamp":"2026-11-25T10:00:06.000Z"',
        f'"ts":{MOMENT}',
        f'"ts":{MOMENT * 1000:.0f}',
        '"time":"soon","ts":' + str(MOMENT),
    ],
)
def test_the_time_is_where_programs_put_it(time: str) -> None:
    """As text, in seconds, in milliseconds."""
    record = jsonline.read(f"{{{time}}}".encode(), "x", Stamps(UTC, REFERENCE))

    assert record is not None
    assert record.time == MOMENT


def test_an_object_without_a_time_is_as_old_as_the_one_before_it() -> None:
    """And that is counted."""
    stamps = Stamps(UTC, REFERENCE)

    record = jsonline.read(b'{"ts":true,"time":-1}', "x", stamps)

    assert record is not None
    assert (record.time, stamps.unreadable) == (REFERENCE, 1)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"7", b"[" * 100_000, b'{"a":' * 50_000, b"\xff"])
def test_what_is_no_object_is_no_record(line: bytes) -> None:
    """It is passed over."""
    assert jsonline.read(line, "x", Stamps(UTC, REFERENCE)) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ts", "time", "a", "b"]), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["ts", "time", "timestamp", "a"]), _JSON))
def test_any_object_is_a_record(value: dict[str, object]) -> None:
    """Nothing raises, whatever is in it."""
    assert jsonline.read(json.dumps(value).encode(), "x", Stamps(UTC, REFERENCE)) is not None

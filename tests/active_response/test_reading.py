"""What is asked is understood in one way only, whoever wrote the words."""

import ast
import json
import os
import re
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from responder import active_response
from responder.active_response import EndError, canonical, from_json, from_words, report, shown
from tests.active_response.execd import ALERT, LOCATION, alert, finding

KEYS = ["do", "token", "action", "address", "alert", "rule", "user", "location", "by"]
TOKEN = re.compile(r"\d{20}-\d{1,10}-[0-9a-f]{8}")
LINE = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d active-response/bin/responder-ar: [^\n]+\n")

anything = st.text(st.characters(exclude_characters="\0"), max_size=400)  # lone surrogates are bytes that are no UTF-8
like_an_address = st.text("0123456789abcdefABCDEFxX.:%[]/ -", max_size=45)
addresses = st.one_of(st.ip_addresses().map(str), like_an_address, anything)


def oracle(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if "%" in text:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


@given(addresses)
@example("::ffff:192.0.2.7")
@example("::FFFF:C000:0207")
@example("::192.0.2.7")
@example("fe80::1%eth0")
@example("1:2:3:4:5:6:7::")
@settings(max_examples=500)
def test_an_address_is_what_the_standard_says_it_is(text: str) -> None:
    """IPv4 in IPv6 is IPv4; whatever else ipaddress refuses, and every zone, is refused."""
    expected, found = oracle(text), canonical(text)

    assert (ip_address(found) if found else None) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "127.1", "2130706433", "0x7f.0.0.1", "010.0.0.1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4/32"),
        *(" 192.0.2.7", "192.0.2.7 ", "192.0.2.7\n", "192.0.2.7\0", "١٩٢.0.2.7", "localhost", "mail.example.org"),
        *("[::1]", "fe80::1%eth0", "::1%0", "1::2::3", ":::", "12345::", "::ffff:192.0.2.007", "2001:db8::/32"),
    ],
)
def test_what_other_programs_take_for_an_address_is_none(text: str) -> None:
    """No short forms, no octal, no names, no brackets, no zones, no networks."""
    assert canonical(text) == ""


def checked(request: dict[str, str]) -> dict[str, str]:
    """Return *request*, once it is sure that it is one."""
    assert list(request) == KEYS
    assert TOKEN.fullmatch(request["token"])
    assert request["token"].split("-")[1] == str(os.getpid())
    assert request["do"] == "respond"
    assert request["action"] in ("add", "delete")
    assert canonical(request["address"]) == request["address"] != ""
    for text in request.values():
        assert len(text) <= 256
        assert text.isprintable()
    return request


@given(words=st.lists(st.one_of(st.sampled_from(["add", "delete", "-"]), addresses, anything), min_size=1, max_size=9))
@settings(max_examples=300)
def test_no_words_make_anything_but_a_request_or_a_refusal(words: list[str]) -> None:
    """Whatever is on the command line, and however much of it."""
    try:
        request = checked(from_words(words))
    except EndError as end:
        assert end.outcome[:2] == (65, "invalid")  # noqa: PT017
    else:
        assert request["action"] == words[0]
        assert ip_address(request["address"]) == oracle(words[2])
        assert request["by"] == "ossec"


leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), addresses, anything)
KNOWN = "command parameters alert data srcip dstuser win eventdata ipAddress source ip user name rule id location"
names = st.sampled_from(KNOWN.split())
trees = st.recursive(leaves, lambda kids: st.lists(kids, max_size=3) | st.dictionaries(names, kids, max_size=5))


@given(st.one_of(st.binary(max_size=300), trees.map(lambda tree: json.dumps(tree).encode())))
@example(b"[" * 100_000)
@example(b'{"command":' + b"9" * 100_000 + b"}")
@settings(max_examples=300)
def test_no_bytes_make_anything_but_a_request_or_a_refusal(line: bytes) -> None:
    """Broken JSON, JSON of another shape, JSON without end."""
    try:
        checked(from_json(line))
    except EndError as end:
        assert end.outcome[:2] == (65, "invalid")  # noqa: PT017


others = st.fixed_dictionaries({}, optional=dict.fromkeys(("dstuser", "srcuser", "url", "win"), leaves))


@given(address=addresses, told=others)
@settings(max_examples=200)
def test_what_stands_in_an_alert_cannot_become_another_address(address: str, told: dict[str, Any]) -> None:
    """Names and addresses of an attacker's choosing stay what they are."""
    line = json.dumps(alert(address, **told)).encode()
    try:
        request = checked(from_json(line))
    except EndError as end:
        assert oracle(address) is None
        assert end.outcome[:2] == (65, "invalid")  # noqa: PT017
    else:
        assert ip_address(request["address"]) == oracle(address)
        assert (request["alert"], request["rule"], request["location"]) == (ALERT, "3357", LOCATION)


def test_the_words_of_a_real_ossec_are_understood() -> None:
    """User and file are absent there, which it writes as a dash."""
    request = from_words(["add", "-", "198.51.100.23", ALERT, "3301", "/var/log/maillog", "-"])

    assert request == {
        "do": "respond",
        "token": request["token"],
        "action": "add",
        "address": "198.51.100.23",
        "alert": ALERT,
        "rule": "3301",
        "user": "",
        "location": "/var/log/maillog",
        "by": "ossec",
    }


@pytest.mark.parametrize(
    "rest",
    [
        ("(mx1)", "10.0.0.5->/var/log/maillog", "(null)"),
        ("/var/log/my", "mail.log", "-"),
        ("/var/log/maillog", "-", "203.0.113.1"),
        ("netstat", "-tan"),
        ("(mx1)",),
    ],
)
def test_a_location_that_was_split_is_not_trusted(rest: tuple[str, ...]) -> None:
    """An agent's name and file come as two words, and a path with a space as well; what is before them is right."""
    request = from_words(["add", "bob", "198.51.100.23", ALERT, "3301", *rest])

    assert request["location"] == ""
    assert (request["user"], request["address"], request["rule"]) == ("bob", "198.51.100.23", "3301")


def test_a_call_by_hand_needs_no_more_than_an_address() -> None:
    """That of agent_control -b, and that of an administrator in a hurry."""
    by_control = from_words(["add", "-", "198.51.100.23", "(from_the_server)", "(no_rule_id)"])
    by_hand = from_words(["delete", "-", "2001:DB8::7"])

    assert (by_control["alert"], by_control["rule"]) == ("(from_the_server)", "(no_rule_id)")
    assert (by_hand["action"], by_hand["address"], by_hand["alert"]) == ("delete", "2001:db8::7", "")


@pytest.mark.parametrize("words", [("remove", "-", "192.0.2.7"), ("enable", "-", "192.0.2.7"), ("add",), ("", "", "")])
def test_other_words_are_refused(words: tuple[str, ...]) -> None:
    """With exit status 65, and nothing happens."""
    with pytest.raises(EndError) as end:
        from_words([*words])
    assert end.value.outcome[0] == 65


def test_wazuh_5_is_understood_wrapped_or_not() -> None:
    """Other names for the same things."""
    plain = finding("2001:db8::7", "disable")
    wrapped = {"version": 1, "command": "enable", "parameters": {"alert": finding("2001:db8::7")}}

    for message, action in ((plain, "delete"), (wrapped, "add")):
        request = from_json(json.dumps(message).encode())
        assert request | {"token": ""} == {
            "do": "respond",
            "token": "",
            "action": action,
            "address": "2001:db8::7",
            "alert": "AbCd",
            "rule": "7001",
            "user": "bob",
            "location": LOCATION,
            "by": "wazuh",
        }


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"srcip": "192.0.2.1"}, "192.0.2.1"),
        ({"srcip": "192.0.2.1", "win": {"eventdata": {"ipAddress": "192.0.2.2"}}}, "192.0.2.2"),
        ({"srcip": "192.0.2.1", "win": {"eventdata": {"destinationIp": "192.0.2.3"}}}, "192.0.2.3"),
        ({"win": {"eventdata": {"ipAddress": "192.0.2.2", "destinationIp": "192.0.2.3"}}}, "192.0.2.2"),
        ({"srcip": "192.0.2.1", "win": {"eventdata": {"ipAddress": "-"}}}, "192.0.2.1"),
        ({"srcip": "::ffff:192.0.2.1"}, "192.0.2.1"),
    ],
)
def test_the_address_is_looked_for_where_wazuh_looks(data: dict[str, Any], expected: str) -> None:
    """In their order; a dash is none."""
    message = alert("")
    message["parameters"]["alert"]["data"] = data

    assert from_json(json.dumps(message).encode())["address"] == expected


def test_an_api_call_needs_no_alert_but_the_address() -> None:
    """What is not told is empty."""
    message = {"version": 1, "command": "add", "parameters": {"extra_args": [], "alert": {"data": {"srcip": "::1"}}}}

    request = from_json(json.dumps(message).encode())

    assert (request["address"], request["alert"], request["rule"], request["user"]) == ("::1", "", "", "")


def test_a_log_that_is_no_text_does_not_save_its_author() -> None:
    """An attacker may send any bytes, logs hold them and alerts hold logs; the address stands elsewhere."""
    line = json.dumps(alert("192.0.2.7")).encode().replace(b'"..."', b'"helo=<\xff\x01\xfe>"')

    assert from_json(line)["address"] == "192.0.2.7"


@given(text=anything, most=st.integers(1, 300))
def test_what_is_shown_is_one_visible_line_of_bounded_length(text: str, most: int) -> None:
    """And what could be seen anyway is shown as it is."""
    seen = shown(text, most)

    assert len(seen) <= most
    assert seen.isprintable()
    if text.isprintable():
        assert seen == text[:most]


texts = st.fixed_dictionaries(dict.fromkeys(("alert", "rule", "user", "location"), anything.map(shown)))


@given(told=st.none() | texts, did=st.sampled_from(["banned", "banned not enforced"]), said=anything, by=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_logged_is_one_line_in_their_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, str] | None, did: str, said: str, *, by: bool
) -> None:
    """Nobody forges a second one."""
    log = tmp_path / "log"
    log.unlink(missing_ok=True)
    monkeypatch.setenv("RESPONDER_AR_LOG", str(log))
    request = {} if told is None else told | {"action": "add", "address": "192.0.2.7"}

    report("wazuh" if by else "ossec", request, (0, did, said))

    line = log.read_text("utf-8")
    assert LINE.fullmatch(line)
    assert line.rstrip("\n").isprintable()
    assert did.replace(" ", "-") in line


def test_only_the_standard_library_is_needed_and_python_3_9() -> None:
    """It is copied alone to where responder is not."""
    tree = ast.parse(Path(active_response.__file__).read_text("utf-8"), feature_version=(3, 9))
    imported = {
        (node.module or "" if isinstance(node, ast.ImportFrom) else name.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }

    assert imported <= sys.stdlib_module_names | {"__future__"}

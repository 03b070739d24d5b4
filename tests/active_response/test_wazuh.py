"""Wazuh's calls: nothing is banned unless execd has said that we may go on."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from tests.active_response.execd import ALERT, Run, Wazuh, alert, finding
from tests.active_response.peer import answering
from tests.active_response.test_reading import LINE


def question(address: str) -> bytes:
    return (
        b'{"version":1,"origin":{"name":"responder-ar","module":"active-response"},"command":"check_keys",'
        b'"parameters":{"keys":["%s"]}}\n' % address.encode()
    )


def told(wazuh: Wazuh) -> dict[str, Any]:
    """Return the object in the one line of the log, as Wazuh's decoder finds it."""
    line = wazuh.installed.said()
    assert LINE.fullmatch(line + "\n")
    found = json.loads(line.partition(": ")[2])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("message", [alert("203.0.113.9"), finding("203.0.113.9")], ids=["4", "5"])
def test_execd_is_asked_and_then_the_daemon(wazuh: Wazuh, message: dict[str, Any]) -> None:
    """One line on standard output, byte for byte what execd expects."""
    with answering(wazuh.installed.control) as daemon:
        run = wazuh.add(message)

    assert run == Run(0, question("203.0.113.9"))
    assert [(asked["action"], asked["address"], asked["by"]) for asked in daemon.asked] == [
        ("add", "203.0.113.9", "wazuh")
    ]


def test_the_key_is_the_address_as_it_is_banned(wazuh: Wazuh) -> None:
    """The same attacker has the same key, however the log wrote it."""
    assert wazuh.add(alert("::ffff:203.0.113.9")).out == question("203.0.113.9")
    assert wazuh.add(alert("2001:db8::7")).out == question("2001:db8::7")


def test_what_execd_holds_already_is_left_alone(wazuh: Wazuh) -> None:
    """``abort`` is no failure; the daemon need not hear of it."""
    with answering(wazuh.installed.control) as daemon:
        run = wazuh.add(alert("203.0.113.9"), "abort")

    assert run == Run(0, question("203.0.113.9"))
    assert daemon.asked == wazuh.installed.kept() == []
    assert told(wazuh)["responder"]["did"] == "held"
    assert "execd holds 203.0.113.9 already" in told(wazuh)["responder"]["said"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "no whole line came in time"),
        (b"", "no whole line came in time"),
        ([b'{"command":"conti'], "no whole line came in time"),
        (b"continue\n", "not 'continue'"),
        (b'"continue"\n', "not 'continue'"),
        (b'["continue"]\n', "not 'continue'"),
        (b"\n", "not 'continue'"),
        (b'{"command":"add"}\n', "it answered 'add'"),
        (b'{"command":["continue"]}\n', "not 'continue'"),
        (b'{"parameters":{"command":"continue"}}\n', "not 'continue'"),
        (b"\xff\xfe\n", "not 'continue'"),
        (b"x" * (2 << 20), "too long"),
    ],
)
def test_without_a_clear_answer_nobody_is_banned(
    wazuh: Wazuh, answer: bytes | Sequence[bytes] | None, why: str
) -> None:
    """Silence, halves and garbage: status 1, and the log says so."""
    with answering(wazuh.installed.control) as daemon:
        run = wazuh.add(alert("203.0.113.9"), answer)

    assert run == Run(1, question("203.0.113.9"))
    assert daemon.asked == wazuh.installed.kept() == []
    assert told(wazuh)["responder"]["did"] == "unanswered"
    assert "203.0.113.9 is not banned: " in told(wazuh)["responder"]["said"]
    assert why in told(wazuh)["responder"]["said"]


def test_an_answer_in_pieces_is_an_answer(wazuh: Wazuh) -> None:
    """A pipe may hand a line over in any number of them."""
    answer = json.dumps(alert("203.0.113.9", "continue")).encode() + b"\n"

    with answering(wazuh.installed.control) as daemon:
        run = wazuh.add(alert("203.0.113.9"), [answer[n : n + 97] for n in range(0, len(answer), 97)])

    assert run.status == 0
    assert len(daemon.asked) == 1


@pytest.mark.parametrize("message", [alert("203.0.113.9", "delete"), finding("203.0.113.9", "disable")])
def test_an_address_is_let_go_without_a_question(wazuh: Wazuh, message: dict[str, Any]) -> None:
    """execd would not answer it."""
    with answering(wazuh.installed.control, did="lifted") as daemon:
        assert wazuh.delete(message) == Run(0)

    assert [(asked["action"], asked["address"]) for asked in daemon.asked] == [("delete", "203.0.113.9")]
    assert told(wazuh)["command"] == "delete"


def test_a_delete_leaves_standard_output_alone(wazuh: Wazuh) -> None:
    """Open or closed."""
    line = json.dumps(alert("203.0.113.9", "delete")) + "\n"
    with answering(wazuh.installed.control, did="lifted"):
        done = subprocess.run([wazuh.installed.script], input=line, capture_output=True, text=True, check=True)
        closed = ["sh", "-c", '"$0" >&-', str(wazuh.installed.script)]
        subprocess.run(closed, input=line, text=True, check=True)

    assert done.stdout == ""


def test_who_never_says_what_for_is_not_waited_for(wazuh: Wazuh) -> None:
    """It ends by itself, with an open standard input, and says why."""
    assert wazuh.say_nothing() == Run(65, b"")
    assert told(wazuh)["responder"] == {
        "did": "invalid",
        "status": "65",
        "said": "standard input: no whole line came in time",
    }


def test_one_who_writes_without_end_is_not_listened_to(wazuh: Wazuh) -> None:
    """A byte now and then keeps nobody waiting."""
    drip = "import os, time\nwhile True:\n    os.write(1, b'x')\n    time.sleep(0.0001)"
    with subprocess.Popen([sys.executable, "-IS", "-c", drip], stdout=-1, stderr=-3) as dripping:
        done = subprocess.run([wazuh.installed.script], stdin=dripping.stdout, check=False, timeout=60)
        dripping.kill()

    assert done.returncode == 65
    assert told(wazuh)["responder"]["said"] == "standard input: no whole line came in time"


def test_a_line_that_ends_with_the_input_is_one(wazuh: Wazuh) -> None:
    """By hand, with echo -n or from a file."""
    line = json.dumps(alert("203.0.113.9", "delete"))

    done = subprocess.run([wazuh.installed.script], input=line, text=True, check=False, timeout=60)

    assert done.returncode == 75
    assert [request["address"] for request in wazuh.installed.kept()] == ["203.0.113.9"]


def test_a_closed_standard_input_is_told(wazuh: Wazuh) -> None:
    """There is nothing to be done, and that is no fault of ours."""
    done = subprocess.run(["sh", "-c", '"$0" <&-', wazuh.installed.script], check=False, timeout=60)

    assert done.returncode == 65
    assert told(wazuh)["responder"]["said"] == "standard input: Bad file descriptor"


@pytest.mark.parametrize("line", [b"\n", b"nonsense\n", b"[]\n", b"{}\n", b'{"command":"add"}\n', b"\0\n", b"[" * 9999])
def test_what_is_no_message_is_refused_without_a_question(wazuh: Wazuh, line: bytes) -> None:
    """Status 65, nothing on standard output, nothing kept."""
    assert wazuh.add(line, None) == Run(65)
    assert wazuh.installed.kept() == []
    assert told(wazuh)["responder"]["did"] == "invalid"


def test_a_message_in_pieces_and_larger_than_a_pipe_is_read_whole(wazuh: Wazuh) -> None:
    """Alerts hold the log line, and may hold others."""
    message = alert("203.0.113.9", full_log="x" * 300_000)

    with answering(wazuh.installed.control) as daemon:
        assert wazuh.add(message).status == 0

    assert len(daemon.asked) == 1


def test_execd_that_does_not_read_is_not_waited_for(wazuh: Wazuh) -> None:
    """A full pipe on standard output holds up nobody."""
    hold = '(dd if=/dev/zero bs=4096 count=16; "$0"; echo $? >&2) 2>&1 >&3 | tail -n 1'
    # the pipe on descriptor 3 has a reader that reads nothing, and 65,536 bytes in it already
    script = f"mkfifo pipe; sleep 60 <pipe & exec 3<>pipe; {hold}; kill $!"
    line = json.dumps(alert("203.0.113.9")) + "\n"
    done = subprocess.run(
        ["sh", "-c", script, wazuh.installed.script],
        input=line,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=wazuh.installed.home,
    )

    assert done.stdout.strip() == "1"
    assert told(wazuh)["responder"]["did"] == "unanswered"


def test_the_log_has_what_wazuh_s_own_decoder_and_rules_read(wazuh: Wazuh) -> None:
    """Command, program, source address and user where they look for them; an attacker's name stays inside its own."""
    name = 'x","data":{"srcip":"192.0.2.1"}'

    wazuh.add(alert("203.0.113.9", dstuser=name))

    found = told(wazuh)
    assert found["command"] == "add"
    assert found["parameters"] == {
        "program": "active-response/bin/responder-ar",
        "alert": {"id": ALERT, "rule": {"id": "3357"}, "data": {"srcip": "203.0.113.9", "dstuser": name}},
    }
    assert found["responder"]["did"] == "kept"
    assert found["responder"]["status"] == "75"
    assert wazuh.installed.said().count('"data":{"srcip":"') == 1
    assert '"data":{"srcip":"203.0.113.9"' in wazuh.installed.said()

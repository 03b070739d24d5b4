"""OSSEC's calls: what the exit status and the log tell is what became of the ban."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from responder import active_response
from tests.active_response.execd import ALERT, LOCATION, Ossec, Run
from tests.active_response.peer import Peer, answering
from tests.active_response.test_reading import LINE, TOKEN


@pytest.mark.parametrize("action", ["add", "delete"])
def test_a_request_reaches_the_daemon_and_its_answer_the_log(ossec: Ossec, action: str) -> None:
    """Once, with all that the alert told, and nothing is kept."""
    with answering(ossec.installed.control, said="203.0.113.9 is banned for 1h") as daemon:
        run = ossec.run(action, "bob", "203.0.113.9", ALERT, "3301", LOCATION, "-")

    assert run == Run(0)
    [request] = daemon.asked
    assert TOKEN.fullmatch(request.pop("token"))
    assert request == {
        "do": "respond",
        "action": action,
        "address": "203.0.113.9",
        "alert": ALERT,
        "rule": "3301",
        "user": "bob",
        "location": LOCATION,
        "by": "ossec",
    }
    assert ossec.installed.kept() == []
    said = ossec.installed.said()
    assert LINE.fullmatch(said + "\n")
    assert said.endswith(f": {action} bob 203.0.113.9 {ALERT} 3301 banned: 203.0.113.9 is banned for 1h")


@pytest.mark.parametrize(
    ("answer", "status", "logged"),
    [
        ({"did": "already banned"}, 0, "already-banned: "),
        ({"did": "counted"}, 0, "counted: "),
        ({"did": "counted", "enforced": False}, 0, "counted: "),
        ({"did": "lifted"}, 0, "lifted: "),
        ({"did": "nothing to lift"}, 0, "nothing-to-lift: "),
        ({"did": "done before"}, 0, "done-before: "),
        ({"did": "outdated"}, 0, "outdated: "),
        ({"did": "refused", "said": "192.0.2.7 is on the allowlist"}, 1, "refused: 192.0.2.7 is on the allowlist"),
        ({"enforced": False}, 75, "not enforced yet: the firewall has not taken it yet"),
        ({"enforced": False, "firewall_error": "no\nroom"}, 75, r"banned-not-enforced: banned for 1h (stored, but "),
        ({"enforced": False, "firewall_error": "no\nroom"}, 75, r"not enforced yet: no\nroom)"),
        ({"did": "lifted", "enforced": False}, 75, "lifted-not-enforced: "),
        ({"error": "address: missing"}, 65, "the daemon does not take the request: address: missing"),
        ({"said": "x" * 5000}, 0, "banned: " + "x" * 256),
        ({"said": None}, 0, "banned: "),
    ],
)
def test_the_status_tells_what_the_daemon_did(ossec: Ossec, answer: dict[str, Any], status: int, logged: str) -> None:
    """Nothing but a ban that is in the kernel is told as one; what the daemon has stored is not kept again."""
    with answering(ossec.installed.control, **answer):
        run = ossec.add("192.0.2.7")

    assert run.status == status
    assert logged in ossec.installed.said()
    assert ossec.installed.kept() == []


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([], "it ended before a line came"),
        (None, "no whole line came in time"),
        ([b"\n"], "makes no sense"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "makes no sense"),
        ([b"[]\n"], "makes no sense"),
        ([b"{}\n"], "makes no sense"),
        ([b'{"did":"applauded","stored":true,"enforced":true}\n'], "makes no sense"),
        ([b'{"did":["banned"],"stored":true,"enforced":true}\n'], "makes no sense"),
        ([b'{"did":"banned","stored":false,"enforced":true}\n'], "could not store it"),
        ([b'{"did":"banned","stored":"true","enforced":true}\n'], "could not store it"),
        ([b'{"did":"banned","enforced":true}\n'], "could not store it"),
        ([b"x" * (2 << 20)], "too long"),
    ],
)
def test_what_no_daemon_has_stored_is_kept(ossec: Ossec, pieces: Iterable[bytes] | None, why: str) -> None:
    """It hangs up, it never answers, it answers nonsense: the same request, with its token, is in the spool."""
    with Peer(ossec.installed.control, pieces) as daemon:
        run = ossec.add("192.0.2.7")

    assert run == Run(75)
    assert ossec.installed.kept() == daemon.asked
    assert f"add - 192.0.2.7 {ALERT} 3301 kept: " in ossec.installed.said()
    assert why in ossec.installed.said()


def test_an_answer_in_pieces_is_an_answer(ossec: Ossec) -> None:
    """And what follows it does not matter."""
    with Peer(ossec.installed.control, [b'{"did":"banned",', b'"stored":true,"enforced":true}', b"\n", b"more"]):
        assert ossec.add("192.0.2.7").status == 0


def test_where_no_daemon_is_requests_are_kept(ossec: Ossec) -> None:
    """No socket, a dead one, a file, a folder, a path too long to be one, none at all."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(ossec.installed.control))
    (ossec.installed.home / "file").touch()
    paths = (
        str(ossec.installed.control),
        str(ossec.installed.control) + ".missing",
        str(ossec.installed.home / "file"),
        str(ossec.installed.home),
        "/" + "x" * 200,
    )
    for number, path in enumerate(paths, start=1):
        ossec.environment["RESPONDER_CONTROL"] = path
        assert ossec.add("192.0.2.7") == Run(75)
        assert len(ossec.installed.kept()) == number
        assert f"no answer from a daemon at {path} (" in ossec.installed.logged()[-1]


def test_a_daemon_too_busy_to_accept_holds_nobody_up(ossec: Ossec) -> None:
    """A connection waits for a place among those to be accepted, but not for ever."""
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as other:
        busy.bind(str(ossec.installed.control))
        busy.listen(0)
        other.connect(str(ossec.installed.control))

        assert ossec.add("192.0.2.7") == Run(75)
    assert "no answer from a daemon" in ossec.installed.said()


@pytest.mark.parametrize("words", [("add", "-", "mail.example.org"), ("remove", "-", "::1"), ("add", "-", "x\ny")])
def test_what_names_no_address_or_action_is_refused_and_logged(ossec: Ossec, words: tuple[str, ...]) -> None:
    """The daemon does not hear of it; nothing is kept."""
    with answering(ossec.installed.control) as daemon:
        run = ossec.run(*words, ALERT, "3301")

    assert run == Run(65)
    assert daemon.asked == []
    assert ossec.installed.kept() == []
    assert " active-response/bin/responder-ar: invalid: " in ossec.installed.said()


def test_standard_output_is_not_touched(ossec: Ossec) -> None:
    """OSSEC expects nothing there."""
    for words in (("add", "-", "192.0.2.7"), ("delete", "-", "192.0.2.7"), ("add", "-", "nobody")):
        assert ossec.run(*words, stdout=subprocess.PIPE).out == b""


@pytest.mark.parametrize("logs", [True, False])
def test_closed_standard_files_are_not_mistaken_for_ours(ossec: Ossec, *, logs: bool) -> None:
    """What is kept is the request and nothing else, and the log is a log."""
    if not logs:
        ossec.installed.log.parent.rmdir()
    command = ["sh", "-c", '"$0" "$@" <&- >&- 2>&-', str(ossec.installed.script), "add", "-", "192.0.2.7"]

    assert subprocess.run(command, check=False, timeout=60, cwd="/").returncode == 75

    [request] = ossec.installed.kept()
    assert request["address"] == "192.0.2.7"
    assert len(ossec.installed.logged()) == logs
    assert all(LINE.fullmatch(line + "\n") for line in ossec.installed.logged())


@pytest.mark.parametrize("trouble", ["missing", "folder", "pipe"])
def test_trouble_with_the_log_does_not_stop_a_ban(ossec: Ossec, trouble: str) -> None:
    """No folder for it, a folder in its place, a pipe that nobody reads: it is said on standard error instead."""
    log = ossec.installed.log
    if trouble == "missing":
        log.parent.rmdir()
    elif trouble == "folder":
        log.mkdir()
    else:
        os.mkfifo(log)
    with answering(ossec.installed.control) as daemon:
        process, mark = ossec.start("add", "-", "192.0.2.7", stderr=subprocess.PIPE)
        assert process.stderr
        said = process.stderr.read().decode()
        assert ossec.finish(process, mark) == Run(0)

    assert len(daemon.asked) == 1
    assert LINE.fullmatch(said)


def test_a_call_by_hand_from_elsewhere_logs_to_the_terminal(ossec: Ossec, tmp_path: Path) -> None:
    """A folder that happens to be called logs is not theirs."""
    (tmp_path / "logs").mkdir()
    command = [sys.executable, "-IS", active_response.__file__, "add", "-", "192.0.2.7"]
    places = {"RESPONDER_CONTROL": str(ossec.installed.control), "RESPONDER_SPOOL": str(ossec.installed.spool)}

    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **places}
    )

    assert done.returncode == 75
    assert done.stdout == ""
    assert LINE.fullmatch(done.stderr)
    assert not list((tmp_path / "logs").iterdir())


def test_the_log_is_written_after_what_is_there(ossec: Ossec) -> None:
    """And its mode and owner stay."""
    ossec.installed.log.write_text("before\n")
    ossec.installed.log.chmod(0o660)

    ossec.add("192.0.2.7")
    ossec.delete("192.0.2.7")

    before, added, deleted = ossec.installed.logged()
    assert (before, " add " in added, " delete " in deleted) == ("before", True, True)
    assert ossec.installed.log.stat().st_mode & 0o777 == 0o660


def test_the_environment_says_where_things_are_before_the_file_beside_the_script(ossec: Ossec) -> None:
    """Either alone is enough; what else stands in that file does not matter."""
    settings = ossec.installed.programs / "responder-ar.conf"
    control = f" control =  {ossec.installed.control}"
    settings.write_text(f"# words\nspool = /nowhere\n{control}\ncontrol = relative\nshell = /bin/sh\n")
    ossec.environment["RESPONDER_SPOOL"] = str(ossec.installed.spool)

    assert ossec.add("192.0.2.7") == Run(75)
    assert len(ossec.installed.kept()) == 1
    with answering(ossec.installed.control):
        assert ossec.add("192.0.2.7") == Run(0)


def test_a_fault_of_ours_is_seen_in_the_log(ossec: Ossec) -> None:
    """execd throws away what goes to standard error, and the status."""
    script = ossec.installed.script
    script.write_text(script.read_text().replace("control, spool = places()", "control, spool = None"))

    assert ossec.add("192.0.2.7") == Run(70)

    assert f" {ALERT} 3301 fault: a fault of responder-ar itself: TypeError: " in ossec.installed.said()


def test_a_ban_and_its_end_are_in_order(ossec: Ossec) -> None:
    """The daemon takes what is kept by name, which is by time."""
    for number in range(5):
        ossec.add(f"192.0.2.{number}")
        ossec.delete(f"192.0.2.{number}")

    kept = [(request["action"], request["address"]) for request in ossec.installed.kept()]
    assert kept == [(action, f"192.0.2.{number}") for number in range(5) for action in ("add", "delete")]

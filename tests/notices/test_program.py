"""A program gets values as words of their own, as environment and as JSON, and is ended when it takes too long."""

import json
import os
from pathlib import Path

import pytest

from responder.notices import program
from responder.notices.notice import SendError
from tests.notices.samples import EVIL, a_notice, told

TELL = """#!/usr/bin/python3
import json, os, sys
known = {key: value for key, value in os.environ.items() if key.startswith("RESPONDER_")}
print(json.dumps([sys.argv[1:], known, json.load(sys.stdin)]), file=open(os.environ["HOME"] + "/said", "w"))
"""


def script(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_what_attackers_wrote_is_one_word_and_reaches_no_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither quotes nor line ends nor a dash in front make it anything else."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RESPONDER_SECRET", "of the daemon")
    command = [script(tmp_path / "tell", TELL), "--ban", "{prefix}", "{rule}", "plain"]
    notice = a_notice(rule=f"-x {EVIL}", reason=EVIL)

    program.send(told(kind="exec", command=command), notice)

    words, environment, given = json.loads((tmp_path / "said").read_text())
    assert words[:2] == ["--ban", "192.0.2.7"]
    assert words[2].startswith(" -x $(touch /tmp/owned); `id`   Bcc:")
    assert words[3:] == ["plain"]
    assert environment["RESPONDER_EVENT"] == "ban"
    assert environment["RESPONDER_PREFIX"] == "192.0.2.7"
    assert "RESPONDER_SECRET" not in environment
    assert given["facts"]["reason"] == EVIL
    assert not Path("/tmp/owned").exists()


@pytest.mark.parametrize(
    ("text", "says", "again"),
    [
        ("#!/bin/sh\necho broken >&2; exit 3\n", "ended with status 3: broken", False),
        ("#!/bin/sh\nexit 75\n", "ended with status 75", True),
        ("#!/bin/sh\nsleep 1000 & wait\n", "took longer than 0.3 s", True),
        ("#!/nowhere/sh\n", "cannot be run", False),
    ],
)
def test_what_goes_wrong_is_said(tmp_path: Path, text: str, says: str, again: bool) -> None:
    """And tried again where it may work later; what it started is ended, too."""
    command = [script(tmp_path / "tell", text)]

    with pytest.raises(SendError, match=says) as failed:
        program.send(told(kind="exec", command=command), a_notice(), 0.3)

    assert failed.value.again is again
    assert os.access(command[0], os.X_OK)

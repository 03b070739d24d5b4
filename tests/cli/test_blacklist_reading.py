"""``responder blacklist parse`` and ``import`` show what a mail or a list holds, to people and to programs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blacklist.mail.mails import FORGED, TAKEN, mail
from tests.cli.command import Command

MAIL = mail(
    "Return-Path: <bounce@spam.example>",
    TAKEN,
    FORGED,
    body="Buy: http://www.spam.example/x\x1b[2J http://ours.example/",
)
SETTINGS = """
[allow]
networks = ["198.51.100.0/24"]

[blacklist]
trusted = ["mx.example.org"]
own     = ["ours.example"]
"""


@pytest.fixture
def spam(responder: Command, tmp_path: Path) -> Path:
    responder.configure(SETTINGS)
    path = tmp_path / "spam.eml"
    path.write_bytes(MAIL)
    return path


def test_a_mail_is_shown_with_whom_to_believe(responder: Command, spam: Path) -> None:
    """The settings say which servers are ours, and what is not proposed; a terminal gets no control characters."""
    said = responder("blacklist", "parse", "--dry-run", spam)

    assert (said.status, said.err) == (0, "")
    for part in ("203.0.113.7", "seen by our server", "claimed", "http://www.spam.example/x", "bounce@spam.example"):
        assert part in said.out
    assert "note: 198.51.100.1 is not proposed: your own or allowlisted" in said.out
    assert "note: http://ours.example/ is not proposed: your own or allowlisted" in said.out
    assert "\x1b" not in said.out


def test_a_mail_is_shown_to_programs(responder: Command, spam: Path) -> None:
    answer = responder("blacklist", "parse", "--dry-run", "--json", spam).json

    assert set(answer) == {"category", "time", "queued", "proposals", "hops", "notes"}
    assert (answer["category"], answer["queued"]) == ("spam", 0)
    first = answer["proposals"][0]
    assert set(first) == {"kind", "value", "trust", "why", "evidence"}
    assert (first["kind"], first["value"], first["trust"]) == ("address", "203.0.113.7", "seen by our server")
    assert [hop["standing"] for hop in answer["hops"]] == ["seen", "unconfirmed"]
    assert answer["hops"][0]["time"] == "2026-07-17T01:12:45+00:00"


def test_a_mail_can_be_piped(responder: Command, spam: Path) -> None:
    """As a mail client does, whatever bytes are in it."""
    command = [
        sys.executable,
        "-m",
        "responder",
        "-c",
        str(responder.config),
        "blacklist",
        "parse",
        "--dry-run",
        "--json",
    ]

    for words in ([], ["-"]):
        done = subprocess.run([*command, *words], input=MAIL + b"\xff\0", capture_output=True, check=True)
        assert json.loads(done.stdout)["proposals"][0]["value"] == "203.0.113.7"


def test_nothing_to_propose_is_status_1(responder: Command) -> None:
    said = responder("blacklist", "parse", stdin="From: me@example.org\nTo: me@example.org\n\nhello\n")

    assert said.status == 1
    assert "there is nothing to propose" in said.out


@pytest.mark.parametrize("words", [("blacklist", "parse"), ("blacklist", "import", "--reporter", "x")])
def test_without_a_store_nothing_is_handed_in(responder: Command, spam: Path, words: tuple[str, ...]) -> None:
    """And a sentence says so, with what helps."""
    said = responder(*words, spam)

    assert said.status == 78 if "--reporter" in words else 64
    assert "blacklist.url" in said.err or "--dry-run" in said.err


@pytest.mark.parametrize(
    "words", [("parse", "/nowhere/mail"), ("import", "/nowhere/list"), ("import",), ("import", "-", "--format", "x")]
)
def test_wrong_words_are_status_2(responder: Command, words: tuple[str, ...]) -> None:
    assert responder("blacklist", *words).status == 2


LIST = b"value,reason\n192.0.2.7,one\nnonsense,two\nspam.example,three\n"


def test_a_list_is_counted_and_what_is_wrong_in_it_told(responder: Command, tmp_path: Path) -> None:
    """With status 1, because something was."""
    (tmp_path / "list.csv").write_bytes(LIST)

    said = responder("blacklist", "import", "--dry-run", tmp_path / "list.csv")

    assert said.status == 1
    assert said.out.startswith("2 entries (csv) would be reported: 1 of kind address, 1 of kind domain\n")
    assert "line 3: nonsense,two: " in said.out


def test_a_list_is_shown_to_programs(responder: Command, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(LIST)

    answer = responder("blacklist", "import", "--dry-run", "--json", "--category", "spam", tmp_path / "list.csv").json

    assert (answer["format"], answer["kinds"], answer["misread"]) == ("csv", {"address": 1, "domain": 1}, 1)
    assert answer["first"][0] == {
        "kind": "address", "value": "192.0.2.7", "line": 2, "category": "spam", "reason": "one"
    }  # fmt: skip
    assert answer["problems"][0]["line"] == 3


def test_a_list_can_be_piped_and_its_form_be_named(responder: Command) -> None:
    """Exclusions of a list are known before its first entry, from a pipe, too."""
    zone = b"192.0.2.0/30\n!192.0.2.1\n"
    command = [
        sys.executable,
        "-m",
        "responder",
        "-c",
        str(responder.config),
        "blacklist",
        "import",
        "--dry-run",
        "--json",
    ]

    done = subprocess.run([*command, "--format", "rbldnsd", "-"], input=zone, capture_output=True, check=True)

    assert [entry["value"] for entry in json.loads(done.stdout)["first"]] == ["192.0.2.0", "192.0.2.2/31"]


def test_the_names_in_the_settings_are_checked(responder: Command) -> None:
    """With what would be right."""
    responder.configure('[blacklist]\ntrusted = ["192.0.2.0/24", ".example.org", "mx example"]\nown = ["-"]\n')

    said = responder("blacklist", "parse", stdin="x")

    assert said.status == 78
    assert "blacklist.trusted[3]: 'mx example' is neither network nor host name; write 192.0.2.25" in said.err

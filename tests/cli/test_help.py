"""Every verb explains itself, and wrong words end with a sentence and the status that sysexits.h gives it."""

import subprocess
import sys
from pathlib import Path

import pytest

import responder as package
from responder.cli.main import _VERBS, cli
from tests.cli.command import Command

VERBS = [
    *((verb,) for verb in _VERBS),
    ("rules", "list"),
    ("rules", "show"),
    ("rules", "test"),
    ("rules", "lint"),
    ("firewall", "flush"),
    *(("quota", verb) for verb in ("top", "show", "set", "suspend", "resume")),
]


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
@pytest.mark.parametrize("ask", ["--help", "-h"])
def test_every_verb_has_help(responder: Command, words: tuple[str, ...], ask: str) -> None:
    """On standard output, with status 0, even where the settings are broken."""
    responder.config.write_text("broken =")

    said = responder(*words, ask)

    assert said.status == 0
    assert said.err == ""
    assert said.out.startswith(f"Usage: responder {' '.join(words)}")
    assert "\b" not in said.out


@pytest.mark.parametrize(
    ("words", "example"),
    [
        ((), "responder explain 192.0.2.7"),
        (("ban",), 'responder ban 192.0.2.7 --for 1h --reason "abuse report of 3 May"'),
        (("scan",), "responder scan /var/log/mail.log"),
        (("export",), "responder export plain --level strict"),
    ],
)
def test_help_shows_how_it_is_used(responder: Command, words: tuple[str, ...], example: str) -> None:
    """An example to copy, on a line of its own."""
    assert any(line.strip().endswith(example) for line in responder(*words, "--help").out.splitlines())


def test_the_list_of_verbs_is_complete(responder: Command) -> None:
    """Each is listed with a line of its own, and each can be called."""
    out = responder("--help").out
    for verb, (_, text) in _VERBS.items():
        assert f"  {verb}" in out
        assert text in out
    assert set(cli.list_commands(None)) == set(_VERBS)  # type: ignore[arg-type]


def test_the_version_is_told(responder: Command) -> None:
    """As the package has it."""
    assert responder("--version").out == f"responder {package.__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",),
        ("ban",),
        ("ban", "192.0.2.7", "--for", "soon"),
        ("scan",),
        ("scan", "x", "--timezone", "Mars/Olympus"),
        ("rules", "test", "--json", "/nowhere/log"),
        ("firewall",),
        ("firewall", "--socket", "/nowhere/x", "--user", "no-such-user"),
        ("status", "--no-such-option"),
    ],
    ids=" ".join,
)
def test_wrong_words_are_status_2(responder: Command, words: tuple[str, ...]) -> None:
    """With the usage, and what would be right."""
    said = responder(*words)

    assert said.status == 2
    assert said.out == ""
    assert "Usage: responder" in said.err
    assert "Error: " in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "words",
    [("status",), ("bans",), ("ban", "192.0.2.7"), ("unban", "192.0.2.7"), ("explain", "192.0.2.7")],
    ids=" ".join,
)
@pytest.mark.parametrize("json_too", [(), ("--json",)], ids=["", "json"])
def test_without_a_daemon_every_question_is_status_69(
    responder: Command, words: tuple[str, ...], json_too: tuple[str, ...]
) -> None:
    """One sentence, naming the socket and what to do."""
    said = responder(*words, *json_too)

    assert said == (
        69,
        "",
        f"responder: {responder.folder}/control.sock: no daemon answers; start it with `responder run`\n",
    )


@pytest.mark.parametrize(
    "words",
    [("check",), ("run",), ("scan", "x"), ("rules", "list"), ("rules", "test"), ("rules", "lint")],
    ids=" ".join,
)
def test_settings_that_cannot_be_used_are_status_78_with_every_problem(
    responder: Command, words: tuple[str, ...]
) -> None:
    """All at once, each with file, key, what is wrong and what would be right."""
    responder.configure('limit = 3\n[policy.login]\nlimt = 5\nban = "soon"\n[allow]\nnetworks = ["here"]\n')

    said = responder(*words)

    assert said.status == 78
    for problem in (
        "limit: unknown key; ",
        "policy.login.limt: unknown key; did you mean 'limit'?",
        "policy.login.ban: 'soon'",
        "'here'",
    ):
        assert problem in said.err
    assert said.err.count(str(responder.config)) == 4
    assert "Traceback" not in said.err


@pytest.mark.parametrize("text", ["a = ", "policy = 5", "\udcff"])
def test_a_file_that_is_no_settings_file_is_status_78(responder: Command, text: str) -> None:
    """Broken TOML, a value of the wrong kind, bytes that are no text."""
    responder.config.write_bytes(text.encode(errors="surrogateescape"))

    said = responder("check")

    assert said.status == 78
    assert str(responder.config) in said.err


def test_a_settings_file_that_is_not_there_is_status_78(responder: Command) -> None:
    """Named on the command line before or after the verb."""
    for words in (("--config", "/nowhere.toml", "check"), ("check", "--config", "/nowhere.toml")):
        assert responder(*words) == (
            78,
            "",
            "responder: /nowhere.toml: there is no such file; create it, or name another\n",
        )


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """``responder rules list | head -1`` ends quietly."""
    command = f"{sys.executable} -m responder rules list --json | head -c 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, cwd=Path(__file__).parent)

    assert done.stderr == ""
    assert done.stdout == "["

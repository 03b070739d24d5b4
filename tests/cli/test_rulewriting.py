"""The tools that write rules: one line judged and traced, what no rule knows, a draft from samples."""

import tomllib
from pathlib import Path

import pytest

from responder.detect import rulefile
from tests.cli.command import Command

GOOD = "Nov 23 13:46:37 mx sshd[1]: Failed password for x from 192.0.2.7 port 22 ssh2"
CUT = GOOD.replace("ssh2", "sshX")


def test_one_line_is_judged(responder: Command) -> None:
    """From the command line, or many from standard input; the exit status says whether a rule matched each."""
    said = responder("rules", "test", GOOD)
    assert (said.status, said.out) == (0, "sshd-failed-password blames 192.0.2.7 (policy login, weight 1)\n")
    assert responder("rules", "test", CUT).status == 1
    both = responder("rules", "test", "-", stdin=f"{GOOD}\n{CUT}\n")
    assert (both.status, len(both.out.splitlines())) == (1, 2)
    assert "no rule matches" in both.out


def test_a_trace_shows_how_far_each_rule_gets(responder: Command) -> None:
    """The nearest first, with what it took and what does not fit."""
    said = responder("rules", "test", "--trace", CUT).out
    lines = said[said.index("sshd-failed-password: ") :].splitlines()

    assert lines[0] == "sshd-failed-password: '$' does not fit what comes next"
    assert lines[1].strip().startswith("pattern  Failed (?:password")
    assert lines[2].strip().startswith("took     Failed password for x from 192.0.2.7 port 22")
    assert "sshd-failed-password: it fits" in responder("rules", "test", "--trace", GOOD).out
    assert "no rule looks at this program" in responder("rules", "test", "--trace", GOOD.replace("sshd", "zzz")).out
    assert (
        "no line of format plain"
        in responder("rules", "test", "--trace", "--format", "plain", "--program", "x", "nonsense").out
    )
    odd = GOOD.replace("192.0.2.7", "1.2.3.4.5")
    assert "no address" in responder("rules", "test", "--trace", odd).out


def test_what_no_rule_knows_is_listed_by_shape(responder: Command, tmp_path: Path) -> None:
    """Known and foreign lines are counted, not listed; a new format stands out."""
    log = tmp_path / "auth.log"
    new = [f"Nov 23 13:46:37 mx sshd[1]: Passphrase failed for u from 192.0.2.{n} port {n}" for n in range(7)]
    rest = ["Nov 23 13:46:37 mx cron[1]: x", "nonsense", "Nov 23 13:46:37 mx sshd[1]: Server listening on :: port 22."]
    log.write_text("\n".join([GOOD] * 3 + new + rest) + "\n")

    found = responder("rules", "coverage", log, "--json").json

    assert (found["known"], found["others"]) == (3, 2)
    assert found["unknown"][0] == {
        "lines": 7,
        "program": "sshd",
        "shape": "Passphrase failed for u from <address> port <number>",
        "example": new[0],
    }
    said = responder("rules", "coverage", "--most", "1", log).out
    assert "and 1 more shapes" in said
    assert "8 lines that no rule knows, 3 that one does, 2 of other programs" in said


def test_a_draft_is_a_rule_file_to_begin_with(responder: Command, tmp_path: Path) -> None:
    """It can be read, each rule is about one shape, and what is still missing is said."""
    samples = tmp_path / "samples"
    samples.write_text(
        "2026-11-25 10:00:06 login failed for <bob> from 192.0.2.7 (try 3)\n"
        "2026-11-25 10:00:07 login failed for <ann> from 192.0.2.8 (try 4)\n"
        "2026-11-25 10:00:07 it's all over for 192.0.2.8\n"
    )

    said = responder("rules", "new", "app", "--format", "plain", "--program", "appd", "--from", samples)

    assert said.status == 0
    rules, problems = rulefile.parse(Path("app.toml"), said.out)
    assert problems == []
    assert [rule.id for rule in rules] == ["app-1", "app-2"]
    assert tomllib.loads(said.out)["rule"][0]["pattern"] == r"login failed for <[^>]*> from <address> \(try \d+\)$"
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "app.toml").write_text(said.out)
    config = tmp_path / "own.toml"
    config.write_text(f'rules = ["{tmp_path / "rules.d"}"]\n')
    told = responder("--config", config, "rules", "lint")
    assert told.status == 78
    assert "app-1: no example that must not match" in told.err
    wrong = responder("rules", "new", "app", "--from", samples)
    assert wrong.status == 64
    assert "none of the 3 lines is of format syslog; name another with --format" in wrong.err


@pytest.mark.parametrize("form", ["plain", "access-log", "json"])
@pytest.mark.parametrize("words", [("scan", "{log}"), ("rules", "test", "x"), ("rules", "coverage", "{log}")])
def test_a_format_that_names_no_program_needs_one(
    responder: Command, tmp_path: Path, words: tuple[str, ...], form: str
) -> None:
    """Said before anything is read."""
    log = tmp_path / "log"
    log.write_text("x\n")

    said = responder(*(word.format(log=log) for word in words), "--format", form)

    assert said.status == 64
    assert "--program" in said.err


@pytest.mark.parametrize("form", ["json", "ossec-log"])
def test_what_is_about_lines_of_words_says_so(responder: Command, tmp_path: Path, form: str) -> None:
    """Fields have no shape."""
    log = tmp_path / "log"
    log.write_text("{}\n")

    said = responder("rules", "coverage", "--format", form, "--program", "x", log)

    assert said.status == 64
    assert f"entries of format {form} are no lines of words" in said.err

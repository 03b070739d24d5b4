"""What a package puts beside the program: settings that load, scripts that are sound, manual pages that are whole."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from responder import active_response, config, installer
from responder.cli.main import cli

ROOT = Path(__file__).parent.parent
DEBIAN = ROOT / "contrib" / "debian"


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the text of each manual page."""
    folder = tmp_path_factory.mktemp("man8")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run([sys.executable, ROOT / "contrib" / "manual.py", folder], check=True, env=environment)
    return {path.stem: path.read_text() for path in folder.iterdir()}


def test_the_settings_that_come_with_it_are_sound() -> None:
    """As they are, and with every example in them taken."""
    path = DEBIAN / "responder.toml"
    assert config.load(path).settings.firewall.socket == "/run/responder-firewall.sock"


def test_every_example_in_the_settings_is_sound(tmp_path: Path) -> None:
    taken = tmp_path / "responder.toml"
    lines = (DEBIAN / "responder.toml").read_text().splitlines()
    taken.write_text("\n".join(re.sub(r"^# (?=\[|[a-z]+ +=)", "", line) for line in lines))

    loaded = config.load(taken)

    assert loaded.settings.disable == ("postfix-no-reverse-dns",)
    assert loaded.policies["smtp-probe"].limit == 5


@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm"])
def test_the_scripts_are_sound(name: str) -> None:
    """dash reads them, and each stops where a step fails."""
    text = (DEBIAN / name).read_text()
    assert subprocess.run(["sh", "-n", DEBIAN / name], check=False).returncode == 0
    assert "\nset -e\n" in text


def test_units_and_settings_agree_on_the_sockets() -> None:
    """Where the daemon looks for the actor is where systemd listens."""
    listens = re.search(
        r"^ListenStream=(.*)$", (ROOT / "contrib/systemd/responder-firewall.socket").read_text(), re.MULTILINE
    )
    assert listens
    assert listens[1] == config.load(DEBIAN / "responder.toml").settings.firewall.socket


def test_every_verb_has_a_page_with_every_option(manual: dict[str, str]) -> None:
    """And those of its own verbs."""
    context = click.Context(cli)
    assert set(manual) == {"responder", "responder-ar", *(f"responder-{name}" for name in cli.list_commands(context))}
    for name in cli.list_commands(context):
        verb = cli.get_command(context, name)
        assert verb
        waiting = [verb]
        while waiting:
            command = waiting.pop()
            options = [word for each in command.params for word in each.opts if word.startswith("--")]
            assert [word for word in options if word.replace("-", "\\-") not in manual[f"responder-{name}"]] == []
            waiting += command.commands.values() if isinstance(command, click.Group) else ()


def test_each_page_begins_as_pages_do_and_the_first_tells_of_all_commands(manual: dict[str, str]) -> None:
    """Name, how it is called, what it does."""
    for text in manual.values():
        assert re.findall(r"^\.SH (.*)$", text, re.MULTILINE)[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    listed = manual["responder"].partition(".SH COMMANDS")[2].partition(".SH FILES")[0]
    assert re.findall(r"^\\fB(.*)\\fR$", listed, re.MULTILINE) == cli.list_commands(click.Context(cli))


def test_what_execd_runs_has_a_page_too(manual: dict[str, str]) -> None:
    """With each option of its installer and each exit status."""
    text = manual["responder-ar"].replace("\\-", "-")
    assert all(word in text for action in installer.parser()._actions for word in action.option_strings)
    assert all(
        f"\n{status}  " in text
        for status in (
            active_response.DONE,
            active_response.REFUSED,
            active_response.INVALID,
            active_response.FAULT,
            active_response.LOST,
            active_response.LATER,
        )
    )


def test_a_real_formatter_finds_nothing_wrong(manual: dict[str, str]) -> None:
    if not (groff := shutil.which("groff")):
        pytest.skip("groff is not installed")
    for name, text in manual.items():
        done = subprocess.run(
            [groff, "-man", "-ww", "-z", "-Tascii"], input=text, capture_output=True, text=True, check=False
        )
        assert (name, done.returncode, done.stderr) == (name, 0, "")


def test_the_pages_hold_no_request_that_a_help_text_made_by_mistake(manual: dict[str, str]) -> None:
    """A line that begins with a dot is one of ours."""
    for text in manual.values():
        requests = {line.split()[0] for line in text.splitlines() if line.startswith((".", "'"))}
        assert requests <= {".TH", ".SH", ".PP", ".TP", ".B", ".I", ".nf", ".fi"}
        assert text.startswith(".TH RESPONDER")
        assert " 8 2023-11-14 " in text

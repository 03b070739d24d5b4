"""What is installed runs where execd runs it, and what is not ours is not touched."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from responder import active_response, installer
from tests.active_response.execd import Installed, Ossec
from tests.enforce.users import NOBODY, as_user

COMMAND = (sys.executable, "-m", "responder.active_response")


def call(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, timeout=60)


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file below *folder* with its mode and content."""
    files = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return {str(path): (path.lstat().st_mode, path.read_bytes()) for path in files}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An OSSEC server in which nothing of ours is."""
    programs = tmp_path / "ossec" / "active-response" / "bin"
    for folder in (programs, tmp_path / "ossec" / "bin", tmp_path / "ossec" / "etc"):
        folder.mkdir(parents=True)
    (programs / "firewall-drop.sh").write_text("#!/bin/sh\n")
    for name in ("ossec-control", "ossec-analysisd"):
        (tmp_path / "ossec" / "bin" / name).touch()
    (tmp_path / "ossec" / "etc" / "ossec.conf").write_text("<ossec_config/>\n")
    return tmp_path / "ossec"


def test_the_script_is_for_root_and_their_group_and_runs_without_ours(ossec: Ossec) -> None:
    """Mode 0750, an interpreter outside every virtual environment, and the settings beside it."""
    script = ossec.installed.script
    shebang, mark, first = script.read_text().splitlines()[:3]
    interpreter, flags = shebang.removeprefix("#!").split()

    assert flags == "-IS"
    assert mark.startswith("# Written by responder-ar --install")
    assert first.startswith('"""active_response - ')
    assert os.access(interpreter, os.X_OK)
    assert not Path(interpreter).is_relative_to(sys.prefix) or sys.prefix == sys.base_prefix
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    settings = (ossec.installed.programs / "responder-ar.conf").read_text().splitlines()
    assert settings[1:] == [f"control = {ossec.installed.control}", f"spool = {ossec.installed.spool}"]


@pytest.mark.kernel
def test_the_group_is_that_of_their_own_scripts(home: Path) -> None:
    """Called ossec or wazuh, or whatever they chose; the owner is root."""
    programs = home / "active-response" / "bin"
    os.chown(programs, NOBODY, NOBODY)

    assert call("--install", "--home", home).returncode == 0

    for name in ("responder-ar", "responder-ar.conf"):
        assert ((programs / name).stat().st_uid, (programs / name).stat().st_gid) == (0, NOBODY)


def test_nothing_but_two_files_is_written_and_they_go_again(home: Path) -> None:
    """Their configuration and their scripts stay as they are."""
    before = snapshot(home)

    assert call("--install", "--home", home).returncode == 0
    after = snapshot(home)
    assert {Path(path).name for path in after.keys() - before.keys()} == {"responder-ar", "responder-ar.conf"}
    assert before.items() <= after.items()

    assert call("--uninstall", "--home", home).returncode == 0
    assert snapshot(home) == before
    again = call("--uninstall", "--home", home)
    assert again.returncode == 0
    assert again.stdout.count("not there: ") == 2


def test_a_dry_run_says_the_same_and_does_nothing(home: Path) -> None:
    """Of installing and of removing."""
    before = snapshot(home)
    planned = call("--install", "--dry-run", "--home", home).stdout
    assert snapshot(home) == before

    done = call("--install", "--home", home).stdout
    assert planned.replace("would write", "write") == done
    after = snapshot(home)
    planned = call("--uninstall", "--dry-run", "--home", home).stdout
    assert snapshot(home) == after
    assert planned.replace("would remove", "removed") == call("--uninstall", "--home", home).stdout


def test_installing_again_replaces_what_we_wrote(home: Path) -> None:
    """Whole: a script that runs meanwhile is the old one or the new one."""
    script = home / "active-response" / "bin" / "responder-ar"
    call("--install", "--home", home)
    inode = script.stat().st_ino

    again = call("--install", "--home", home, "--spool", "/srv/spool")

    assert again.returncode == 0
    assert again.stdout.startswith(f"replace {script}.conf ")
    assert script.stat().st_ino != inode
    assert "spool = /srv/spool\n" in script.with_name("responder-ar.conf").read_text()


@pytest.mark.parametrize("name", ["responder-ar", "responder-ar.conf"])
@pytest.mark.parametrize("kind", ["file", "link", "link to ours", "folder"])
@pytest.mark.parametrize("verb", ["--install", "--uninstall"])
def test_what_is_not_ours_is_neither_replaced_nor_removed(home: Path, name: str, kind: str, verb: str) -> None:
    """Nor is anything else done then."""
    path = home / "active-response" / "bin" / name
    if kind == "file":
        path.write_text("#!/bin/sh\n# somebody else's\n")
    elif kind == "link":
        path.symlink_to("firewall-drop.sh")
    elif kind == "link to ours":
        (home / "ours").write_text(f"{installer.MARK}\n")
        path.symlink_to(home / "ours")
    else:
        path.mkdir()
    before = snapshot(home)

    done = call(verb, "--home", home)

    assert done.returncode == 64
    assert f"{path}: responder-ar --install did not write this" in done.stderr
    assert snapshot(home) == before
    assert path.is_dir() == (kind == "folder")


def test_a_home_that_is_none_is_named(tmp_path: Path) -> None:
    """With what to say instead."""
    done = call("--install", "--home", tmp_path)

    assert done.returncode == 64
    assert f"{tmp_path}/active-response/bin: no such folder; name where OSSEC or Wazuh is with --home" in done.stderr


@pytest.mark.parametrize(
    ("programs", "told"),
    [
        (("ossec-control", "ossec-analysisd"), ("<expect>srcip</expect>", "<rules_id>", "bin/ossec-control restart")),
        (("wazuh-control", "wazuh-analysisd"), ("<rules_id>", "Then restart Wazuh:", "bin/wazuh-control restart")),
        (("ossec-control", "ossec-agentd"), ("This is an agent", "<disabled>no</disabled>", "bin/ossec-control")),
        (("wazuh-control", "wazuh-agentd"), ("This is an agent", "<disabled>no</disabled>", "bin/wazuh-control")),
    ],
)
def test_what_is_left_to_do_fits_what_is_there(
    tmp_path: Path, programs: tuple[str, ...], told: tuple[str, ...]
) -> None:
    """OSSEC or Wazuh, server or agent."""
    for folder in ("active-response/bin", "bin"):
        (tmp_path / folder).mkdir(parents=True)
    for name in programs:
        (tmp_path / "bin" / name).touch()

    said = call("--install", "--dry-run", "--home", tmp_path).stdout

    for words in told:
        assert words in said
    assert ("<expect>" in said) == ("ossec-analysisd" in programs)


def test_the_installed_copy_says_who_installs(ossec: Ossec) -> None:
    """It has nothing of responder beside it."""
    done = subprocess.run([ossec.installed.script, "--uninstall"], capture_output=True, text=True, check=False)

    assert done.returncode == 64
    assert "call the responder-ar that came with responder" in done.stderr
    assert ossec.installed.script.exists()


@pytest.mark.parametrize("words", [("--help",), ("-h",)])
def test_help_is_on_standard_output(words: tuple[str, ...]) -> None:
    """With every option and its default."""
    done = call(*words)

    assert done.returncode == 0
    for option in ("--install", "--uninstall", "--dry-run", "--home", active_response.CONTROL, active_response.SPOOL):
        assert option in done.stdout


@pytest.mark.parametrize(
    "words", [("--instal!",), ("--dry-run",), ("--install", "--uninstall"), ("--install", "--home", "")]
)
def test_wrong_words_are_status_2(words: tuple[str, ...]) -> None:
    """With what would be right."""
    done = call(*words)

    assert done.returncode == 2
    assert "usage: responder-ar" in done.stderr


@pytest.mark.kernel
def test_who_may_not_install_is_told_to_become_root(home: Path) -> None:
    """And nothing is left half done."""
    before = snapshot(home)
    command = as_user(NOBODY, [*COMMAND, "--install", "--home", home])
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 77
    assert "become root" in done.stderr
    assert snapshot(home) == before


def test_an_installation_by_the_command_is_the_same(tmp_path: Path) -> None:
    """The console script of the package, which is what administrators have."""
    installed = Installed(tmp_path)
    content = installed.script.read_bytes()
    command = Path(sys.executable).with_name("responder-ar")

    done = subprocess.run([command, "--install", "--home", installed.home], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert installed.script.read_bytes() == content

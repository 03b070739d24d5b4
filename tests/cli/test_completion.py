"""``responder completion``: a real shell completes our words."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Command

# What bash does when somebody presses the tabulator key behind the words.
_ASKED = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_responder_completion "$1"; echo "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("expl",), "explain"),
        (("blacklist", "request"), "request-removal"),
        (("export", "rbldnsd-ip4s"), "rbldnsd-ip4set"),
    ],
)
def test_bash_completes_verbs_and_values(
    responder: Command, tmp_path: Path, words: tuple[str, ...], expected: str
) -> None:
    script, program = tmp_path / "completion.bash", tmp_path / "responder"
    script.write_text(responder("completion", "bash").out)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m responder "$@"\n')
    program.chmod(0o755)

    asked = ["bash", "-c", _ASKED, "bash", str(script), str(program), *words]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])

    assert (done.stdout, done.stderr) == (f"{expected}\n", "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_their_own(responder: Command, shell: str) -> None:
    said = responder("completion", shell)

    assert said.status == 0
    assert f"_RESPONDER_COMPLETE={shell}_complete" in said.out

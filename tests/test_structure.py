"""The house stands as it was drawn: imports run downwards, files stay small, the wheel has all it needs."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "responder").rglob("*.py"))


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """Return what *command* says; fail with it where it fails."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_imports_run_downwards_only() -> None:
    """And the pure rooms import no clock, socket, thread, logger or database."""
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"

    said = run(sys.executable, "-c", lint, "--no-cache", "--no-logo")

    assert " kept, 0 broken" in said


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_no_file_is_too_long_to_read(path: Path) -> None:
    """One that grows past four hundred lines wants to be two."""
    assert len(path.read_text("utf-8").splitlines()) <= 400


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a wheel, built and unpacked without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    [built] = folder.glob("responder-*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_the_wheel_has_every_module_and_every_rule(wheel: Path) -> None:
    """And nothing but the program: no tests."""
    modules = {str(path.relative_to(ROOT)) for path in FILES}
    rules = {f"responder/shipped/{path.name}" for path in (ROOT / "rules").glob("*.toml")}

    held = {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.suffix in (".py", ".toml")}

    assert held == modules | rules
    assert "responder/shipped/policies.toml" in rules
    assert {path.name.partition("-")[0] for path in wheel.iterdir()} == {"responder"}


FIND = "from responder.detect import library; print(library.shipped())"


def test_a_checkout_finds_its_rules() -> None:
    """Beside the package."""
    assert run(sys.executable, "-P", "-c", FIND, PYTHONPATH=str(ROOT)).strip() == str(ROOT / "rules")


def test_an_installed_wheel_finds_its_rules(wheel: Path, tmp_path: Path) -> None:
    """Inside the package; and they are the ones that shipped, all in force."""
    load = FIND + (
        "; from responder import config; import responder; print(responder.__file__)"
        "; [print(rule.id) for rule in library.load([library.shipped()], config.load(None).policies)]"
    )

    found = run(sys.executable, "-P", "-c", load, cwd=tmp_path, PYTHONPATH=str(wheel)).split()

    assert found[0] == str(wheel / "responder" / "shipped")
    assert found[1] == str(wheel / "responder" / "__init__.py")
    assert len(found) > 2

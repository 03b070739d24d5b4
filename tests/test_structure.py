"""The house stands as it was drawn: imports run downwards, files stay small, wheel and source have all they need."""

import hashlib
import os
import shutil
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


def built(checkout: Path, folder: Path) -> dict[str, str]:
    """Return the digests of wheel and source archive of *checkout*, built into *folder* without a network."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", folder, cwd=checkout)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_checkout_gives_the_same_wheel_and_source_archive(tmp_path: Path) -> None:
    """Byte for byte: elsewhere, on another day, with other rights and with what tools left lying about."""
    elsewhere = tmp_path / "elsewhere"
    left = shutil.ignore_patterns("__pycache__", ".*_cache", ".venv", ".git", ".hypothesis")
    shutil.copytree(ROOT, elsewhere, ignore=left)
    for path in [*elsewhere.rglob("*"), elsewhere]:
        path.chmod(path.stat().st_mode & ~0o044)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (elsewhere / ".hypothesis").mkdir()
    (elsewhere / ".hypothesis" / "notes").touch()
    (elsewhere / "responder" / "__pycache__").mkdir()
    (elsewhere / "responder" / "__pycache__" / "x.cpython-311.pyc").touch()

    here = built(ROOT, tmp_path / "here")

    assert [Path(name).suffix for name in sorted(here)] == [".whl", ".gz"]
    assert built(elsewhere, tmp_path / "there") == here


def test_the_source_archive_is_all_that_is_needed(tmp_path: Path) -> None:
    """The wheel that it makes is the wheel of the checkout."""
    here = built(ROOT, tmp_path / "here")
    [archive] = (tmp_path / "here").glob("*.tar.gz")
    shutil.unpack_archive(archive, tmp_path / "source")
    [source] = (tmp_path / "source").iterdir()

    assert built(source, tmp_path / "again") == here


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

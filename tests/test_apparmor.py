"""The profiles in contrib/apparmor are what AppArmor's own parser takes, and the units name them."""

import subprocess
from pathlib import Path

import pytest

from tests.lab import unpacked

CONTRIB = Path(__file__).parent.parent / "contrib"
PROFILES = CONTRIB / "apparmor" / "responder"
ABSTRACTIONS = unpacked.FOLDER / "etc/apparmor.d"


def parsed(path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the parser on *path*, for a kernel that has all of AppArmor 3; nothing is loaded."""
    if problem := unpacked.missing("apparmor_parser"):
        pytest.skip(problem)
    argv = [str(unpacked.program("apparmor_parser")), "--config-file=/dev/null", f"--base={ABSTRACTIONS}"]
    argv += [f"--features-file={ABSTRACTIONS}/abi/3.0", "--skip-cache", "--skip-kernel-load", "--abort-on-error"]
    command = [*argv, *words, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=unpacked.environment(), timeout=300)


def test_the_parser_takes_them() -> None:
    assert parsed(PROFILES).returncode == 0


@pytest.mark.parametrize(("right", "wrong"), [("network unix,", "network unicks,"), (" rwk,", " rwq,"), ("}\n", "\n")])
def test_the_parser_would_have_found_a_mistake(tmp_path: Path, right: str, wrong: str) -> None:
    copy = tmp_path / "responder"
    copy.write_text(PROFILES.read_text().replace(right, wrong, 1))

    assert parsed(copy).returncode != 0


def test_each_unit_takes_on_the_profile_of_its_own() -> None:
    """Where AppArmor is not at work, or has not got it, the unit starts without."""
    names = parsed(PROFILES, "--names").stdout.split()

    assert sorted(f"{name}.service" for name in names) == sorted(
        unit.name for unit in (CONTRIB / "systemd").glob("*.service")
    )
    for name in names:
        assert f"\nAppArmorProfile=-{name}\n" in (CONTRIB / "systemd" / f"{name}.service").read_text()

"""The units in contrib/systemd are sound, and boxed in as tightly as they claim."""

import shutil
import subprocess
from pathlib import Path

import pytest

CONTRIB = Path(__file__).parent.parent / "contrib"
UNITS = CONTRIB / "systemd"
SYSTEMD = Path("/usr/lib/systemd/system")

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


def analyze(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def exposure(unit: Path) -> float:
    said = analyze("security", "--offline=true", "--no-pager", unit).stdout
    return float(said.rpartition("Overall exposure level for")[2].split(":")[1].split()[0])


MOST = {"responder.service": 1.5, "responder-firewall.service": 2.5, "responder-policyd.service": 1.5}


@pytest.mark.parametrize(("name", "most"), MOST.items())
def test_a_unit_exposes_no_more_than_it_must(name: str, most: float) -> None:
    """By systemd's own score, from 0 (safe) to 10."""
    assert 0 < exposure(UNITS / name) <= most


def test_the_drop_in_for_legacy_iptables_opens_no_more_than_that_needs(tmp_path: Path) -> None:
    """The score is the same with it as what the actor may have."""
    shutil.copy(UNITS / "responder-firewall.service", tmp_path)
    (tmp_path / "responder-firewall.service.d").mkdir()
    shutil.copy(UNITS / "legacy-iptables.conf", tmp_path / "responder-firewall.service.d")

    assert exposure(UNITS / "responder-firewall.service") < exposure(tmp_path / "responder-firewall.service") <= 2.5


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """The root of a system that has the program, systemd's own units and ours."""
    (tmp_path / "usr/lib/systemd").mkdir(parents=True)
    (tmp_path / "usr/bin").mkdir()
    for name in ("lib", "bin"):
        (tmp_path / name).symlink_to(f"usr/{name}")
    shutil.copytree(SYSTEMD, tmp_path / "usr/lib/systemd/system", symlinks=True)
    for path in [*UNITS.glob("*.service"), *UNITS.glob("*.socket")]:
        shutil.copy(path, tmp_path / "usr/lib/systemd/system")
    for name in ("responder", "kill"):
        (tmp_path / "usr/bin" / name).touch(0o755)
    return tmp_path


def verified(system: Path) -> str:
    """Return what systemd complains of in our units on *system*."""
    names = [path.name for pattern in ("*.service", "*.socket") for path in UNITS.glob(pattern)]
    done = analyze("verify", "--man=no", f"--root={system}", *names)
    return done.stdout + done.stderr if done.returncode or "responder" in done.stderr else ""


def test_systemd_finds_nothing_wrong(system: Path) -> None:
    assert verified(system) == ""


def test_systemd_would_have_found_it(system: Path) -> None:
    """A key that it does not know, and a program that is not there."""
    unit = system / "usr/lib/systemd/system/responder.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchDogSec="))
    assert "WatchDogSec" in verified(system)

    (system / "usr/bin/responder").unlink()
    assert "not executable" in verified(system)


@pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="systemd is not installed")
def test_users_and_folders_are_made(tmp_path: Path) -> None:
    """The daemon's user reads logs as a member of two groups, and no more."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text("adm:x:4:\nsystemd-journal:x:101:\n")
    root = f"--root={tmp_path}"

    subprocess.run(["systemd-sysusers", root, UNITS / "sysusers.conf"], check=True, capture_output=True)

    groups = dict(line.split(":")[::3] for line in (tmp_path / "etc/group").read_text().splitlines())
    assert groups == {"adm": "responder", "systemd-journal": "responder", "responder": "", "responder-firewall": ""}
    users = [line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()]
    assert {user[0] for user in users} == {"responder", "responder-firewall"}
    assert all(user[6].endswith("nologin") for user in users)

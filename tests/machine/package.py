"""package - the Debian package of this checkout, a second one that replaces it, and one of the code before it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
_QUICK = {"DPKG_DEB_COMPRESSOR_TYPE": "gzip", "DPKG_DEB_COMPRESSOR_LEVEL": "1"}
_MIGRATIONS = "responder/store/migrations/versions"


class Packages(NamedTuple):
    """Two revisions of the same."""

    first: Path
    second: Path


def build(folder: Path) -> Packages:
    """Build both into *folder*: the second is the first with another number, so that all of it is replaced."""
    environment = {**os.environ, **_QUICK, "RESPONDER_VENV": sys.prefix}
    subprocess.run(
        [str(ROOT / "contrib" / "package"), str(folder), "1"], check=True, env=environment, timeout=900, stdout=-3
    )
    [first] = folder.glob("responder_*-1_*.deb")
    unpacked = _unpack(first, folder / "second")
    version = _version(unpacked)
    return Packages(first, _pack(unpacked, folder, f"{version.removesuffix('-1')}-2"))


def last_of_an_older_schema() -> str:
    """Return the commit before the newest migration of the state store came; nothing where git does not tell."""
    command = ["git", "-C", str(ROOT), "log", "--diff-filter=A", "--format=%H", "-1", "--", _MIGRATIONS]
    newest = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    before = ["git", "-C", str(ROOT), "rev-parse", "--quiet", "--verify", f"{newest}^"]
    return subprocess.run(before, capture_output=True, text=True, check=False).stdout.strip() if newest else ""


def of_commit(commit: str, like: Path, folder: Path) -> Path:
    """Make the package *like* one of *commit*: with its program, rules, units and scripts, and a version before all.

    The libraries are those of today.
    """
    checkout, unpacked = folder / "checkout", _unpack(like, folder / "older")
    checkout.mkdir()
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-xC", str(checkout)], input=archive, check=True)
    [program] = unpacked.glob("usr/lib/responder/lib/python3*/site-packages/responder")
    shutil.rmtree(program)
    shutil.copytree(checkout / "responder", program)
    shutil.copytree(checkout / "rules", program / "shipped", ignore=lambda _, names: _all_but_toml(names))
    units = unpacked / "usr/lib/systemd/system"
    shutil.rmtree(units)
    units.mkdir()
    for unit in (*checkout.glob("contrib/systemd/*.service"), *checkout.glob("contrib/systemd/*.socket")):
        shutil.copy(unit, units)
    for script in ("postinst", "prerm", "postrm"):
        shutil.copy(checkout / "contrib/debian" / script, unpacked / "DEBIAN")
    return _pack(unpacked, folder, "0.0.1-1")


def _all_but_toml(names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".toml")]


def _unpack(package: Path, folder: Path) -> Path:
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(folder)], check=True)
    return folder


def _version(unpacked: Path) -> str:
    found = re.search(r"^Version: (.*)$", (unpacked / "DEBIAN/control").read_text(), re.MULTILINE)
    assert found
    return found[1]


def _pack(unpacked: Path, folder: Path, version: str) -> Path:
    control = unpacked / "DEBIAN/control"
    control.write_text(control.read_text().replace(f"Version: {_version(unpacked)}\n", f"Version: {version}\n"))
    (unpacked / "DEBIAN/md5sums").unlink()
    made = folder / f"responder_{version}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(unpacked), str(made)]
    subprocess.run(command, check=True, stdout=-3)
    return made

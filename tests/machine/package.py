"""package - the Debian package of this checkout, and a second one that replaces it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
_QUICK = {"DPKG_DEB_COMPRESSOR_TYPE": "gzip", "DPKG_DEB_COMPRESSOR_LEVEL": "1"}


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
    second = first.with_name(first.name.replace("-1_", "-2_"))
    unpacked = folder / "unpacked"
    subprocess.run(["dpkg-deb", "--raw-extract", str(first), str(unpacked)], check=True)
    control = unpacked / "DEBIAN" / "control"
    control.write_text("".join(_renumbered(line) for line in control.read_text().splitlines(keepends=True)))
    command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(unpacked), str(second)]
    subprocess.run(command, check=True, stdout=-3)
    return Packages(first, second)


def _renumbered(line: str) -> str:
    return line.replace("-1\n", "-2\n") if line.startswith("Version:") else line

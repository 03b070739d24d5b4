"""debian - programs of Debian that are measured beside ours: downloaded and unpacked, never installed.

They lie beside the virtual environment's own programs and are run from there.
"""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(sys.prefix, "bench-peers")
_ARCHIVES = _ROOT / "archives"
_LIBRARIES = ("lib", "python3-")


def unpacked(*packages: str) -> Path:
    """Return the folder that *packages* lie in as they would below /."""
    _ARCHIVES.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if not (_ROOT / f"{package}.complete").exists():
            subprocess.run(["apt-get", "-q", "download", package], cwd=_ARCHIVES, check=True, capture_output=True)
            for archive in _ARCHIVES.glob(f"{package}_*.deb"):
                subprocess.run(["dpkg-deb", "-x", archive, _ROOT], check=True)
            (_ROOT / f"{package}.complete").touch()
    return _ROOT


def versions() -> dict[str, str]:
    """Return the version of each program that was unpacked, by its package, without the libraries that they need."""
    names = (archive.stem.split("_") for archive in sorted(_ARCHIVES.glob("*.deb")))
    programs = ((package, version) for package, version, _ in names if not package.startswith(_LIBRARIES))
    return {package: version.replace("%3a", ":") for package, version in programs}

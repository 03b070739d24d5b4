"""unpacked - programs of Debian that are not installed but lie in the environment, with the libraries they need."""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(sys.prefix, "unpacked")


def program(name: str) -> Path | None:
    """Return where the program *name* lies, or None."""
    found = [FOLDER / part / name for part in ("usr/sbin", "usr/bin", "sbin", "usr/libexec/sendmail")]
    return next((path for path in found if path.exists()), None)


def missing(name: str) -> str:
    """Return why *name* cannot be run, or nothing."""
    path = program(name)
    if path is None:
        return f"{name} was not unpacked into {FOLDER}; see contrib/setup"
    done = subprocess.run(["ldd", path], capture_output=True, text=True, check=False, env=environment())
    lacking = [line.split()[0] for line in done.stdout.splitlines() if "not found" in line]
    return f"{name} lacks {', '.join(lacking)}" if lacking else ""


def environment() -> dict[str, str]:
    """Return the environment in which they find their libraries."""
    folders = sorted({str(path.parent) for path in FOLDER.glob("**/*.so*")})
    return os.environ | {"LD_LIBRARY_PATH": ":".join(folders)}

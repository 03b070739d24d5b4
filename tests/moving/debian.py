"""debian - Debian's fail2ban, unpacked: its configuration, and its own judgement of lines."""

import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.lab.unpacked import FOLDER

CONFIGURATION = FOLDER / "etc" / "fail2ban"
_PACKAGES = FOLDER / "usr/lib/python3/dist-packages"


def missing() -> str:
    """Return why it cannot be asked, or nothing."""
    return "" if (CONFIGURATION / "jail.conf").exists() else f"fail2ban was not unpacked into {FOLDER}"


def found(configuration: Path, filter_name: str, lines: Iterable[str], folder: Path) -> list[str]:
    """Return the addresses that fail2ban-regex finds in *lines*, in order."""
    log = folder / "asked.log"
    log.write_text("".join(f"{line}\n" for line in lines))
    words = ["/usr/bin/python3", str(FOLDER / "usr/bin/fail2ban-regex"), "-c", str(configuration), "-o", "ip"]
    words += [str(log), f"{configuration}/filter.d/{filter_name}.conf"]
    return _run(words, folder).split()


def banned(database: Path, bans: Sequence[tuple[str, str, int, int]]) -> None:
    """Have fail2ban write *bans* (jail, address, since, seconds) into its *database*."""
    script = Path(__file__).parent / "fail2ban_bans.py"
    _run(["/usr/bin/python3", str(script), str(database), json.dumps(bans)], database.parent)


def _run(words: Sequence[str], folder: Path) -> str:
    environment = {"PYTHONPATH": str(_PACKAGES), "PATH": "/usr/bin:/bin", "TZ": "UTC"}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment, cwd=folder)
    return done.stdout

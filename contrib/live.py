"""live - responder on this host, after saying what it will do; contrib/quickstart --live starts it.

Writes settings, shows what will be watched, who will never be banned and how to
undo everything, asks, and becomes ``responder run``.  Everything it keeps is in
one folder.  The address that you are logged in from is put on the allowlist.

A host that logs to the journal alone is watched there.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

from responder.config import JOURNAL, USUAL_LOGS, USUAL_UNITS
from responder.whereabouts import DEFAULT_PATH

RESPONDER = Path(sys.executable).with_name("responder")


def main() -> int:
    """Prepare, explain, ask, run; return the exit status of what went wrong."""
    given = arguments()
    if DEFAULT_PATH.exists():
        return fail(f"this host has settings of its own in {DEFAULT_PATH}; start that one with: responder run")
    logs = [Path(log).absolute() for log in given.log] or [Path(log) for log in USUAL_LOGS if Path(log).exists()]
    missing = [str(log) for log in logs if not log.is_file()]
    if missing:
        return fail(f"no such file: {', '.join(missing)}")
    if not logs and not JOURNAL.exists():
        return fail(f"none of {', '.join(USUAL_LOGS)} is here, and no journal; name the log: --live LOG")
    config = write(given.state, logs, visitor())
    checked = subprocess.run([RESPONDER, "check", "--config", config], check=False)
    if checked.returncode:
        return checked.returncode
    explain(logs, config, given.dry_run)
    if not given.yes and not agreed():
        return fail("nothing was started")
    return run(config, given.dry_run)


def arguments() -> argparse.Namespace:
    """Read the command line; contrib/quickstart has its own --help."""
    parser = argparse.ArgumentParser("contrib/quickstart", add_help=False)
    parser.add_argument("--live", action="store_true", required=True)
    parser.add_argument("--yes", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--state", type=Path, default=Path("/var/lib/responder-quickstart"))
    parser.add_argument("log", nargs="*")
    return parser.parse_args()


def visitor() -> str:
    """Return the address that whoever starts this is logged in from, or nothing."""
    who = subprocess.run(["who", "-m"], capture_output=True, text=True, check=False) if shutil.which("who") else None
    named = re.search(r"\(([0-9a-fA-F.:]+)\)", who.stdout) if who else None
    for text in (os.environ.get("SSH_CONNECTION", "").split(" ")[0], named[1] if named else ""):
        try:
            return str(ip_address(text))
        except ValueError:
            continue
    return ""


def write(folder: Path, logs: list[Path], address: str) -> Path:
    """Write the settings into *folder* and return where."""
    folder = folder.absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = [
        "# Written by contrib/quickstart --live, and written anew each time.",
        f"state = {toml(folder / 'state')}",
        f"control = {toml(folder / 'control.sock')}",
        *(f"\n[[source]]\npath = {toml(log)}" for log in logs),
        *([] if logs else [f"\n[[source]]\njournal = {json.dumps(USUAL_UNITS)}"]),
    ]
    if address:
        text.append(f"\n[allow]\nnetworks = [{toml(address)}]  # where you are logged in from")
    config = folder / "responder.toml"
    config.write_text("\n".join(text) + "\n")
    return config


def toml(value: str | Path) -> str:
    """Return *value* as a TOML string; JSON's are that too."""
    return json.dumps(str(value), ensure_ascii=False)


def explain(logs: list[Path], config: Path, dry: bool) -> None:
    """Say what is about to happen, and how it is undone."""
    deed = "only says whom it would ban" if dry else "bans with nftables, in a table of its own"
    print(f"""
responder will watch {", ".join(map(str, logs)) or "systemd's journal"}.
It {deed}; other rules of this host stay as they are.
It will never ban the addresses listed above as never banned, this host's own among them.

To look at it, from another terminal:
    {RESPONDER} status --config {config}
    {RESPONDER} bans --config {config}
To undo everything: end it with Ctrl-C, then
    {RESPONDER} firewall flush --config {config}
    rm -r {config.parent}
""")


def agreed() -> bool:
    """Ask, where there is somebody to ask."""
    if not sys.stdin.isatty():
        print("There is no terminal to ask on; --yes starts without asking.", file=sys.stderr)
        return False
    return input("Start now? [y/N] ").strip().lower() in ("y", "yes")


def run(config: Path, dry: bool) -> NoReturn:
    """Become ``responder run``."""
    sys.stdout.flush()
    os.execv(RESPONDER, [str(RESPONDER), "run", "--config", str(config), *(["--dry-run"] if dry else [])])


def fail(why: str) -> int:
    """Say why not."""
    print(f"contrib/quickstart: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""installer - ``responder-ar --install``: the script where execd of OSSEC or Wazuh runs it, and what to tell them.

Copies active_response.py into <home>/active-response/bin as responder-ar, for
root and their group, and writes responder-ar.conf beside it.  Each appears whole
or not at all.  Their configuration is not touched: what has to go into it is
printed.  --uninstall removes those two files and nothing else; a file that
--install did not write is never replaced or removed.

Falls short: a home that is no OSSEC or Wazuh at all is not noticed as long as it
has the folder active-response/bin.
"""

import argparse
import grp
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from responder import active_response
from responder.active_response import CONTROL, NAME, SETTINGS, SPOOL
from responder.errors import ResponderError

MARK = f"# Written by {NAME} --install, removed by {NAME} --uninstall"
_LONGEST_SHEBANG = 250  # execve(2): Linux reads 255 characters

COMMAND = """\
  <command>
    <name>responder</name>
    <executable>responder-ar</executable>{expect}
    <timeout_allowed>no</timeout_allowed>
  </command>
"""
RESPONSE = """\
  <active-response>
    <command>responder</command>
    <location>local</location>
    <rules_id>3351,3353,3354,3356,3357,5712,5720</rules_id>
  </active-response>
"""
ENABLED = """\
  <active-response>
    <disabled>no</disabled>
  </active-response>
"""


class Home(NamedTuple):
    """An installation of OSSEC or Wazuh; with *rules* it judges logs itself, as servers do and agents do not."""

    path: Path
    wazuh: bool
    rules: bool

    @property
    def programs(self) -> Path:
        """Return the folder of what execd runs."""
        return self.path / "active-response" / "bin"

    @property
    def control(self) -> Path:
        """Return the program that starts and stops it."""
        return self.path / "bin" / ("wazuh-control" if self.wazuh else "ossec-control")


class File(NamedTuple):
    """What is to be installed."""

    path: Path
    content: bytes
    mode: int


def main(words: list[str]) -> int:
    """Run what the command line asks; return the exit status, one of sysexits.h."""
    told = parser().parse_args(words)
    home = find(told.home)
    try:
        if told.uninstall:
            uninstall(home, dry_run=told.dry_run)
        else:
            install(home, told.control, told.spool, dry_run=told.dry_run)
    except ResponderError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 64
    except OSError as error:
        remedy = "; become root" if isinstance(error, PermissionError) else ""
        print(f"{NAME}: {error.filename}: {error.strerror}{remedy}", file=sys.stderr)
        return 77 if isinstance(error, PermissionError) else 73
    return 0


def find(path: Path) -> Home:
    """Return what is installed at *path*."""
    programs = path / "bin"
    wazuh = (programs / "wazuh-control").exists() or (programs / "wazuh-execd").exists()
    rules = any((programs / name).exists() for name in ("wazuh-analysisd", "ossec-analysisd"))
    return Home(path, wazuh, rules)


def install(home: Home, control: Path, spool: Path, *, dry_run: bool = False) -> None:
    """Write both files and say what is left to do; raise ResponderError or OSError, and then nothing was replaced."""
    files = (
        File(home.programs / SETTINGS, f"{MARK}\ncontrol = {control}\nspool = {spool}\n".encode(), 0o640),
        File(home.programs / NAME, _script(), 0o750),
    )
    group = _group(home)
    for file in files:
        _refuse_strange(file.path)
    for file in files:
        there = file.path.exists()
        if not dry_run:
            _write(file, group)
        verb = "replace" if there else "write"
        print(f"{f'would {verb}' if dry_run else verb} {file.path} (mode {file.mode:04o}, {_owner(group)})")
    print(f"  the daemon's socket is {control}, its spool folder {spool}")
    print(f"\n{snippet(home)}")


def uninstall(home: Home, *, dry_run: bool = False) -> None:
    """Remove both files; raise ResponderError where one is not ours, and then nothing was removed."""
    paths = [home.programs / NAME, home.programs / SETTINGS]
    for path in paths:
        _refuse_strange(path)
    for path in paths:
        if not os.path.lexists(path):
            print(f"not there: {path}")
        elif dry_run:
            print(f"would remove {path}")
        else:
            path.unlink()
            print(f"removed {path}")
    print(f"\nTake <command> and <active-response> of responder out of {_settings(home)}, and restart it:")
    print(f"  {home.control} restart")


def snippet(home: Home) -> str:
    """Return what an administrator has to do now, with the lines for ossec.conf."""
    command = COMMAND.format(expect="" if home.wazuh else "\n    <expect>srcip</expect>")
    kind = "Wazuh" if home.wazuh else "OSSEC"
    if home.rules:
        lines = f"Put this into {_settings(home)}, with the ids of the rules that should ban:\n\n"
        inside = command + RESPONSE
    else:
        lines = (
            f"This is an agent: the server decides. Its ossec.conf needs <command> and <active-response> for {NAME}.\n"
            f"Here make sure that active responses are not switched off in {_settings(home)}:\n\n"
        )
        inside = ENABLED
    return f"{lines}<ossec_config>\n{inside}</ossec_config>\n\nThen restart {kind}:\n  {home.control} restart"


def _settings(home: Home) -> Path:
    return home.path / "etc" / "ossec.conf"


def _script() -> bytes:
    """Return the script with the line that says which Python runs it."""
    shebang = f"#!{_interpreter()} -IS"
    if len(shebang) > _LONGEST_SHEBANG or " " in str(_interpreter()):
        raise ResponderError(f"{_interpreter()}: no script can name this interpreter; use one with a plain, short path")
    source = Path(active_response.__file__).read_bytes()
    return f"{shebang}\n{MARK}\n".encode() + source


def _interpreter() -> Path:
    """Return the Python that runs this, not a virtual environment's, which may go away."""
    usual = Path(sys.base_prefix, "bin", "python3")
    return usual if os.access(usual, os.X_OK) else Path(sys.executable).resolve()


def _group(home: Home) -> int:
    """Return the group that their own scripts have."""
    if not home.programs.is_dir():
        raise ResponderError(f"{home.programs}: no such folder; name where OSSEC or Wazuh is with --home")
    return home.programs.stat().st_gid


def _refuse_strange(path: Path) -> None:
    """Raise ResponderError where something is at *path* that is not ours."""
    if not os.path.lexists(path):
        return
    lines = path.read_bytes().split(b"\n", 2)[:2] if stat.S_ISREG(path.lstat().st_mode) else []
    if MARK.encode() not in lines:
        raise ResponderError(f"{path}: {NAME} --install did not write this; move it away")


def _write(file: File, group: int) -> None:
    temporary = file.path.with_name(f".{file.path.name}.new")
    with suppress(FileNotFoundError):
        temporary.unlink()  # of a run that was killed
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(file.content)
            os.fchown(descriptor, 0 if os.geteuid() == 0 else -1, group)
            os.fchmod(descriptor, file.mode)
            opened.flush()
            os.fsync(descriptor)
        temporary.rename(file.path)
    except BaseException:
        temporary.unlink()
        raise


def _owner(group: int) -> str:
    try:
        name = grp.getgrgid(group).gr_name
    except KeyError:
        name = str(group)
    return f"owner {'root' if os.geteuid() == 0 else 'you'}, group {name}"


def parser() -> argparse.ArgumentParser:
    """Return what reads our words."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="The active-response script of responder for OSSEC and Wazuh. execd calls it by itself.",
        epilog=f"By hand: {NAME} add - 192.0.2.7   ban an address;   {NAME} delete - 192.0.2.7   let it go",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--install", action="store_true", help="copy the script to where execd runs it")
    what.add_argument("--uninstall", action="store_true", help="remove what --install wrote")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("--home", type=_absolute, default=Path("/var/ossec"), help="where it is [/var/ossec]")
    parser.add_argument("--control", type=_absolute, default=Path(CONTROL), help=f"the daemon's socket [{CONTROL}]")
    parser.add_argument("--spool", type=_absolute, default=Path(SPOOL), help=f"the daemon's spool folder [{SPOOL}]")
    return parser


def _absolute(text: str) -> Path:
    """Return *text* as a path that means the same from everywhere."""
    if not text or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is no path")
    return Path(text).absolute()

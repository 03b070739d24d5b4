"""tailed - the logs that SSHGuard reads, as sources of ours.

    FILES       logs of syslog; access logs, Exim's and vsftpd's own are known by their names
    LOGREADER   the journal, with the names that journalctl is asked for; any other command is for a human

Source: SSHGuard 2.4 (src/sshguard.in, src/sshg-logtail.in).
"""

import glob
from collections.abc import Mapping
from typing import NamedTuple

from responder.config import SSHD_UNITS
from responder.moving import logreader, webserver
from responder.moving.remark import Remark
from responder.moving.shellvars import Assignment

_SESSION = "sshd-session"
"""What sshd calls itself since OpenSSH 9.8, once somebody has connected."""
_SSHD = frozenset(SSHD_UNITS) - {_SESSION}

Source = Mapping[str, object]


class Tailed(NamedTuple):
    """Sources, and what became of each log."""

    sources: tuple[Source, ...]
    remarks: tuple[Remark, ...]


def tailed(settings: Mapping[str, Assignment], where: str) -> Tailed:
    """Return the logs that *settings*, those of the file *where*, name."""
    sources: list[Source] = []
    remarks: list[Remark] = []
    if files := settings.get("FILES"):
        for path in dict.fromkeys(files.value.split()):
            found, remark = _log(path, f"{where}:{files.line}")
            sources += found
            remarks.append(remark)
    if reader := settings.get("LOGREADER"):
        found, told = _journal(reader.value, f"{where}:{reader.line}")
        sources += found
        remarks += told
    if not sources:
        what = "no log is known from it; without a [[source]] the usual logs are followed, or the journal"
        remarks.append(Remark("human", where, what))
    return Tailed(tuple(sources), tuple(remarks))


def _log(path: str, where: str) -> tuple[list[Source], Remark]:
    if not path.startswith("/") or not path.isprintable():
        return [], Remark(
            "human", where, f"{path[:80]!r} begins with no /, or nobody can print it; write its [[source]] by hand"
        )
    source = {"path": path, **_form(path)}
    said = f"{path} is followed" + (f" as {source['format']} of {source['program']}" if "format" in source else "")
    if "mail" in path or "exim" in path:
        said += "; of mail, failed logins have the limits from here, and all else ours"
    if not glob.glob(path):  # noqa: PTH207 - globs with a root
        return [source], Remark("human", where, f"{said}, and is not there now")
    return [source], Remark("kept", where, said)


def _form(path: str) -> dict[str, object]:
    """Return format and program of the log at *path*, where it is not syslog's."""
    if "access" in path:
        return {"format": "access-log", "program": webserver.of(path)}
    own = {"exim": "exim4", "vsftpd": "vsftpd"}
    return next(({"format": "plain", "program": program} for name, program in own.items() if name in path), {})


def _journal(command: str, where: str) -> tuple[list[Source], list[Remark]]:
    asked = logreader.read(command)
    remarks = []
    if asked.left:
        remarks.append(Remark("human", where, f"{asked.left[:80]!r} behind journalctl is left out"))
    if asked.problem:
        what = f'LOGREADER: {asked.problem}; name units or programs: journal = ["ssh.service"]'
        return [], [*remarks, Remark("human", where, what)]
    added = [_SESSION] if _SSHD.intersection(asked.names) and _SESSION not in asked.names else []
    said = f"the journal is followed: {', '.join(asked.names)}"
    said += f", and {_SESSION}, as newer versions of sshd are called" if added else ""
    return [{"journal": [*asked.names, *added]}], [*remarks, Remark("kept", where, said)]

"""cases - the hostile corpus: lines that attackers make programs write, and whom each must blame.

One file a service below ``hostile/``, read as it stands there:

    service = "postfix"
    program = "postfix/smtpd"     the tag of a syslog line, where a [[line]] names none of its own
    format  = "syslog"            or another of responder's

    [[line]]
    why    = "HELO name: the victim's address"
    says   = '...'                the message alone; or whole = '...', the entry as it stands in the log
    blames = "192.0.2.7"          or "", nobody
    torn   = "192.0.2.7"          whom a part of the entry may blame as well, as where the whole is too odd for any rule
    forged = true                 nothing tells it from a true one, so the rules that would blame are off

``<<x*900>>`` stands for 900 times x, ``<<ff>>`` for the byte with that number.
"""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("hostile")
_HEADER = "Jul 17 03:12:45 mx {}[311]: "
_REPEATED = re.compile(rb"<<([^<>]+)\*(\d+)>>")
_BYTE = re.compile(rb"<<([0-9a-f]{2})>>")


class Case(NamedTuple):
    """One hostile entry: *data* without a line end, of *form*, whose message begins at *header*."""

    name: str
    data: bytes
    blames: str
    why: str
    form: str
    program: str
    header: int
    torn: str
    forged: bool


def cases(folder: Path = FOLDER) -> list[Case]:
    """Return all of them, by file and in their order."""
    return [case for path in sorted(folder.glob("*.toml")) for case in _of_file(path)]


def _of_file(path: Path) -> list[Case]:
    content = tomllib.loads(path.read_text("utf-8"))
    form, default = content.get("format", "syslog"), content.get("program", "")
    found = []
    for number, line in enumerate(content["line"], 1):
        program = line.get("program", default)
        head = "" if "whole" in line else _HEADER.format(program)
        data = _expanded(f"{head}{line.get('whole', line.get('says'))}".encode())
        name = f"{content['service']}-{number}"
        rest = (line.get("torn", line["blames"]), line.get("forged", False))
        found.append(Case(name, data, line["blames"], line["why"], form, program, len(head.encode()), *rest))
    return found


def _expanded(text: bytes) -> bytes:
    repeated = _REPEATED.sub(lambda part: part[1] * int(part[2]), text)
    return _BYTE.sub(lambda part: bytes([int(part[1], 16)]), repeated)

"""enemies - the blacklist of SSHGuard: whom it bans without an end.

    1136073600|100|4|192.0.2.7      when it was last seen, service, 4 or 6, address

A line that begins with a blank or # is none.  SSHGuard bans each address with the network that IPV4_SUBNET or
IPV6_SUBNET says.

Source: SSHGuard 2.4 (src/blocker/sshguard_blacklist.c, src/common/attack.h).
"""

import re
from pathlib import Path

from responder.moving.plan import OldBan
from responder.moving.remark import Remark
from responder.moving.textfile import lines
from responder.values import Prefix, parse_address

_LINE = re.compile(r"\s*(-?\d{1,11})\|\s*(-?\d{1,9})\|\s*([46])\|\s*([0-9A-Fa-f:.]{2,45})(?:\s.*)?")
_SERVICES = {
    100: "SSH", 200: "UW IMAP", 210: "Dovecot", 220: "Cyrus IMAP", 230: "CUCIPOP", 240: "Exim", 250: "Sendmail",
    260: "Postfix", 300: "FreeBSD's ftpd", 310: "ProFTPD", 320: "Pure-FTPd", 330: "vsftpd", 340: "Cockpit",
}  # fmt: skip


def read(path: Path, bits_v4: int, bits_v6: int) -> tuple[tuple[OldBan, ...], tuple[Remark, ...]]:
    """Return whom the blacklist at *path* bans, as networks of so many bits, and what was no entry.

    Raises UsageError where it cannot be read.
    """
    bans: dict[Prefix, OldBan] = {}
    wrong = []
    for number, line in enumerate(lines(path, "its bans are not taken over"), 1):
        if not line or line[0].isspace() or line[0] == "#":
            continue
        found = _LINE.fullmatch(line)
        address = parse_address(found[4]) if found else None
        if found is None or address is None:
            wrong.append(number)
            continue
        prefix = address.widen(bits_v4, bits_v6)
        service = _SERVICES.get(int(found[2]), f"service {found[2]}")
        bans.setdefault(prefix, OldBan(prefix, float(max(0, int(found[1]))), None, f"SSHGuard's blacklist: {service}"))
    what = f"{len(wrong)} lines are no entries of a blacklist, and are left out"
    remarks = (Remark("human", f"{path}:{wrong[0]}", what),) if wrong else ()
    return tuple(bans.values()), remarks

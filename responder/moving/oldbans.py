"""oldbans - the bans in force in the database of fail2ban.

Only read, never written to; a fail2ban that is running is not disturbed.

Source: fail2ban 1.0.2 and 1.1.0, fail2ban/server/database.py (version 4; the table ``bips`` holds what is in force).
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from responder.errors import UsageError
from responder.moving.plan import OldBan
from responder.moving.remark import Remark
from responder.values import parse_address

_IN_FORCE = (
    "SELECT ip, jail, timeofban, bantime FROM bips WHERE bantime < 0 OR timeofban + bantime > ? ORDER BY timeofban"
)


def read(path: Path, now: float) -> tuple[tuple[OldBan, ...], tuple[Remark, ...]]:
    """Return the bans that the database at *path* has in force at *now*; raises UsageError where it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as database:
            rows = database.execute(_IN_FORCE, (now,)).fetchall()
    except sqlite3.Error as error:
        raise UsageError(f"{path}: no bans can be read from it: {error}; name fail2ban's with --database") from None
    bans, remarks = [], []
    for ip, jail, since, seconds in rows:
        prefix = parse_address(str(ip))
        if prefix is None:
            remarks.append(Remark("human", f"{path}: {jail}", f"{str(ip)[:60]!r} is banned there, and no address"))
            continue
        until = None if seconds < 0 else float(since + seconds)
        bans.append(OldBan(prefix, float(since), until, f"fail2ban: {jail}"))
    return tuple(bans), tuple(remarks)

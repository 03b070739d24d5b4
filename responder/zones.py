"""zones - the time zone whose clock a log shows."""

import os
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOCAL = "/etc/localtime"


def zone(name: Any) -> tzinfo:
    """Return the zone called *name* (``Europe/Berlin``), or this host's for ``local``.

    Local is what TZ says, else /etc/localtime, else UTC.  Raises ValueError
    for a name that the time zone database does not know, in TZ as anywhere.
    """
    if isinstance(name, tzinfo):
        return name
    wanted = os.environ.get("TZ", "").lstrip(":") or _LOCAL if name == "local" else str(name)
    try:
        return _from_file(Path(wanted)) if wanted.startswith("/") else ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if wanted is _LOCAL:
            return UTC
        where = "TZ in the environment: " if name == "local" else ""
        raise ValueError(f"{where}{wanted!r} is no time zone; write local, UTC or a name like Europe/Berlin") from None


def _from_file(path: Path) -> tzinfo:
    """Return the zone in *path* (RFC 8536), with all its clock changes."""
    with path.open("rb") as file:
        return ZoneInfo.from_file(file, key=str(path))

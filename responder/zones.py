"""zones - the time zone whose clock a log shows."""

import os
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOCAL = Path("/etc/localtime")


def zone(name: Any) -> tzinfo:
    """Return the zone called *name* (``Europe/Berlin``), or this host's for ``local``.

    Raises ValueError for a name that the time zone database does not know.
    """
    if isinstance(name, tzinfo):
        return name
    wanted = os.environ.get("TZ", "").lstrip(":") or None if name == "local" else str(name)
    if wanted is None:
        return _from_file(_LOCAL)
    if wanted.startswith("/"):
        return _from_file(Path(wanted))
    try:
        return ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{wanted!r} is no time zone; write local, UTC or a name like Europe/Berlin") from None


def _from_file(path: Path) -> tzinfo:
    """Return the zone in *path* (RFC 8536), with all its clock changes; UTC where there is no such file."""
    try:
        with path.open("rb") as file:
            return ZoneInfo.from_file(file, key=str(path))
    except (OSError, ValueError):
        return UTC

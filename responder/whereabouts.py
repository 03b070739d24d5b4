"""whereabouts - where the settings file is, and where its daemon and its firewall actor listen.

All that a command needs to reach them.  Nothing else of the file is
judged, so that a mistake in it does not keep an administrator from unbanning.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from responder.errors import ConfigError, Refused

DEFAULT_PATH = Path("/etc/responder/responder.toml")
DEFAULT_CONTROL = "/run/responder/control.sock"
DEFAULT_STATE = "/var/lib/responder"
DEFAULT_ACTOR = "/run/responder-firewall.sock"
"""Of the actor that is a service; whether there is one, settings say."""


def find(given: Path | None) -> Path | None:
    """Return the settings file to read, or None where the defaults are all there is."""
    named = given or (Path(os.environ["RESPONDER_CONFIG"]) if os.environ.get("RESPONDER_CONFIG") else None)
    return named or (DEFAULT_PATH if os.path.exists(DEFAULT_PATH) else None)  # noqa: PTH110 - no error for a closed folder


def control_socket(path: Path | None) -> Path:
    """Return where the daemon with the settings in *path* listens.

    Raises Refused where the file cannot be read at all.
    """
    return _named(path, "control", DEFAULT_CONTROL)


def state_folder(path: Path | None) -> Path:
    """Return where the daemon with the settings in *path* keeps its state; raises Refused as `control_socket` does."""
    return _named(path, "state", DEFAULT_STATE)


def actor_socket(path: Path | None) -> Path | None:
    """Return where an actor listens that runs on its own, None for none; raises Refused as `control_socket` does.

    Where there are no settings at all, one that is a service may be there all the same.
    """
    settings = _read(path, "firewall")
    if not settings:
        return Path(DEFAULT_ACTOR)
    firewall = settings.get("firewall")
    named = firewall.get("socket") if isinstance(firewall, dict) else None
    return Path(named) if named and isinstance(named, str) else None


def _named(path: Path | None, key: str, default: str) -> Path:
    named = _read(path, key).get(key, default)
    return Path(named if isinstance(named, str) else default)


def _read(path: Path | None, key: str) -> dict[str, Any]:
    """Return what the file says, nothing where there is none; *key* is what it is read for."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        remedy = f"mend it, or say --config /dev/null to ask at {DEFAULT_CONTROL}"
        raise Refused([ConfigError(path, key, f"cannot be read: {error}", remedy)]) from None

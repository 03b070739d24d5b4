"""logins - from where administrators are logged in over ssh just now, so that no ban cuts them off.

An address counts where two witnesses agree: the system has a login session from
it (utmp, or systemd-logind where there is none), and the kernel an established
connection from it to a port of sshd.  A connection alone is nobody's: anybody has
one until sshd asks for his password.  Both are readable by any user.

Falls short: sessions that sshd names by host name (UseDNS) are not found, and those
without a terminal only where logind knows them.  systemd-logind may take its
time, so the daemon asks from a thread of its own.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from responder.decide.allowlist import Allowed
from responder.values import Prefix, parse_address

_CONNECTIONS = (Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6"))
_SESSIONS = Path("/run/systemd/sessions")
_ESTABLISHED = "01"
_LITTLE = sys.byteorder == "little"
_PATIENCE = 2.0  # seconds that logind may take
_ASKED = ("Name", "Remote", "RemoteHost", "Service", "State")


def logins(ports: Iterable[int]) -> tuple[Allowed, ...]:
    """Return from where somebody is logged in who is connected to one of *ports*, each address once."""
    wanted = frozenset(ports)
    users = {**_in_logind(), **_in_utmp()} if wanted else {}
    if not users:
        return ()
    peers = {peer for path in _CONNECTIONS for peer in connected(_text(path), wanted)}
    return tuple(Allowed(peer, f"{users[peer]} is logged in from there") for peer in sorted(peers & users.keys()))


def _in_utmp() -> dict[Prefix, str]:
    found = ((parse_address(user.host or ""), user.name) for user in psutil.users())
    return {address: name for address, name in found if address}


def _in_logind() -> dict[Prefix, str]:
    """Return whom systemd-logind knows to be logged in by sshd."""
    try:
        numbers = [name for name in os.listdir(_SESSIONS) if name.isalnum()]  # noqa: PTH208
        if not numbers:
            return {}
        asked = [f"--property={name}" for name in _ASKED]
        command = ["loginctl", "show-session", *asked, *numbers]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return {}
    return sessions(done.stdout)


def sessions(said: str) -> dict[Prefix, str]:
    """Return the addresses of sshd's sessions in what ``loginctl show-session`` *said*, and whose they are."""
    found = {}
    for session in said.split("\n\n"):
        known = {key: value for key, _, value in (line.partition("=") for line in session.split("\n"))}
        address = parse_address(known.get("RemoteHost", ""))
        alive = known.get("State") in ("active", "online")
        if address and alive and known.get("Service") == "sshd" and known.get("Remote") == "yes":
            found[address] = known.get("Name") or "somebody"
    return found


def connected(table: str, ports: frozenset[int]) -> Iterator[Prefix]:
    """Yield who has an established connection to one of *ports*, in a *table* of /proc/net/tcp or tcp6 (proc(5)).

    An address there is words of 32 bits in the processor's byte order.
    """
    for line in table.splitlines():
        columns = line.split()
        if len(columns) < 4 or columns[3] != _ESTABLISHED:
            continue
        try:
            if int(columns[1].rpartition(":")[2], 16) in ports:
                yield _address(columns[2].rpartition(":")[0])
        except ValueError:
            continue


def _address(text: str) -> Prefix:
    """Return the address that is written as hexadecimal words; raises ValueError."""
    if len(text) not in (8, 32):
        raise ValueError(text)
    words = (bytes.fromhex(text[at : at + 8]) for at in range(0, len(text), 8))
    packed = b"".join(word[::-1] if _LITTLE else word for word in words)
    return Prefix.unpack(packed if len(packed) == 16 else bytes(10) + b"\xff\xff" + packed)


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""

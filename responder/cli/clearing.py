"""clearing - how the kernel is cleared of our rules where no daemon answers.

An actor that is a service of its own goes on without a daemon, and puts back what
somebody takes away: it is told first.  Whatever an earlier one left is removed by
ourselves.  While a daemon hangs, an actor listens to nobody else; then we look
whether the rules stay away, and say so where they do not.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from responder import whereabouts
from responder.control.client import HangsError, UnreachableError
from responder.enforce.backend import Backend
from responder.errors import FirewallError, ProtocolError
from responder.framing import Frames, encode

_PATIENCE = 10.0  # seconds that the actor may take
_MENDED_WITHIN = 6.0  # seconds; legacy iptables is looked at every five


def clear(config: Path | None, why: UnreachableError) -> None:
    """Have the kernel hold nothing of ours; *why* no daemon does it.  Raises FirewallError where it does again."""
    path = whereabouts.actor_socket(whereabouts.find(config))
    told = path is not None and _tell(path)
    _flush()
    if isinstance(why, HangsError) and not told and _comes_back():
        remedy = f"end it, and say this again: kill -KILL {why.pid}"
        raise FirewallError(f"{why}, and its firewall actor puts the rules back; {remedy}")


def _flush() -> None:
    for backend in kernels():
        backend.flush()


def _comes_back() -> bool:
    """Tell whether somebody puts back what was removed just now."""
    end = time.monotonic() + _MENDED_WITHIN
    while time.monotonic() < end:
        for backend in kernels():
            if backend.held(time.time()):
                return True
        time.sleep(0.5)
    return False


def _tell(path: Path) -> bool:
    """Have the actor at *path*, if there is one, remove everything; tell whether it did."""
    with socket.socket(socket.AF_UNIX) as connection, suppress(OSError, ProtocolError):
        connection.settimeout(_PATIENCE)
        connection.connect(str(path))
        connection.sendall(encode({"id": 1, "do": "flush"}))
        frames = Frames()
        while data := connection.recv(1 << 20):
            for answer in frames.feed(data):
                if answer.get("id") == 1:
                    return not answer.get("error")
    return False


def kernels() -> Iterator[Backend]:
    """Yield every firewall that can be opened here, each for as long as it is looked at; raise where none can."""
    from responder.enforce.choice import open_backend  # noqa: PLC0415 - only where no daemon does it

    lacking = []
    for name in ("nftables", "iptables-ipset", "iptables-plain"):
        try:
            backend = open_backend(name).backend
        except FirewallError as error:
            lacking.append(str(error))
            continue
        with closing(backend):
            yield backend
    if len(lacking) == 3:
        raise FirewallError("; ".join(dict.fromkeys(lacking)))

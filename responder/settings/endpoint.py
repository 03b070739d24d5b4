"""endpoint - where to listen: udp:127.0.0.1:514, tcp:[::1]:514, unix:/run/responder/log."""

from ipaddress import ip_address
from typing import Literal, NamedTuple, Self, get_args

Kind = Literal["udp", "tcp", "unix"]
_HIGHEST_PORT = 65535
_REMEDY = "write udp:192.0.2.1:514, tcp:[2001:db8::1]:514 or unix:/run/responder/log"


class Endpoint(NamedTuple):
    """A *port* of *host*, an address of ours; or, of kind unix, a path, which is *host* then."""

    kind: Kind
    host: str
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the endpoint that *text* names.  Raises ValueError saying what would be right."""
        kind, _, rest = text.partition(":")
        if kind not in get_args(Kind):
            raise ValueError(f"{text!r} says neither udp, tcp nor unix; {_REMEDY}")
        if kind == "unix":
            if not rest.startswith("/") or len(rest.encode()) > 100:  # sun_path of unix(7) holds 108
                raise ValueError(f"{text!r} names no absolute path of at most 100 bytes; {_REMEDY}")
            return cls("unix", rest)
        host, _, port = rest.rpartition(":")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        try:
            version = ip_address(bare).version
        except ValueError:
            raise ValueError(f"{text!r} names no address of this host; {_REMEDY}") from None
        if (version == 6) != (bare != host) or not port.isascii() or not port.isdigit():
            raise ValueError(f"{text!r} is no address with a port; {_REMEDY}")
        if not 0 < int(port) <= _HIGHEST_PORT:
            raise ValueError(f"{text!r} has no port from 1 to {_HIGHEST_PORT}; {_REMEDY}")
        return cls("udp" if kind == "udp" else "tcp", bare, int(port))

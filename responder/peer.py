"""peer - who is at the other end of a Unix socket, on the kernel's word."""

import socket
import struct

_CREDENTIALS = struct.Struct("3i")  # process, user, group: struct ucred of unix(7)


def user(connection: socket.socket) -> int:
    """Return the numeric id of the user who connected (SO_PEERCRED)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])

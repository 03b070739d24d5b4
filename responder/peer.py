"""peer - who is at the other end of a Unix socket, on the kernel's word."""

import socket
import struct

_CREDENTIALS = struct.Struct("3i")  # process, user, group: struct ucred of unix(7)


def user(connection: socket.socket) -> int:
    """Return the numeric id of the user who connected (SO_PEERCRED)."""
    return _credentials(connection)[1]


def process(connection: socket.socket) -> int:
    """Return the id of the process at the other end; of the one that listens, where we connected."""
    return _credentials(connection)[0]


def _credentials(connection: socket.socket) -> tuple[int, int, int]:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(raw)
    return pid, uid, gid

"""talk_client - the program that `talk.hold` runs on a host: a plan in, what the servers said out, as JSON.

Standard library only, and no import of ours: it starts in an instant.
"""

import json
import re
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_MORE = re.compile(rb"\d{3}-")


def hear(peer: socket.socket) -> bytes:
    """Return what the server says until the end of its answer (SMTP's may have several lines), or nothing more."""
    heard = b""
    while not heard.endswith(b"\n") or _MORE.match(heard.splitlines()[-1]):
        try:
            data = peer.recv(65536)
        except (TimeoutError, ssl.SSLError, ConnectionError):
            break
        if not data:
            break
        heard += data
    return heard


def held(timeout: float, talk: Any) -> str:
    """Hold one conversation and return what the server said."""
    server, source, port, lines, waits, tls = talk
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    heard = b""
    try:
        peer: Any = socket.create_connection((server, port), timeout, (source, 0))
        if tls == 0:
            peer = context.wrap_socket(peer)
        if waits:
            heard += hear(peer)
        for number, line in enumerate(lines, 1):
            peer.sendall(line.encode("latin-1"))
            heard += hear(peer)
            if number == tls:
                peer = context.wrap_socket(peer)
        peer.close()
    except OSError as error:
        heard += f"\n{error}".encode()
    return heard.decode("utf-8", "replace")


def main() -> None:
    """Read the plan from standard input, print the answers."""
    plan = json.load(sys.stdin)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda talk: held(plan["timeout"], talk), plan["talks"]))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()

"""hook - a real web server on loopback that keeps what is posted to it, and answers as it is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hook:
    """Answers with *statuses* one after the other, then with 200; with 0 it never answers."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.posted: list[tuple[dict[str, str], bytes]] = []
        self.silent = threading.Event()
        self.url = ""


@contextmanager
def hooked() -> Iterator[Hook]:
    """Serve one."""
    hook = Hook()

    class Request(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.posted.append((dict(self.headers), body))
            status = hook.statuses.pop(0) if hook.statuses else 200
            if status == 0:
                hook.silent.wait(60)
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/secret"
    try:
        yield hook
    finally:
        hook.silent.set()
        server.shutdown()
        server.server_close()

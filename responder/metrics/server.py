"""server - the figures over HTTP, from a thread of its own.

One request after the other, each with a few seconds to be made: who scrapes
slowly holds up other scrapers, and never the daemon.
"""

import threading
from socket import AF_INET6
from socketserver import TCPServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

from responder.metrics.exposition import Exposition


class _Request(WSGIRequestHandler):
    timeout = 5  # seconds that a client may take to say what it wants

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """Say nothing: a scrape is no news."""


class _Server(WSGIServer):
    def server_bind(self) -> None:
        """Bind, and ask no resolver what we are called, as the library does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client that went away be gone."""


class _Server6(_Server):
    address_family = AF_INET6


class Server:
    """Serves *exposition* at *host* and *port* until it is closed."""

    def __init__(self, host: str, port: int, exposition: Exposition) -> None:
        """Raise OSError where we cannot listen there."""
        self._server = (_Server6 if ":" in host else _Server)((host, port), _Request)
        self._server.set_app(make_wsgi_app(exposition.registry))
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; a client that is being answered is not waited for."""
        threading.Thread(target=self._server.shutdown, name="metrics-end", daemon=True).start()
        self._server.socket.close()

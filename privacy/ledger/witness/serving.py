"""The witness over HTTP: one address, small requests, each with its time, so many at once. TLS is a reverse proxy's."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from privacy.ledger.witness.cosigning import Answer, Witness

MAX_REQUEST = 65_536
# From connecting to the end of the answer.
SECONDS = 10
# A thread each; whoever comes when so many are there is hung up on.
MOST_CONNECTIONS = 32


class _Handler(BaseHTTPRequestHandler):
    server_version, sys_version = "witness", ""
    witness: Witness

    def handle(self) -> None:
        with suppress(ConnectionError):  # whoever asked has gone
            super().handle()

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint":
            answer = Answer(HTTPStatus.NOT_FOUND, "Ask at /add-checkpoint.\n")
        elif not length.isdecimal() or int(length) > MAX_REQUEST:
            answer = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Say the length: at most {MAX_REQUEST} bytes.\n")
        else:
            request = self.rfile.read(int(length))
            if len(request) < int(length):
                return
            answer = self.witness.add_checkpoint(request)
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class WitnessServer(ThreadingHTTPServer):
    """Serves a bounded number of connections, each for a bounded time, however slowly its bytes come."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._began: dict[Any, float] = {}
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if len(self._began) >= MOST_CONNECTIONS:
            self.shutdown_request(request)
            return
        self._began[request] = time.monotonic()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._began.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Hang up where the time is over; called twice a second."""
        for request, began in self._began.copy().items():
            if time.monotonic() > began + SECONDS:
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)


def make_server(witness: Witness, host: str, port: int) -> WitnessServer:
    """Return a server that answers for a witness."""
    handler = type("Handler", (_Handler,), {"witness": witness})
    return WitnessServer((host, port), handler)

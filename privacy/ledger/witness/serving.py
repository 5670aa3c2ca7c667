"""The witness over HTTP: one address, small requests, each with its time. TLS is a reverse proxy's."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from privacy.ledger.witness.cosigning import Answer, Witness

MAX_REQUEST = 65_536
SECONDS = 10


class _Handler(BaseHTTPRequestHandler):
    timeout = SECONDS
    server_version, sys_version = "witness", ""
    witness: Witness

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint":
            answer = Answer(HTTPStatus.NOT_FOUND, "Ask at /add-checkpoint.\n")
        elif not length.isdecimal() or int(length) > MAX_REQUEST:
            answer = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Say the length: at most {MAX_REQUEST} bytes.\n")
        else:
            request = self.rfile.read(int(length))
            if len(request) < int(length):
                return  # whoever asked has gone
            answer = self.witness.add_checkpoint(request)
        body = answer.body.encode()
        with suppress(ConnectionError):
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


def make_server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server that answers for a witness."""
    handler = type("Handler", (_Handler,), {"witness": witness})
    return ThreadingHTTPServer((host, port), handler)

"""A small server for the application: threads, TLS, an end to slow callers. Any other WSGI server does as well."""

import logging
import signal
import ssl
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from exafe_connector.application import Connector

logger = logging.getLogger("exafe_connector")
SLOWEST = 30


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext | None) -> None:
        self.context = context
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the connection's own thread, so that a caller who never shakes hands holds off nobody.
        request.settimeout(SLOWEST)
        if self.context is not None:
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except (OSError, ssl.SSLError):
                return
        super().finish_request(request, client_address)
        if self.context is not None:
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.info("a connection ended early")


class _Handler(WSGIRequestHandler):
    timeout = SLOWEST
    # An answer leaves whole: HTTP has no sign by which a caller could tell a head that was cut off from a short one.
    wbufsize = -1

    def log_message(self, format: str, *arguments: Any) -> None:
        logger.info("%s", format % arguments)


def serve(
    connector: Connector, host: str, port: int, *, certificate: Path | None = None, private_key: Path | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is at work. Raises ValueError without TLS on a public address."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, private_key)
    elif host not in {"127.0.0.1", "localhost"}:
        raise ValueError("Without a certificate only this machine is served: put a proxy with TLS before it.")
    server = _Server((host, port), context)
    server.set_app(connector)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_given: threading.Thread(target=server.shutdown).start())
    print(f"Serving on {host}:{server.server_port}", flush=True)
    server.serve_forever()
    server.server_close()
    connector.close()

"""The real portal, served on databases of a test's own, and the SDK's way to it."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from exafe_gateway import Gateway, Transport
from tests import factory
from tests.database import PortalDatabase


class QuietHandler(WSGIRequestHandler):
    """Tells nothing to the terminal."""

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def portal(portal_database: PortalDatabase) -> Iterator[int]:
    """The portal's port while it is served."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler, connections_override={})
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def gate(portal: int) -> Gateway:
    """The SDK with a token of Gate's; it never waits."""
    return sdk(portal)


def sdk(port: int, token: str = "", **options: Any) -> Gateway:
    """Return the SDK for a port of this machine."""
    given = {"sleep": lambda _seconds: None, "timeout": 20, **options}
    return Gateway(Transport(f"http://127.0.0.1:{port}", token or factory.make_token(at=now()), **given))


def now() -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time.time(), UTC)

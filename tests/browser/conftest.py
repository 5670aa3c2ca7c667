"""A real browser against the real portal: served by threads of this process, on three databases of the test's own."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import override_settings
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.visitor import Desk, Visitor
from tests.database import PortalDatabase

# Playwright's synchronous interface runs a loop in this thread, which Django takes for a coroutine calling the ORM.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, which `make visit` installs where it may."""
    program = shutil.which("chromium") or "/usr/bin/chromium"
    browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
    yield browser
    browser.close()


class QuietHandler(WSGIRequestHandler):
    """Tells nothing to the terminal; what a page lacks is found by the visitor."""

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def portal_live(portal_database: PortalDatabase) -> Iterator[str]:
    """The portal's address while it is served on fresh databases."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler, connections_override={})
    # As in production, a browser asks for a style sheet once, not for every page.
    with override_settings(WHITENOISE_MAX_AGE=3600):
        server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def desk(chromium: Browser, portal_live: str) -> Iterator[Desk]:
    """Opens browsers for the people of a test, and at its end tells what any of them complained of."""
    opened = Desk(chromium, portal_live)
    yield opened
    opened.close()
    assert not opened.complaints, "\n".join(opened.complaints)


@pytest.fixture
def mina(desk: Desk) -> Visitor:
    """A data subject with a phone."""
    return desk.phone()

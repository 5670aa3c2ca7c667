"""Pages and intake are processes of their own: each answers its own addresses, and is not there for the other's."""

import contextlib
import http.client
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from config import web_server
from config.databases import PROCESS_ROLES
from tests.config.test_web_server import alive, free_port, until
from tests.database import ROOT, PortalDatabase


@contextmanager
def serving(database: PortalDatabase, process: str, **environ: str) -> Iterator[http.client.HTTPConnection]:
    port = free_port()
    server = subprocess.Popen(
        web_server.command(host="127.0.0.1", port=port),
        cwd=ROOT, env={**database.environ(PROCESS_ROLES[process]), "PORTAL_PROCESS": process, **environ},
        start_new_session=True,
    )  # fmt: skip
    try:
        until(lambda: alive(port))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        yield connection
        connection.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def status(connection: http.client.HTTPConnection, method: str, path: str) -> tuple[int, str]:
    connection.request(method, path, headers={"Host": "localhost"})
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers.get_content_type()


PAGES = ("/", "/en/", "/staff/", "/office/", "/sign-in/", "/rights/", "/static/css/portal.css", "/api/v2/", "/api/v1")
MACHINES = ("/api/v1/reports", "/api/v1/openapi.json", "/api/v1/devices/x/consents")


def test_the_pages_process_does_not_know_the_api(portal_database: PortalDatabase) -> None:
    with serving(portal_database, "pages") as pages:
        for path in MACHINES:
            for method in ("GET", "POST", "PUT"):
                assert status(pages, method, path) == (404, "text/html"), path
        assert status(pages, "GET", "/")[0] == 200
        assert status(pages, "GET", "/office/")[0] == 302
        assert status(pages, "GET", "/livez") == (200, "text/plain")
        assert status(pages, "GET", "/readyz") == (200, "application/json")


def test_the_intake_process_knows_nothing_else(portal_database: PortalDatabase) -> None:
    with serving(portal_database, "intake") as intake:
        for path in PAGES:
            for method in ("GET", "POST"):
                assert status(intake, method, path) == (404, "application/problem+json"), path
        assert status(intake, "POST", "/api/v1/reports") == (401, "application/problem+json")
        assert status(intake, "GET", "/api/v1/devices/x/consents") == (401, "application/problem+json")
        assert status(intake, "GET", "/api/v1/openapi.json")[0] == 200
        assert status(intake, "GET", "/livez") == (200, "text/plain")
        assert status(intake, "GET", "/readyz") == (200, "application/json")

"""Pages and intake are processes of their own: each answers its own addresses, and is not there for the other's."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

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


@pytest.mark.asvs("3.5.4", "4.2.1")
def test_the_pages_process_does_not_know_the_api(portal_database: PortalDatabase) -> None:
    with serving(portal_database, "pages") as pages:
        for path in MACHINES:
            for method in ("GET", "POST", "PUT"):
                assert status(pages, method, path) == (404, "text/html"), path
        assert status(pages, "GET", "/")[0] == 200
        assert status(pages, "GET", "/office/")[0] == 302
        assert status(pages, "GET", "/livez") == (200, "text/plain")
        assert status(pages, "GET", "/readyz") == (200, "application/json")
        ends_requests_where_others_do(pages.port)


def ends_requests_where_others_do(port: int) -> None:
    """Behind chunks with a length beside them nothing is read; two lengths are none (RFC 9112, 6.1 and 6.3)."""
    for head, body, statuses in (
        ("Content-Length: 1", "x", [404, 200]),
        ("Content-Length: 9\r\nTransfer-Encoding: chunked", "1\r\nx\r\n0\r\n\r\n", [404]),
        ("Content-Length: 1\r\nContent-Length: 2", "xy", [400]),
        ("Content-Length: +1", "x", [400]),
        ("Transfer-Encoding: xchunked", "0\r\n\r\n", [400]),
    ):
        first = f"POST /nothing/ HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{body}"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(f"{first}GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            said = b"".join(iter(lambda: connection.recv(65536), b""))
        assert [int(one) for one in re.findall(rb"HTTP/1.1 (\d+)", said)] == statuses, head


@pytest.mark.asvs("3.5.4")
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


@pytest.mark.truth("20.4")
@pytest.mark.parametrize("process", ["pages", "intake"])
def test_probes_are_answered_over_plain_http_by_address(portal_database: PortalDatabase, process: str) -> None:
    """A supervisor asks 127.0.0.1; it was sent on to HTTPS, or refused as a host that nobody knows."""
    secret = "m9fK3-long-and-random-enough-for-the-check-0123456789-abcdefghijkl"
    production = {"DEVELOPMENT": "0", "SECRET_KEY": secret, "ALLOWED_HOSTS": "privacy.extrus.example"}
    with serving(portal_database, process, **production) as portal:
        for path, kind in (("/livez", "text/plain"), ("/readyz", "application/json")):
            portal.request("GET", path, headers={"Host": "127.0.0.1:8001"})
            answer = portal.getresponse()
            answer.read()
            assert (answer.status, answer.headers.get_content_type()) == (200, kind)
        assert status(portal, "GET", "/api/v1/reports")[0] != 200

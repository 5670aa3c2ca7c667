"""Hundreds of slow clients and enormous heads before the shipped nginx: they are cut off, others served (FLT-26)."""

import contextlib
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.test_pooler import listens
from tests.config.test_processes import serving
from tests.config.test_web_server import free_port, until
from tests.database import PortalDatabase
from tests.deploy.test_proxy import NAME, NGINX, ROOT, ask
from tests.deploy.test_proxy import pytestmark as needs_nginx

pytestmark = [pytest.mark.faults, pytest.mark.fault("FLT-26"), needs_nginx]

SLOW, ADDRESSES, PATIENCE = 300, 4, 2


@pytest.fixture
def proxy(portal_database: PortalDatabase, tmp_path: Path) -> Iterator[int]:
    """The shipped configuration before real pages, with two seconds of patience for its ten; gives the port of TLS."""
    tls = free_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", f"/CN={NAME}", "-keyout", tmp_path / "portal.key", "-out", tmp_path / "portal.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    with serving(portal_database, "pages", ALLOWED_HOSTS=NAME) as pages:
        text = (ROOT / "deploy" / "nginx" / "portal.conf").read_text().replace("/etc/portal/tls", str(tmp_path))
        text = re.sub(r"listen \[::\].*\n", "", text)
        text = re.sub(r"listen 80\b", f"listen 127.0.0.1:{free_port()}", text)
        text = re.sub(r"listen 443\b", f"listen 127.0.0.1:{tls}", text)
        text = re.sub(r"server 127\.0\.0\.1:800\d [^;]*;", f"server 127.0.0.1:{pages.port};", text)
        text, changed = re.subn(r"(client_(?:header|body)_timeout\s+)10s", rf"\g<1>{PATIENCE}s", text)
        assert changed == 3
        folders = "".join(
            f"{one}_temp_path {tmp_path}/{one};\n" for one in ("client_body", "proxy", "fastcgi", "uwsgi")
        )
        (tmp_path / "nginx.conf").write_text(
            # 768 connections are what Debian's nginx has.
            f"daemon off;\npid {tmp_path}/pid;\nerror_log {tmp_path}/error;\nevents {{ worker_connections 768; }}\n"
            f"http {{\naccess_log off;\n{folders}scgi_temp_path {tmp_path}/scgi;\n{text}\n}}\n"
        )
        nginx = subprocess.Popen([NGINX, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error"])
        try:
            until(lambda: listens(tls), 10)
            yield tls
        finally:
            nginx.terminate()
            nginx.wait()


def slow_clients(port: int) -> list[ssl.SSLSocket]:
    """Begin a request from several addresses, some hundred times, and say no more."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    made = []
    for number in range(SLOW):
        raw = socket.create_connection(
            ("127.0.0.1", port), timeout=5, source_address=(f"127.0.0.{10 + number % ADDRESSES}", 0)
        )
        made.append(context.wrap_socket(raw, server_hostname=NAME))
        head = f"POST /rights/request/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 100000\r\n"
        made[-1].sendall(head.encode() + (b"\r\nslow" if number % 2 else b""))
    return made


def is_cut(client: ssl.SSLSocket) -> bool:
    """Whether the other side has ended the connection, or has said that it waits no longer (408)."""
    client.settimeout(2 * PATIENCE)
    try:
        said = client.recv(4096)
    except TimeoutError:
        return False
    except OSError:
        return True
    return not said or b" 408 " in said[:20]


def test_slow_clients_are_cut_off_and_others_are_served(proxy: int) -> None:
    clients = slow_clients(proxy)
    try:
        for _time in range(3):
            begun = time.monotonic()
            assert b" 200 " in ask(proxy, NAME, named=NAME, path="/policy/")[:20]
            assert time.monotonic() - begun < 3
        left = [number for number, client in enumerate(clients) if not is_cut(client)]
        assert not left, f"{len(left)} slow clients still have their place"
    finally:
        for client in clients:
            with contextlib.suppress(OSError):
                client.close()


def test_an_enormous_head_is_refused_by_the_proxy(proxy: int) -> None:
    said = ask(proxy, f"{NAME}\r\nX-Long: {'x' * 40_000}", named=NAME)
    assert said.split(b"\r\n")[0].split()[1] in (b"400", b"414", b"431")
    assert b" 200 " in ask(proxy, NAME, named=NAME, path="/policy/")[:20]

"""The shipped nginx: what changes something reaches the portal once, and no other name is answered (a real nginx)."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.config.test_pooler import listens
from tests.config.test_web_server import free_port, until

ROOT = Path(__file__).resolve().parents[2]
NGINX = "/usr/sbin/nginx"
NAME = "privacy.extrus.example"
# What Debian's nginx.conf says before it includes the shipped file: a directive that is said twice ends the start.
OF_DEBIAN = "server_tokens off; ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off; gzip on;"
pytestmark = pytest.mark.skipif(
    not shutil.which(NGINX) or not shutil.which("openssl"), reason="this machine has no nginx or no openssl"
)


@dataclass
class Proxy:
    """A running nginx: its two ports, and what its two upstreams were asked."""

    plain: int
    tls: int
    asked: list[bytes]


def hangs_up(asked: list[bytes]) -> int:
    """Listen as a portal that takes each request and breaks off; return the port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _address = server.accept()
            asked.append(connection.recv(65536))
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    asked: list[bytes] = []
    plain, tls = free_port(), free_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", f"/CN={NAME}", "-keyout", tmp_path / "portal.key", "-out", tmp_path / "portal.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (ROOT / "deploy" / "nginx" / "portal.conf").read_text().replace("/etc/portal/tls", str(tmp_path))
    text = text.replace("/var/log/nginx", str(tmp_path))
    text = re.sub(r"listen \[::\].*\n", "", text)
    text = re.sub(r"listen 80\b", f"listen 127.0.0.1:{plain}", text)
    text = re.sub(r"listen 443\b", f"listen 127.0.0.1:{tls}", text)
    two = f"server 127.0.0.1:{hangs_up(asked)}; server 127.0.0.1:{hangs_up(asked)};"
    text = re.sub(r"server 127\.0\.0\.1:800\d [^;]*;", two, text)
    folders = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi"))
    (tmp_path / "nginx.conf").write_text(
        f"daemon off;\npid {tmp_path}/pid;\nerror_log {tmp_path}/error;\nevents {{}}\n"
        f"http {{\naccess_log {tmp_path}/access.log;\n{OF_DEBIAN}\n{folders}"
        f"scgi_temp_path {tmp_path}/scgi;\n{text}\n}}\n"
    )
    nginx = subprocess.Popen([NGINX, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error"])
    try:
        until(lambda: listens(plain), 10)
        yield Proxy(plain, tls, asked)
    finally:
        nginx.terminate()
        nginx.wait()


def ask(port: int, host: str, *, named: str = "", path: str = "/", method: str = "GET") -> bytes:
    """Send one request; ``named`` is the name in the handshake of TLS. Returns nothing where nothing is answered."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    if named:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = context.wrap_socket(connection, server_hostname=named)
    with connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


@pytest.mark.parametrize(("method", "hosts"), [("POST", 1), ("GET", 2)])
def test_what_a_host_broke_off_is_asked_of_the_next_but_never_a_post(proxy: Proxy, method: str, hosts: int) -> None:
    assert b" 502 " in ask(proxy.tls, NAME, named=NAME, method=method)
    assert len(proxy.asked) == hosts


def test_another_name_is_not_answered(proxy: Proxy) -> None:
    assert ask(proxy.plain, "evil.example") == b""
    assert ask(proxy.tls, "evil.example", named=NAME) == b""
    with pytest.raises(ssl.SSLError):
        ask(proxy.tls, "evil.example", named="evil.example")
    assert proxy.asked == []


@pytest.mark.law("S-20")
@pytest.mark.asvs("4.1.2")
def test_who_asks_without_tls_is_sent_to_the_portal_s_own_name(proxy: Proxy) -> None:
    answer = ask(proxy.plain, f"{NAME}:8080", path="/verify/?a=1")
    assert b" 308 " in answer and f"Location: https://{NAME}/verify/?a=1\r\n".encode() in answer


@pytest.mark.asvs("4.1.2")
def test_a_gateway_that_speaks_without_tls_is_not_sent_on(proxy: Proxy) -> None:
    """It would go on sending its token in clear, and nobody would notice."""
    answer = ask(proxy.plain, NAME, path="/api/v1/reports")
    assert b" 403 " in answer and b"Location" not in answer
    assert proxy.asked == []


@pytest.mark.asvs("12.2.1")
def test_nothing_is_served_without_tls(proxy: Proxy) -> None:
    for path in ("/", "/sign-in/", "/static/css/tokens.css", "/api/v1/reports", "/office/"):
        assert re.match(rb"HTTP/1.1 (308|403) ", ask(proxy.plain, NAME, path=path)), path
    assert proxy.asked == []


def shakes(proxy: Proxy, **wanted: Any) -> str:
    """The suite that a client with these wishes gets. Raises ssl.SSLError where there is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(wanted.get("ciphers", "ALL:@SECLEVEL=0"))
    if "highest" in wanted:
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, wanted["highest"]
    with (
        socket.create_connection(("127.0.0.1", proxy.tls), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=NAME) as secured,
    ):
        return f"{secured.version()} {secured.cipher()[0]}"  # type: ignore[index]


@pytest.mark.asvs("12.1.1")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_3_is_preferred_1_2_is_taken_and_nothing_older(proxy: Proxy) -> None:
    assert shakes(proxy).startswith("TLSv1.3 ")
    assert shakes(proxy, highest=ssl.TLSVersion.TLSv1_2).startswith("TLSv1.2 ")
    for older in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError):
            shakes(proxy, highest=older)


@pytest.mark.asvs("11.6.2", "12.1.2")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_suite_is_authenticated_encryption_with_forward_secrecy(proxy: Proxy) -> None:
    taken = set()
    for suite in [*ssl.create_default_context().get_ciphers(), {"name": "AES256-GCM-SHA384"}, {"name": "AES128-SHA"}]:
        if not str(suite["name"]).startswith("TLS_"):
            try:
                taken.add(shakes(proxy, highest=ssl.TLSVersion.TLSv1_2, ciphers=f"{suite['name']}:@SECLEVEL=0"))
            except ssl.SSLError:
                continue
    assert taken
    assert all(re.match(r"TLSv1.2 ECDHE-ECDSA-(AES\d+-GCM-SHA\d+|CHACHA20-POLY1305)", one) for one in taken), taken
    assert shakes(
        proxy, highest=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
    ).endswith("AES256-GCM-SHA384")


@pytest.mark.asvs("1.5.3", "4.2.1")
@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 5",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Content-Length: +4",
        "Transfer-Encoding : chunked",
        "Content-Length : 4",
    ],
)
def test_what_two_readers_could_end_at_two_places_is_not_sent_on(proxy: Proxy, head: str) -> None:
    answer = raw(
        proxy, f"POST / HTTP/1.1\r\nHost: {NAME}\r\n{head}\r\n\r\n0\r\n\r\nGET /inside HTTP/1.1\r\nHost: {NAME}\r\n\r\n"
    )
    assert re.match(rb"HTTP/1.1 (400|501) ", answer), answer[:200]
    assert proxy.asked == []


def raw(proxy: Proxy, text: str) -> bytes:
    """Send bytes over TLS as they are, and return what is answered."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", proxy.tls), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=NAME) as secured,
    ):
        secured.sendall(text.encode())
        answer = b""
        secured.settimeout(3)
        with suppress(TimeoutError):
            while part := secured.recv(65536):
                answer += part
        return answer


@pytest.mark.asvs("13.4.4")
def test_trace_is_not_answered(proxy: Proxy) -> None:
    answer = raw(proxy, f"TRACE / HTTP/1.1\r\nHost: {NAME}\r\nX-Secret: seen\r\nConnection: close\r\n\r\n")
    assert b" 405 " in answer and b"seen" not in answer
    assert proxy.asked == []


@pytest.mark.asvs("13.4.6")
def test_no_answer_tells_a_version(proxy: Proxy) -> None:
    for answer in (ask(proxy.plain, NAME), ask(proxy.tls, NAME, named=NAME), raw(proxy, "nonsense\r\n\r\n")):
        assert b"Server: nginx\r\n" in answer
        assert not re.search(rb"nginx/\d", answer)


@pytest.mark.asvs("13.4.5")
def test_probes_and_numbers_are_for_the_host_alone(proxy: Proxy) -> None:
    for path in ("/livez", "/readyz", "/status", "/metrics"):
        assert b" 404 " in ask(proxy.tls, NAME, named=NAME, path=path)
    assert proxy.asked == []


@pytest.mark.asvs("13.2.5", "13.4.1", "13.4.3", "13.4.7")
def test_no_file_of_the_host_is_served_by_the_proxy() -> None:
    """It knows no folder: every address goes to a process of the portal, which serves collected files."""
    text = (ROOT / "deploy" / "nginx" / "portal.conf").read_text()
    assert not re.search(r"^\s*(?:root|alias|autoindex|try_files|index)\b", text, re.MULTILINE)


@pytest.mark.asvs("14.2.1")
def test_the_log_has_no_query_and_no_link_that_opens_a_door(proxy: Proxy, tmp_path: Path) -> None:
    for path in (
        "/office/devices/device/?q=356900100000014",
        "/invitation/s3cret/",
        "/en/ack/s3cret/",
        "/calendar/s3cret.ics",
    ):
        ask(proxy.tls, NAME, named=NAME, path=path)
    until(lambda: (tmp_path / "portal.log").read_text().count("\n") == 4, 10)
    written = (tmp_path / "portal.log").read_text()
    assert "GET /office/devices/device/ 502" in written and "GET /en/ack/... 502" in written
    assert "3569001" not in written and "s3cret" not in written


def test_no_server_of_the_proxy_logs_otherwise(proxy: Proxy, tmp_path: Path) -> None:
    """Who types a link without https, or asks for the host by its address, has sent it already."""
    ask(proxy.plain, NAME, path="/invitation/s3cret/?a=356900100000014")
    ask(proxy.plain, "192.0.2.1", path="/ack/s3cret/")
    ask(proxy.tls, "192.0.2.1", named=NAME, path="/ack/s3cret/")
    log = tmp_path / "portal.log"
    until(lambda: log.exists() and log.read_text().count("\n") == 3, 10)
    written = log.read_text()
    assert "GET /invitation/... 308" in written and written.count("GET /ack/... 444") == 2
    assert "3569001" not in written + (tmp_path / "access.log").read_text()
    assert "s3cret" not in written + (tmp_path / "access.log").read_text()

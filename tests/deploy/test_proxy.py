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
from django.utils.http import MAX_URL_REDIRECT_LENGTH

from config.middleware import PERMISSIONS_POLICY
from privacy.lib.http.machine_paths import MACHINE_PATHS
from tests.config.test_headers import POLICY, VALUES
from tests.config.test_pooler import listens
from tests.config.test_web_server import free_port, until

ROOT = Path(__file__).resolve().parents[2]
NGINX = "/usr/sbin/nginx"
NAME = "privacy.extrus.example"
# What Debian's nginx.conf says before it includes the shipped file: a directive that is said twice ends the start.
OF_DEBIAN = "server_tokens off; ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off; gzip on;"
# What every answer says, whoever gives it: as the portal's own do (tests/config/test_headers.py).
SAID = {name: value.replace(r"(\d+)", "63072000").rstrip("$") for name, value in VALUES.items()}
SAID |= {"X-Frame-Options": "DENY", "Permissions-Policy": PERMISSIONS_POLICY, "Cache-Control": "no-store"}
SAID |= {"X-Request-ID": "of-the-portal"}
# One of the portal's own, with what concerns a connection alone.
ANSWERED = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: keep-alive\r\nKeep-Alive: timeout=9\r\n"
)
ANSWERED += "Upgrade: h2c\r\nProxy-Connection: keep-alive\r\n"
ANSWERED += f"Transfer-Encoding: chunked\r\nContent-Security-Policy: {'; '.join(POLICY)}\r\n"
ANSWERED += "".join(f"{name}: {value}\r\n" for name, value in SAID.items())
# Django makes no address of a redirect longer than this, and an office's sign-in keeps where somebody wanted to go.
LONGEST = f"Location: /{'a' * (MAX_URL_REDIRECT_LENGTH - 1)}\r\n"
ANSWERS = {
    b"/answered": f"{ANSWERED}\r\n2\r\nok\r\n0\r\n\r\n",
    b"/sign-in": f"{ANSWERED.replace('200 OK', '302 Found')}{LONGEST}\r\n0\r\n\r\n",
    # An answer that no proxy reads to the end of its head.
    b"/endless": ANSWERED + LONGEST * 9,
}
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
    """Listen as a portal that takes each request and breaks off, unless it is for one of ANSWERS; return the port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _address = server.accept()
            asked.append(connection.recv(65536))
            with suppress(ConnectionError):
                connection.sendall(ANSWERS.get(asked[-1].split(b" ")[1], "").encode())
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


def ask(port: int, host: str, *, named: str = "", path: str = "/", method: str = "GET", claims: str = "") -> bytes:
    """Send one request; ``named`` is the name in the handshake of TLS. Returns nothing where nothing is answered."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    if named:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = context.wrap_socket(connection, server_hostname=named)
    with connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{claims}"
            "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


@pytest.mark.parametrize(("method", "hosts"), [("POST", 1), ("GET", 2)])
def test_what_a_host_broke_off_is_asked_of_the_next_but_never_a_post(proxy: Proxy, method: str, hosts: int) -> None:
    assert b" 502 " in ask(proxy.tls, NAME, named=NAME, method=method)
    assert len(proxy.asked) == hosts


@pytest.mark.asvs("4.1.3", "15.3.4")
def test_who_a_client_says_it_is_does_not_reach_the_portal(proxy: Proxy) -> None:
    ask(
        proxy.tls,
        NAME,
        named=NAME,
        method="POST",
        claims="X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: http\r\n",
    )
    told = [line.partition(b": ") for line in proxy.asked[0].split(b"\r\n")]
    assert [value for name, _colon, value in told if name.lower() == b"x-forwarded-for"] == [b"127.0.0.1"]
    assert [value for name, _colon, value in told if name.lower() == b"x-forwarded-proto"] == [b"https"]


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
def test_a_program_that_speaks_without_tls_is_not_sent_on(proxy: Proxy) -> None:
    """It would go on sending its token in clear, and nobody would notice."""
    of_programs = [
        f"{prefix}{rest}" for prefix in MACHINE_PATHS for rest in ("v1/reports", "office/v1/cases", "v2/Users")
    ]
    for path in (*of_programs, "/calendar/secret.ics", "/en/calendar/secret.ics", "/notices/N-1/answer/"):
        answer = ask(proxy.plain, NAME, path=path)
        assert b" 403 " in answer and b"Location" not in answer, path
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
        socket.create_connection(("127.0.0.1", proxy.tls), timeout=60) as connection,
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
        socket.create_connection(("127.0.0.1", proxy.tls), timeout=60) as connection,
        context.wrap_socket(connection, server_hostname=NAME) as secured,
    ):
        return exchanged(secured, text)


def sent(port: int, text: str) -> bytes:
    """Send bytes without TLS as they are, and return what is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        return exchanged(connection, text)


def exchanged(connection: socket.socket, text: str) -> bytes:
    connection.sendall(text.encode())
    answer = b""
    connection.settimeout(3)
    with suppress(TimeoutError):
        while part := connection.recv(65536):
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


@pytest.mark.asvs("3.4.1", "3.4.3", "3.4.4", "3.4.5", "3.4.6", "3.4.8", "4.1.1")
def test_what_it_answers_by_itself_says_what_every_answer_says(proxy: Proxy) -> None:
    head = f"POST / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n"
    answers = [
        # Of what the portal says itself nothing is said twice.
        (200, ask(proxy.tls, NAME, named=NAME, path="/answered")),
        (302, ask(proxy.tls, NAME, named=NAME, path="/sign-in")),
        (404, ask(proxy.tls, NAME, named=NAME, path="/livez")),
        (502, ask(proxy.tls, NAME, named=NAME, method="POST")),
        # What was read of an answer that it does not pass on changes nothing.
        (502, ask(proxy.tls, NAME, named=NAME, path="/endless")),
        (413, raw(proxy, f"{head}Content-Length: 99999999\r\n\r\n")),
        (400, raw(proxy, f"{head}Content-Length: x\r\n\r\n")),
    ]
    for status, answer in answers:
        says_all(answer, status, SAID)
    # HSTS is for TLS alone (RFC 6797, 7.2).
    without_tls = {name: value for name, value in SAID.items() if name != "Strict-Transport-Security"}
    for status, answer in [
        (308, ask(proxy.plain, NAME)),
        (403, ask(proxy.plain, NAME, path="/api/v1/reports")),
        (400, ask(proxy.tls, NAME)),
        # Of no name, or of another.
        (400, sent(proxy.plain, "nonsense\r\n\r\n")),
        (400, sent(proxy.plain, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")),
        (400, sent(proxy.plain, "GET / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: x\r\n\r\n")),
    ]:
        says_all(answer, status, without_tls)


def says_all(answer: bytes, status: int, said: dict[str, str]) -> None:
    """Check that an answer says these headers, once each, a policy that allows nothing else, and its letters."""
    lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert f" {status} " in lines[0]
    for name, value in SAID.items():
        found = [line for line in lines if line.startswith(f"{name}: ")]
        assert len(found) == (name in said), f"{status}: {name} is {found}"
        value = value if name != "X-Request-ID" else r"(?:of-the-portal|[0-9a-f]{32})$"
        assert not found or re.match(f"{name}: {value if '$' in value else re.escape(value)}", found[0]), found
    (policy,) = [line for line in lines if line.startswith("Content-Security-Policy: ")]
    assert {one for one in POLICY if one not in policy} <= {"script-src 'self'"}, f"{status}: {policy}"
    assert any(re.match(r"Content-Type: text/\w+; charset=utf-8$", line) for line in lines), f"{status}: {lines}"


def test_the_longest_redirect_of_the_portal_comes_through(proxy: Proxy) -> None:
    """Not only because it is refused: two answers that nginx can't read put a host out of use for five seconds."""
    answer = ask(proxy.tls, NAME, named=NAME, path="/sign-in")
    assert b" 302 " in answer and LONGEST.encode() in answer


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


@pytest.mark.asvs("14.2.1", "16.2.1", "16.2.2", "16.2.5", "16.3.1", "16.4.1")
def test_the_log_has_no_query_and_no_link_that_opens_a_door(proxy: Proxy, tmp_path: Path) -> None:
    for path in (
        "/office/devices/device/?q=356900100000014",
        "/invitation/s3cret/",
        "/en/ack/s3cret/",
        "/calendar/s3cret.ics",
        "/representative/s3cret/",
        "/office/%0a127.0.0.1%0d%22forged/",
    ):
        ask(proxy.tls, NAME, named=NAME, path=path)
    until(lambda: (tmp_path / "portal.log").read_text().count("\n") == 6, 10)
    written = (tmp_path / "portal.log").read_text()
    # Nobody writes a line of it.
    assert len(written.splitlines()) == 6 and "GET /office/\\x0A127.0.0.1\\x0D\\x22forged/ 502" in written
    assert all(re.match(r"\S+ [\d-]{10}T[\d:]{8}[+-]\d\d:\d\d GET ", line) for line in written.splitlines())
    assert "GET /office/devices/device/ 502" in written and "GET /en/ack/... 502" in written
    # Each was answered by 502, of which nginx's own lines would repeat the whole request.
    for log in tmp_path.glob("*error*"):
        written += log.read_text()
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


@pytest.mark.asvs("16.2.1")
def test_a_line_of_the_log_ends_in_the_id_that_its_answer_has(proxy: Proxy, tmp_path: Path) -> None:
    """The portal's own where it gave one, as its lines and the audit trail have it."""
    answers = [
        ask(proxy.tls, NAME, named=NAME, path="/answered"),
        ask(proxy.tls, NAME, named=NAME, path="/endless"),
        ask(proxy.tls, NAME, named=NAME, path="/nobody"),
        ask(proxy.plain, NAME),
        sent(proxy.plain, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
    ]
    log = tmp_path / "portal.log"
    until(lambda: log.exists() and log.read_text().count("\n") == 5, 10)
    told = [line.split(b": ")[1].decode() for one in answers for line in one.split(b"\r\n") if b"X-Request-ID" in line]
    assert [line.split()[-1] for line in log.read_text().splitlines()] == told
    assert told[:2] == ["of-the-portal"] * 2 and len({*told}) == 4

"""HTTP to addresses that people enter: to the address that was checked, to no network that nobody named, never on."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from unittest import mock

import pytest
from django.test import override_settings

from privacy.lib.integrations import outbound_http
from privacy.lib.integrations.outbound_http import OutboundFailed, post

PRODUCTION = override_settings(DEVELOPMENT=False)


@contextmanager
def server(answer: bytes = b"{}", status: int = 200, location: str = "") -> Iterator[tuple[list[str], int]]:
    """A machine that answers as told; the paths that were asked of it, and its port."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(f"{self.headers['Host']}{self.path}")
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments: Any) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        try:
            yield asked, made.server_port
        finally:
            made.shutdown()
            thread.join()


def resolved(*answers: list[str]) -> Any:
    """A name server that answers each question in its turn, and the last one from then on."""
    said = list(answers)

    def getaddrinfo(host: str, port: int, **_kind: Any) -> list[Any]:
        found = said.pop(0) if len(said) > 1 else said[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return mock.patch.object(outbound_http.socket, "getaddrinfo", getaddrinfo)


def why(url: str, **options: Any) -> str:
    with pytest.raises(OutboundFailed) as refused:
        post(url, b"{}", {}, **options)
    return str(refused.value)


def test_an_answer_comes_back_whole_with_its_status() -> None:
    with server(b'{"state": "frozen"}', 409) as (asked, port):
        answer = post(f"http://localhost:{port}/a?b=c", b"{}", {"Content-Type": "application/json"})
    assert (answer.status, answer.body, answer.is_success) == (409, b'{"state": "frozen"}', False)
    assert asked == [f"localhost:{port}/a?b=c"]


@pytest.mark.asvs("1.3.6", "15.2.5", "15.3.2")
def test_a_redirect_is_the_answer_and_nobody_goes_there() -> None:
    with server() as (other, there), server(status=307, location=f"http://127.0.0.1:{there}/") as (_asked, port):
        answer = post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (answer.status, answer.headers["location"], other) == (307, f"http://127.0.0.1:{there}/", [])


@PRODUCTION
@pytest.mark.asvs("1.3.6", "15.2.5")
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1%lo", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
    ],
)  # fmt: skip
def test_no_address_of_ours_is_called(address: str) -> None:
    with resolved([address]):
        assert why("https://partner.example/") == "private-address"
    with resolved(["8.8.8.8", address]):
        assert why("https://partner.example/", allowed_networks=["10.99.0.0/16"]) == "private-address"


@pytest.mark.asvs("1.5.3")
@PRODUCTION
def test_a_name_whose_answer_changes_leads_to_the_address_that_was_checked() -> None:
    went: list[Any] = []

    def connect(address: Any, **_options: Any) -> Any:
        went.append(address)
        raise ConnectionRefusedError

    with resolved(["8.8.8.8"], ["127.0.0.1"]), mock.patch.object(outbound_http.socket, "create_connection", connect):
        assert why("https://partner.example/") == "ConnectionRefusedError"
    assert went == [("8.8.8.8", 443)]


@pytest.mark.asvs("12.3.1")
@PRODUCTION
def test_a_network_that_the_deployment_names_is_reached_on_any_port_by_tls_alone() -> None:
    with server() as (asked, port):
        # The server speaks no TLS: that it comes to the handshake is what is shown.
        assert why(f"https://127.0.0.1:{port}/", allowed_networks=["127.0.0.0/8"]) == "SSLError"
        assert why(f"http://127.0.0.1:{port}/", allowed_networks=["127.0.0.0/8"]) == "not-https"
        assert why(f"https://127.0.0.1:{port}/") == "port-not-allowed"
        with resolved(["8.8.8.8"]):
            assert why(f"https://partner.example:{port}/", allowed_networks=["127.0.0.0/8"]) == "port-not-allowed"
    assert not asked


@pytest.mark.asvs("1.5.3")
@pytest.mark.parametrize(
    "url",
    ["https://u:p@a.example/", "https:///x", "https://[::1/", "https://a.example:99999/", "https://a.example/a b",
     "https://a.example/\u00e9", f"https://{'a' * 64}.example/", "http://a.example/\r\nX: y"],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_anything_is_asked(url: str) -> None:
    with mock.patch.object(outbound_http.socket, "getaddrinfo", side_effect=AssertionError):
        assert why(url) == "malformed"
        assert why("ftp://a.example/") == "not-https"


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    with server(b"x" * 2_000) as (_asked, port):
        assert why(f"http://127.0.0.1:{port}/", longest_answer=1_999) == "answer-too-long"
        assert post(f"http://127.0.0.1:{port}/", b"{}", {}, longest_answer=0).body == b""

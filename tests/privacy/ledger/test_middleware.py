"""Neither the address nor the request id on record is ever a client's choice (ASVS 4.1.3)."""

import json
import random
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from privacy.ledger import request_context
from privacy.ledger.actions import LedgerUnavailable
from privacy.ledger.middleware import RequestContextMiddleware, access_channel, answer_unavailable, client_address

FORGED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Correlation-ID", "X-Request-ID")
PROXIES = override_settings(TRUSTED_PROXIES=["10.0.0.0/8", "2001:db8::/32"])


@PROXIES
@pytest.mark.asvs("4.1.3")
@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7, garbage", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7, garbage, 10.0.0.3", "10.0.0.3"),
        ("2001:db8::1", "::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7:443", "10.0.0.1"),
        ("10.0.0.1", ",,,", "10.0.0.1"),
        ("", "203.0.113.7", ""),
        ("unix:", "203.0.113.7", ""),
    ],
)
def test_the_right_most_hop_that_is_not_ours(peer: str, forwarded: str, address: str) -> None:
    assert client_address(peer, forwarded) == address


@override_settings(TRUSTED_PROXIES=[])
def test_without_proxies_of_ours_nothing_forwarded_is_believed() -> None:
    assert client_address("203.0.113.7", "198.51.100.1") == "203.0.113.7"


@PROXIES
def test_a_chain_without_end_is_not_read_to_its_beginning() -> None:
    assert client_address("10.0.0.1", "203.0.113.7," + "10.0.0.9," * 100_000 + "10.0.0.2") == "10.0.0.9"


def context_of(headers: dict[str, str], peer: str = "203.0.113.7") -> tuple[request_context.AuditContext, HttpResponse]:
    """Return the context that a view finds, and the answer."""
    seen: list[request_context.AuditContext] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request_context.current())
        return HttpResponse()

    request = RequestFactory().get("/office/", headers=headers, REMOTE_ADDR=peer)
    answer = RequestContextMiddleware(view)(request)
    return seen[0], answer


@pytest.mark.asvs("15.3.4")
@PROXIES
def test_a_thousand_hostile_headers_choose_nothing() -> None:
    random.seed(1_000)
    alphabet = "0123456789abcdef.:,;'\" <>%\\\u00e9\u0130\uff11[]{}-_\t"
    ids = set()
    for _ in range(1_000):
        value = "".join(random.choice(alphabet) for _ in range(random.randrange(400)))
        headers = dict.fromkeys(FORGED, value)
        context, answer = context_of(headers)
        assert context.address == context.peer == "203.0.113.7"
        assert answer.headers["X-Request-ID"] == context.request_id not in (value, "")
        ids.add(context.request_id)
        through_a_proxy, _ = context_of(headers, peer="10.0.0.1")
        assert str(ip_address(through_a_proxy.address)) == through_a_proxy.address
        assert through_a_proxy.peer == "10.0.0.1"
    assert len(ids) == 1_000


def test_the_context_ends_with_the_request() -> None:
    before = request_context.current()
    context_of({})
    assert request_context.current() == before


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/api/v1/reports", "api"),
        ("/office/", "office"),
        ("/staff/", "staff"),
        ("/rights/", "public"),
        ("/en/office/", "office"),
        ("/en/staff/", "staff"),
        ("/en/", "public"),
        ("/ko/office/", "office"),
    ],
)
def test_every_path_has_a_door(path: str, door: str) -> None:
    assert access_channel(path) == door


@pytest.mark.parametrize(
    ("path", "content_type", "read"),
    [
        ("/api/v1/devices/1", "application/problem+json", json.loads),
        ("/office/devices/device/", "text/html; charset=utf-8", lambda body: body),
    ],
)
def test_a_shut_ledger_is_answered_with_503(path: str, content_type: str, read: Callable[[str], object]) -> None:
    answer = answer_unavailable(RequestFactory().get(path), LedgerUnavailable("shut"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"] == content_type
    assert read(answer.content.decode())

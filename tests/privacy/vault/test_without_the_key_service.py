"""The key service killed or hung: pages of personal data and intake answer 503 soon, all else works, and it comes back.

The service is the real process; pages are asked in this process, gateways at a real intake process (FLT-13).
"""

import http.client
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from devices.models import Batch, Report
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights.actions import Receipt
from privacy.rights.models import Particulars, Request
from privacy.vault import keys
from privacy.vault.keyservice import client
from tests import factory
from tests.config.test_processes import serving
from tests.config.test_web_server import until
from tests.database import PortalDatabase
from tests.privacy.rights.test_request_form import fields
from tests.privacy.vault.key_services import KeyService, answers, key_service

pytestmark = [pytest.mark.attack("18.2"), pytest.mark.fault("FLT-13")]

SOON = 3.0
CLOSED = {"ko": "지금은 개인정보를 열 수 없습니다", "en": "Personal data is not available"}
# How the service goes away, and how it comes back.
WAYS: dict[str, tuple[Callable[[KeyService], None], Callable[[KeyService], None]]] = {
    "killed": (KeyService.kill, KeyService.start),
    "hung": (lambda service: service.signal(signal.SIGSTOP), lambda service: service.signal(signal.SIGCONT)),
}
both = pytest.mark.parametrize("how", WAYS)


@dataclass
class Portal:
    """A portal with an officer, a case and a gateway, and the key service that a test takes away."""

    service: KeyService
    case: Receipt
    officer: Client
    intake: http.client.HTTPConnection
    token: str


@pytest.fixture(scope="module")
def portal(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Portal]:
    """One portal for these tests, with real commits."""
    with (
        django_db_blocker.unblock(),  # type: ignore[attr-defined]
        PortalDatabase().in_use() as database,
        key_service(database) as service,
        serving(database, "intake", KEY_SERVICE="socket", KEY_SERVICE_DIR=str(service.folder)) as intake,
    ):
        officer = Client()
        officer.force_login(factory.make_officer())
        yield Portal(service, factory.ask(at=clock.now()), officer, intake, factory.make_token(at=clock.now()))


@contextmanager
def away(portal: Portal, how: str) -> Iterator[None]:
    """Nobody holds the keys inside the block; after it the service is back, and answers."""
    go, come_back = WAYS[how]
    keys.caches.here().clear()
    go(portal.service)
    try:
        yield
    finally:
        come_back(portal.service)
        until(answers)


def read(portal: Portal) -> HttpResponse:
    """Have the officer read the requester's words."""
    case = portal.case.request
    pressed = {"CHANGE_FORM-action": "read", "_selected_action": str(case.pk), "index": "0"}
    address = reverse("admin:rights_request_change", args=[case.pk])
    return portal.officer.post(address, pressed)  # type: ignore[return-value]


def timed(ask: Callable[[], HttpResponse]) -> HttpResponse:
    """Return an answer that came soon."""
    started = time.monotonic()
    answer = ask()
    assert time.monotonic() - started < SOON
    return answer


def assert_closed(answer: HttpResponse, language: str) -> None:
    page = answer.content.decode()
    assert answer.status_code == 503
    assert (answer.headers["Retry-After"], answer.headers["Content-Language"]) == ("5", language)
    assert f"<h1>{CLOSED[language]}</h1>" in page
    assert "Mina" not in page


def assert_personal_pages_are_closed(portal: Portal) -> None:
    stranger = Client()
    assert_closed(timed(lambda: read(portal)), "ko")
    assert_closed(timed(lambda: stranger.post("/rights/request/", fields())), "ko")
    assert_closed(timed(lambda: stranger.post("/en/rights/request/", fields())), "en")


def assert_all_else_works(portal: Portal, employee: Client) -> None:
    stranger = Client()
    case = f"rights/request/{portal.case.request.pk}/change/"
    console = ("", "rights/request/", case, "devices/device/", "ledger/entry/")
    pages = [
        *((stranger, address) for address in ("/", "/en/", "/rights/", "/rights/request/", "/policy/", "/livez")),
        *((employee, address) for address in ("/staff/", "/staff/security/")),
        *((portal.officer, f"/office/{address}") for address in console),
    ]
    for visitor, address in pages:
        assert timed(partial(visitor.get, address)).status_code == 200, address
    assert timed(partial(stranger.get, "/readyz")).status_code == 503


def rows() -> list[int]:
    """Return how much there is of what a request makes: cases, words, mails, and acts on record."""
    acts = Entry.objects.filter(kind="act")
    return [one.count() for one in (Request.objects, Particulars.objects, GeneralOutbox.objects, acts)]


@pytest.mark.asvs("16.5.2")
@both
def test_pages(portal: Portal, how: str) -> None:
    """Those of personal data are closed and leave nothing half done, all else works, and it comes back by itself."""
    employee = Client()
    employee.force_login(factory.make_emin())
    before = rows()
    with away(portal, how):
        assert_personal_pages_are_closed(portal)
        assert rows() == before
        assert_all_else_works(portal, employee)
    answer = read(portal)
    assert answer.status_code == 200 and "Mina" in answer.content.decode()
    assert Client().post("/rights/request/", fields()).status_code == 200
    assert rows()[0] == before[0] + 1


def called(portal: Portal, method: str, path: str, body: bytes) -> tuple[int, dict[str, object], str | None]:
    """Send a gateway's call; return status, what was said, and when to come again."""
    headers = {"Host": "localhost", "Authorization": f"Bearer {portal.token}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(portal.intake.host, portal.intake.port, timeout=30)
    try:
        connection.request(method, f"/api/v1{path}", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers.get("Retry-After")
    finally:
        connection.close()


@both
def test_a_gateway_is_told_to_come_again_and_its_batch_is_stored_once(portal: Portal, how: str) -> None:
    at, device, number = clock.now(), uuid4(), uuid4().int % 10_000
    assert called(portal, "PUT", f"/devices/{device}", registration(number))[0] == 201
    agreed = {"decision": "agree", "version": 1, "decided_at": at.isoformat(), "method": "app", "language": "ko"}
    for agreement in ("activation", "service-analytics"):
        path = f"/devices/{device}/consents/{agreement}"
        assert called(portal, "PUT", path, json.dumps(agreed).encode())[0] == 200
    batch = factory.make_batch(factory.make_report(device, at=at))
    other, others = registration(number + 1), Batch.objects.count()
    with away(portal, how):
        for method, path, body in (("POST", "/reports", batch), ("PUT", f"/devices/{uuid4()}", other)):
            started = time.monotonic()
            status, said, again = called(portal, method, path, body)
            assert time.monotonic() - started < SOON
            assert (status, said["code"], again) == (503, "key-service-unavailable", "5")
        assert not Report.objects.filter(device_id=device).exists()
        assert Batch.objects.count() == others
    assert [accepted(portal, batch)["stored"] for _time in range(2)] == [1, 1]
    assert Report.objects.filter(device_id=device).count() == 1
    assert Batch.objects.count() == others + 1


def accepted(portal: Portal, batch: bytes) -> dict[str, object]:
    """Send a batch until it is accepted, as a gateway does: each worker of the server finds out alone."""
    said: list[dict[str, object]] = []

    def sent() -> bool:
        status, answer, _again = called(portal, "POST", "/reports", batch)
        if status == 200:
            said.append(answer)
        return status == 200

    until(sent)
    return said[0]


def registration(number: int) -> bytes:
    """Return a device's registration as it is sent."""
    return json.dumps(factory.registration(number)).encode()


def test_nobody_waits_in_line_for_a_service_that_hangs(portal: Portal) -> None:
    """Those who ask at first wait once; from then on one finds out whether it is back, and the others are told."""
    threads, asked, lasted = 8, 5, []

    def ask() -> None:
        started = time.monotonic()
        for _time in range(asked):
            assert not answers()
        lasted.append(time.monotonic() - started)
        client.forget_connection()

    with away(portal, "hung"):
        asking = [threading.Thread(target=ask) for _number in range(threads)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        assert len(lasted) == threads
        assert sorted(lasted)[threads // 2] < SOON
    assert answers()

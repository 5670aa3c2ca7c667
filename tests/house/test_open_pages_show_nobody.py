"""What is open without sign-in shows nobody's identifier, contact or words (PIPA art. 34-2(1))."""

import pytest
from django.test import Client

from devices import actions as devices
from privacy.incidents import actions as incidents
from privacy.lib.dates import clock
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.house.route_list import all_routes
from tests.house.test_open_routes import OPEN

SECRETS = (
    factory.imei(7), "R3CT000007X", "CNRY-adb-7", "CNRY-MODEL", "EXAFE-00000007", "CNRY-log", "cnry-mina@example.org",
    "010-8765-4321", "CNRY-mother", "CNRY-complaint",
)  # fmt: skip


class OpenPages(PortalTestCase):
    def setUp(self) -> None:
        device = factory.make_device(
            7, adb_number="CNRY-adb-7", model="CNRY-MODEL", agreed=("activation", "service-analytics", "app-log")
        )
        mother = {"name": "CNRY-mother", "contact": "010-8765-4321", "confirmation": "phone"}
        factory.agree(device, "advertising-sms", representative=mother)
        person = Subject.objects.get(pk=device.subject_id)
        factory.make_contact(person, kind="email", value="cnry-mina@example.org")
        report = factory.make_report(device, "app-log", body={"level": "info", "message": "CNRY-log"})
        devices.store_reports(factory.make_batch(report), gateway=factory.make_gate(), at=factory.NOON)
        factory.ask(target=factory.imei(7), address="")
        incidents.file_complaint(explanation="CNRY-complaint", at=clock.now())
        factory.make_provided(device, "imei", "model")

    @pytest.mark.law("N-04")
    def test_no_open_page_shows_what_the_portal_holds_of_somebody(self) -> None:
        answered = set()
        for route in all_routes():
            if route.name not in OPEN:
                continue
            for prefix in ("", "/en"):
                answer = Client().get(prefix + route.address, secure=True)
                said = b"".join(answer) if answer.streaming else answer.content  # type: ignore[arg-type]
                for secret in SECRETS:
                    assert secret.encode() not in said, (route.name, secret)
                if answer.status_code == 200:
                    answered.add(route.name)
        assert {"policies:policy", "policies:notices", "rights:guide", "rights:request", "consents:home"} <= answered
        assert len(answered) > 20

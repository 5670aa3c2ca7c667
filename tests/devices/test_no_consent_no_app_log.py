"""No consent, no app log: over every path by which one could come in, for every way in which there is none (P3.3)."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from consents import actions as consents
from consents.models import Agreement, Decision
from devices import actions as devices
from devices.models import AppLog, Device, FleetImport
from devices.refusals import Malformed
from devices.simulation import fleet
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from tests import factory
from tests.devices.base import ApiTestCase
from tests.devices.test_fleet_import import as_csv, line

SYSTEM = SystemActor("tests")
AGREED = ("activation", "service-analytics", "app-log")


@pytest.mark.clause("P3.3")
@pytest.mark.clause("P3.6")
class NoConsentTest(ApiTestCase):
    def logs(self) -> int:
        """Rows of the table itself, whatever the models make of it."""
        with connections["personal"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM devices_applog")
            return int(cursor.fetchone()[0])

    def without(self) -> dict[str, Device]:
        """Devices whose people did not agree to app logs, each in another way."""
        made = {
            "nothing agreed to": self.device(1, agreed=()),
            "only the activation": self.device(2),
            "disagreed": self.device(3),
            "agreed and withdrew": self.device(4, agreed=AGREED),
            "withdrew, and it was destroyed": self.device(5, agreed=AGREED),
            "agreed to advertising": self.device(6, agreed=("activation", "service-analytics", "advertising-email")),
            "will have agreed in four minutes": self.device(7),
            "the activation withdrawn": self.device(8, agreed=AGREED),
        }
        factory.decide(made["disagreed"], "app-log", "disagree", at=self.now)
        factory.decide(made["agreed and withdrew"], "app-log", "withdraw", at=self.now)
        ended = factory.decide(made["withdrew, and it was destroyed"], "app-log", "withdraw", at=self.now)
        consents.end_collection(ended, actor=SYSTEM, at=self.now + factory.WITHDRAWAL_WAIT)
        factory.agree(
            made["will have agreed in four minutes"], "app-log", at=self.now, decided_at=self.now + timedelta(minutes=4)
        )
        gone = factory.decide(made["the activation withdrawn"], "activation", "withdraw", at=self.now)
        consents.end_collection(gone, actor=SYSTEM, at=self.now + factory.WITHDRAWAL_WAIT)
        return made

    def paths(self) -> dict[str, Callable[[Device], int]]:
        """Ways of sending one app log of a device; each returns how many reports were stored."""
        gate = factory.make_gate()

        def batch(*reports: dict[str, Any], **options: Any) -> int:
            response = self.send(*reports, **options)
            assert response.status_code == 200, response.content
            return int(response.json()["stored"])

        def log(device: Device, **changes: Any) -> dict[str, Any]:
            return self.report(device, "app-log", **changes)

        def verb(raw: bytes) -> int:
            return int(json.loads(devices.store_reports(raw, gateway=gate, at=self.now))["stored"])

        return {
            "a batch": lambda device: batch(log(device)),
            "a packed batch": lambda device: batch(log(device), packed=True),
            "twice in a batch": lambda device: batch(log(device), log(device)),
            "the same batch again": lambda device: sum(batch(log(device), batch=again) for again in [uuid4()] * 2),
            "of yesterday": lambda device: batch(log(device, occurred_at=(self.now - timedelta(days=1)).isoformat())),
            "its id in capitals": lambda device: batch({**log(device), "device": str(device.id).upper()}),
            "the verb itself": lambda device: verb(factory.make_batch(log(device))),
            "behind one that may": lambda device: batch(log(self.able), log(device)) - 1,
        }

    @pytest.mark.law("C-04")
    def test_no_path_takes_one(self) -> None:
        self.able = self.device(9, agreed=AGREED)
        tried = 0
        for why, device in self.without().items():
            for path, send in self.paths().items():
                before = self.logs()
                assert send(device) == 0, (why, path)
                assert self.logs() - before == (path == "behind one that may"), (why, path)
                assert not AppLog.objects.filter(device_id=device.id).exists(), (why, path)
                tried += 1
        assert tried == 64
        # The same paths take it of somebody who agreed: nothing above passed because the path was blocked anyway.
        for path, send in self.paths().items():
            assert send(self.able) >= 1, path

    @pytest.mark.law("C-04")
    def test_who_refuses_all_that_is_optional_keeps_the_service(self) -> None:
        device = self.device(1)
        optional = list(Agreement.objects.offered(self.now).filter(required=False).values_list("code", flat=True))
        assert {"app-log", "advertising-email"} <= set(optional)
        for code in optional:
            factory.decide(device, code, "disagree", at=self.now)
        assert self.send(self.report(device)).json()["stored"] == 1
        licence = factory.registration(1)["licence"]
        assert self.call("PATCH", f"/devices/{device.id}", {"licence": licence}).status_code == 200
        assert Device.objects.filter(pk=device.pk).exists()

    def test_a_registration_sent_again_brings_no_consent_along(self) -> None:
        device = self.device(1, agreed=AGREED)
        ended = factory.decide(device, "app-log", "withdraw", at=self.now)
        consents.end_collection(ended, actor=SYSTEM, at=self.now + factory.WITHDRAWAL_WAIT)
        again = factory.registration(1)
        assert self.call("PUT", f"/devices/{device.id}", again).status_code == 200
        assert self.call("PATCH", f"/devices/{device.id}", {"licence": again["licence"]}).status_code == 200
        self.assertRefused(self.send(self.report(device, "app-log")), "no-consent")
        # A device's own id with the data of another, and the data of a device under another id.
        other = uuid4()
        assert self.call("PUT", f"/devices/{other}", again).status_code == 201
        self.assertRefused(self.send(self.report(other, "app-log")), "no-consent")
        assert self.logs() == 0

    def test_an_import_brings_only_the_consents_of_its_file(self) -> None:
        odile = factory.make_odile()
        rows = as_csv(line(1), line(2, app_log_agreed_on="2025-01-02"), line(3, activation_agreed_on=""))
        made = devices.preview_import(
            name="fleet.csv", content=rows, gateway=factory.make_gateway(), actor=odile, at=self.now
        )
        devices.confirm_import(made, actor=odile, at=self.now)
        while not devices.continue_import(made.id, actor=SYSTEM, at=self.now):
            pass
        assert FleetImport.objects.get(pk=made.pk).registered == 3
        taken = 0
        for device in Device.objects.all():
            taken += self.send(self.report(device, "app-log")).json()["stored"]
        assert (taken, self.logs()) == (1, 1)

    def test_a_correction_makes_none(self) -> None:
        device, other = self.device(1), self.device(2, agreed=AGREED)
        self.send(self.report(device, "access"), self.report(other, "app-log"))
        held = AppLog.objects.get()
        body = {"level": "info", "message": "corrected"}
        for record in (held.id, uuid4(), None):
            options = {"event": uuid4(), "actor": SYSTEM, "at": self.now, "record_id": record}
            try:
                devices.correct_app_log(device.id, "app-log", body, **options)
                devices.correct_report(device.id, "app-log", body, **options)
            except Malformed:
                assert record is None
        assert list(AppLog.objects.values_list("device_id", "body")) == [(other.id, held.body)]

    def test_the_made_up_fleet_sends_none_without(self) -> None:
        since, until = self.now - timedelta(days=2), self.now
        kinds: dict[bool, set[str]] = {True: set(), False: set()}
        for made in fleet.devices(30, seed=1, on=clock.kst_date(self.now)):
            sent = fleet.reports(made, since=since, until=until, rate=60, seed=1)
            kinds[made.may_send_logs] |= {report["kind"] for report in sent}
        assert "app-log" in kinds[True]
        assert "app-log" not in kinds[False]

    def test_withdrawing_destroys_what_rested_on_it_whichever_path_it_came_by(self) -> None:
        device, other = self.device(1, agreed=AGREED), self.device(2, agreed=AGREED)
        for send in (lambda one: self.send(one), lambda one: self.send(one, packed=True)):
            send(self.report(device, "app-log"))
            send(self.report(other, "app-log"))
        early = self.report(device, "app-log", occurred_at=(self.now - timedelta(days=40)).isoformat())
        devices.store_reports(factory.make_batch(early), gateway=factory.make_gate(), at=self.now)
        boxes = list(AppLog.objects.filter(device_id=device.id).values_list("body", flat=True))
        assert len(boxes) == 3
        sent = {"decision": "withdraw", "version": 1, "decided_at": self.now.isoformat(), "method": "app"}
        answer = self.call("PUT", f"/devices/{device.id}/consents/app-log", {**sent, "language": "ko"})
        assert answer.status_code == 200, answer.content
        withdrawn = Decision.objects.get(reference=answer.json()["receipt"]["record_id"])
        consents.end_collection(withdrawn, actor=SYSTEM, at=withdrawn.recorded_at + factory.WITHDRAWAL_WAIT)
        assert not AppLog.objects.filter(device_id=device.id).exists()
        assert AppLog.objects.filter(device_id=other.id).count() == 2
        assert vault.is_destroyed(device.id, "app-log")

    def test_a_packed_bomb_of_logs_is_refused_whole(self) -> None:
        device = self.device(1, agreed=AGREED)
        raw = factory.make_batch(
            *[self.report(device, "app-log", body={"level": "info", "message": "x" * 8_000})] * 999
        )
        bomb = gzip.compress(raw + b" " * 64_000_000, 9)
        response = self.call("POST", "/reports", raw=bomb, **{"Content-Encoding": "gzip"})
        assert response.status_code == 413, response.content
        assert self.logs() == 0

"""A batch of reports is stored once, sealed, with one entry; the same batch again gets the same answer (P3.2, P3.5)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from devices.models import AppLog, Batch, Report
from privacy.ledger.models import Entry
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.devices.base import ApiTestCase

MOMENT_SHAPE = "This must be a time with its offset, such as 2026-01-31T09:00:00+09:00."


@pytest.mark.clause("P3.2")
@pytest.mark.clause("P3.5")
class ReportsTest(ApiTestCase):
    def test_every_kind_is_stored_sealed_and_comes_back_as_it_was_sent(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        response = self.send(*(self.report(device, kind) for kind in factory.BODIES))
        assert response.json()["stored"] == 7
        assert response.json()["refused"] == []
        odile = factory.make_odile()
        for model, purpose in ((Report, Purpose.RIGHTS), (AppLog, Purpose.RIGHTS)):
            with vault.opened(
                purpose=purpose, task="rights.access.exported", actor=odile, at=self.now, reason="test"
            ) as vault_session:
                for row, body in vault_session.decrypt_many(model.objects.filter(device_id=device.id), "body"):
                    assert body == factory.BODIES[row.kind]
                    assert str(row.body) == "••••••"

    @pytest.mark.law("S-03")
    def test_the_batch_has_one_entry_that_names_no_value(self) -> None:
        device = self.device()
        self.send(*(self.report(device, "access") for _each in range(20)))
        entry = Entry.objects.get(word="devices.reports.stored")
        assert '"stored":20' in entry.payload
        assert "unlock" not in entry.payload
        assert entry.actor == self.gate.ref

    @pytest.mark.fault("FLT-18")
    def test_the_same_batch_again_gets_the_same_answer_and_stores_nothing(self) -> None:
        device, batch = self.device(), uuid4()
        reports = [self.report(device), self.report(uuid4()), self.report(device, "app-log")]
        first = self.send(*reports, batch=batch)
        second = self.send(*reports, batch=batch, packed=True)
        assert first.json() == second.json()
        assert first.json()["stored"] == 1
        assert Report.objects.count() == 1
        assert Batch.objects.count() == 1

    def test_a_batch_id_is_not_used_for_other_reports(self) -> None:
        device, batch = self.device(), uuid4()
        self.send(self.report(device), batch=batch)
        response = self.send(self.report(device, "access"), batch=batch)
        self.assertProblem(response, 422, "batch-reused")
        assert Report.objects.count() == 1

    def test_two_gateways_may_use_the_same_batch_id(self) -> None:
        batch = uuid4()
        mine, theirs = self.device(1), self.device(2, gateway=factory.make_gate("Other"))
        token = factory.make_token("Other", at=self.now)
        assert self.send(self.report(mine), batch=batch).json()["stored"] == 1
        assert self.send(self.report(theirs), batch=batch, token=token).json()["stored"] == 1

    @pytest.mark.asvs("15.2.2")
    def test_a_thousand_reports_fit_and_one_more_does_not(self) -> None:
        device = self.device()
        reports = [self.report(device) for _each in range(1_000)]
        assert self.send(*reports, packed=True).json()["stored"] == 1_000
        self.assertProblem(self.send(*reports, self.report(device)), 413, "too-large", "/reports")
        self.assertProblem(self.send(), 400, "malformed", "/reports")

    @pytest.mark.asvs("8.4.1")
    def test_a_report_of_an_unknown_device_or_another_gateways_is_refused(self) -> None:
        theirs = self.device(gateway=factory.make_gate("Other"))
        for device in (uuid4(), theirs.id):
            self.assertRefused(self.send(self.report(device)), "unknown-device", "/reports/0/device")
        assert not Report.objects.exists()

    def test_one_bad_report_leaves_the_others(self) -> None:
        device = self.device()
        wrong = [
            ("status", {"state": "?"}, "/state", "Use one of these: active, inactive, locked, removed."),
            ("access", {"action": "unlock"}, "/result", "This value is required."),
            ("access", {"action": "unlock", "result": 1}, "/result", "This must be a string."),
            ("activation", {"activated_at": "2026-11-29"}, "/activated_at", MOMENT_SHAPE),
        ]
        response = self.send(
            self.report(device),
            *(self.report(device, kind, body=body) for kind, body, _pointer, _said in wrong),
            self.report(device, "access") | {"kind": "location"},
            self.report(device, "access"),
            **{"Accept-Language": "en"},
        )
        assert response.json()["stored"] == 2
        *said, kind = [(one["code"], one["pointer"], one["message"]) for one in response.json()["refused"]]
        assert said == [
            ("malformed", f"/reports/{place}/body{pointer}", told)
            for place, (_kind, _body, pointer, told) in enumerate(wrong, 1)
        ]
        assert kind[:2] == ("unknown-kind", "/reports/5/kind") and "access-count, access" in kind[2]


class ClockTest(ApiTestCase):
    def test_a_moment_at_either_end_of_the_calendar_is_refused_like_any_other(self) -> None:
        device = self.device()
        for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
            self.assertRefused(self.send(self.report(device, occurred_at=moment)), "clock", "/reports/0/occurred_at")

    def test_a_report_of_the_future_or_of_long_ago_is_refused(self) -> None:
        device = self.device()
        for off in (timedelta(minutes=6), -timedelta(days=367)):
            report = self.report(device, occurred_at=(self.now + off).isoformat())
            self.assertRefused(self.send(report), "clock", "/reports/0/occurred_at")

    def test_a_report_that_waited_for_months_is_taken(self) -> None:
        device = self.device()
        for off in (timedelta(minutes=4), -timedelta(days=31), -timedelta(days=360)):
            report = self.report(device, occurred_at=(self.now + off).isoformat())
            assert self.send(report).json()["stored"] == 1

    def test_a_time_without_an_offset_is_malformed(self) -> None:
        report = self.report(self.device(), occurred_at="2026-11-24T10:00:00")
        self.assertRefused(self.send(report), "malformed", "/reports/0/occurred_at")

    def test_what_happened_after_the_end_of_the_service_is_refused(self) -> None:
        device = self.device()
        device.service_ended_on = (self.now - timedelta(days=3)).date()
        device.save(update_fields=["service_ended_on"])
        self.assertRefused(self.send(self.report(device)), "withdrawn", "/reports/0/device")
        late = self.report(device, occurred_at=(self.now - timedelta(days=5)).isoformat())
        assert self.send(late).json()["stored"] == 1

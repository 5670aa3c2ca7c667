"""No report is taken without its agreement, while frozen or suspended, or after the end (P3.3, P1.5, P1.7)."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from devices.models import AppLog, Report
from privacy.ledger.actors import SystemActor
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.devices.base import ApiTestCase

TESTS = SystemActor("tests")


@pytest.mark.clause("P3.3")
class ConsentTest(ApiTestCase):
    def test_nothing_is_taken_before_the_activation_is_agreed_to(self) -> None:
        device = self.device(agreed=())
        for kind in factory.BODIES:
            self.assertRefused(self.send(self.report(device, kind)), "no-consent", "/reports/0/kind")

    def test_app_logs_need_an_agreement_of_their_own(self) -> None:
        device = self.device()
        assert self.send(self.report(device)).json()["stored"] == 1
        self.assertRefused(self.send(self.report(device, "app-log")), "no-consent")
        factory.agree(device, "app-log", at=self.now)
        assert self.send(self.report(device, "app-log")).json()["stored"] == 1
        assert AppLog.objects.count() == 1

    @pytest.mark.truth("claims")
    def test_a_registered_device_sends_no_report_before_its_agreement(self) -> None:
        device = self.device(agreed=("activation",))
        for kind in factory.BODIES:
            self.assertRefused(self.send(self.report(device, kind)), "no-consent", "/reports/0/kind")
        factory.agree(device, "service-analytics", at=self.now)
        for kind in factory.BODIES:
            answer = self.send(self.report(device, kind))
            assert answer.json()["stored"] == (0 if kind == "app-log" else 1), kind

    def test_advertising_consent_is_no_agreement_to_collect(self) -> None:
        device = self.device(agreed=("advertising-email",))
        self.assertRefused(self.send(self.report(device)), "no-consent")

    def test_a_withdrawn_agreement_shuts_the_gate_at_once(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        factory.decide(device, "app-log", "withdraw", at=self.now)
        self.assertRefused(self.send(self.report(device, "app-log")), "no-consent")
        assert self.send(self.report(device)).json()["stored"] == 1

    def test_a_disagreement_is_no_agreement(self) -> None:
        device = self.device()
        factory.decide(device, "app-log", "disagree", at=self.now)
        self.assertRefused(self.send(self.report(device, "app-log")), "no-consent")
        assert not AppLog.objects.exists()

    def test_each_device_of_a_batch_is_judged_by_itself(self) -> None:
        one, two = self.device(1, agreed=("activation", "service-analytics", "app-log")), self.device(2)
        response = self.send(*(self.report(each, "app-log") for each in (one, two, one)))
        assert response.json()["stored"] == 2
        assert [refused["index"] for refused in response.json()["refused"]] == [1]


@pytest.mark.clause("P1.5")
class FrozenTest(ApiTestCase):
    def test_an_item_under_correction_is_not_overwritten(self) -> None:
        device = self.device()
        factory.make_freeze(device.subject_id, category="device-registration", item="imei", at=self.now)
        response = self.call("PATCH", f"/devices/{device.id}", {"imei": factory.imei(9)})
        self.assertProblem(response, 409, "frozen", "/imei")
        response = self.call("PUT", f"/devices/{device.id}", factory.registration(imei=factory.imei(9)))
        self.assertProblem(response, 409, "frozen", "/imei")
        device.refresh_from_db()
        assert bytes(device.imei_index) == vault.blind_index("imei", factory.imei(1))

    def test_another_item_goes_on_and_the_same_value_is_no_change(self) -> None:
        device = self.device()
        factory.make_freeze(device.subject_id, category="device-registration", item="imei", at=self.now)
        sent = {"imei": factory.imei(1), "os_version": "17"}
        assert self.call("PATCH", f"/devices/{device.id}", sent).status_code == 200

    def test_a_frozen_licence_is_not_changed(self) -> None:
        device = self.device()
        factory.make_freeze(device.subject_id, category="device-registration", item="licence_key", at=self.now)
        licence = {"key": "EXAFE-NEW", "starts_on": "2028-01-01", "ends_on": "2029-12-31"}
        response = self.call("PATCH", f"/devices/{device.id}", {"licence": licence})
        self.assertProblem(response, 409, "frozen", "/licence/key")

    def test_reports_of_a_frozen_item_wait_and_others_come_in(self) -> None:
        device = self.device()
        factory.make_freeze(device.subject_id, category="service-analytics", item="app_status", at=self.now)
        self.assertRefused(self.send(self.report(device, "app-status")), "frozen", "/reports/0/kind")
        assert self.send(self.report(device, "status")).json()["stored"] == 1

    def test_a_lifted_freeze_and_one_that_ran_out_hold_nothing(self) -> None:
        device = self.device()
        factory.make_freeze(
            device.subject_id, category="device-registration", item="imei", at=self.now - timedelta(days=11),
            until=self.now - timedelta(seconds=1),
        )  # fmt: skip
        assert self.call("PATCH", f"/devices/{device.id}", {"imei": factory.imei(9)}).status_code == 200


@pytest.mark.clause("P1.7")
class SuspendedTest(ApiTestCase):
    def test_a_suspended_person_sends_nothing_and_changes_nothing(self) -> None:
        device = self.device()
        factory.make_freeze(device.subject_id, cause="suspension", at=self.now)
        self.assertRefused(self.send(self.report(device)), "suspended", "/reports/0/device")
        self.assertProblem(self.call("PATCH", f"/devices/{device.id}", {"model": "X"}), 409, "suspended")

    def test_a_suspended_category_leaves_the_others(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        factory.make_freeze(device.subject_id, category="service-analytics", cause="suspension", at=self.now)
        self.assertRefused(self.send(self.report(device)), "suspended", "/reports/0/kind")
        assert self.send(self.report(device, "app-log")).json()["stored"] == 1


class EndedTest(ApiTestCase):
    def subject(self, device_id: UUID) -> Subject:
        return Subject.objects.get(pk=device_id)

    def test_a_withdrawn_registration_takes_nothing(self) -> None:
        device = self.device()
        subjects.mark_withdrawn(self.subject(device.id), actor=TESTS, at=self.now)
        self.assertRefused(self.send(self.report(device)), "withdrawn", "/reports/0/device")
        self.assertProblem(self.call("PATCH", f"/devices/{device.id}", {"model": "X"}), 409, "withdrawn")

    def test_a_destroyed_person_never_comes_back(self) -> None:
        device = self.device()
        subjects.mark_destroyed([device.id], certificate="X", actor=TESTS, at=self.now)
        self.assertRefused(self.send(self.report(device)), "destroyed", "/reports/0/device")
        response = self.call("PUT", f"/devices/{device.id}", factory.registration())
        self.assertProblem(response, 410, "destroyed")

    def test_a_key_destroyed_meanwhile_refuses_only_its_own_reports(self) -> None:
        gone, here = self.device(1), self.device(2)
        vault.shred_subject(
            subject_id=gone.id,
            categories=["service-analytics"],
            cause="test",
            certificate="X",
            actor=TESTS,
            at=self.now,
        )
        response = self.send(self.report(gone), self.report(here), self.report(gone, "access"))
        answer = json.loads(response.content)
        assert answer["stored"] == 1
        assert [(one["index"], one["code"]) for one in answer["refused"]] == [(0, "destroyed"), (2, "destroyed")]
        assert list(Report.objects.values_list("device_id", flat=True)) == [here.id]

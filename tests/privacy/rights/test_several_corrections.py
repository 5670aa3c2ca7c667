"""Several corrections in one case, and the correction of one single report (P1.4, P1.5, law R-14)."""

import json
from functools import partial
from html import unescape
from uuid import UUID

import pytest
from django.urls import reverse

from devices import actions as devices
from devices.models import Device, Report
from devices.refusals import Malformed
from privacy.disclosures.models import Notice
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Request, Right
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.rights.test_case_actions import DeskCase
from tests.privacy.rights.test_request_form import fields

REGISTRATION = "device-registration"


@pytest.mark.clause("P1.5")
class SeveralCorrectionsTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        self.odile = factory.make_officer()
        self.two = {"item_2": f"{REGISTRATION}/model", "wanted_2": "SM-X200"}

    def post(self, **changes: object) -> str:
        return self.client.post(reverse("rights:request"), fields(**changes)).content.decode()

    def test_one_form_makes_a_right_for_each_and_freezes_each(self) -> None:
        factory.make_provided(self.device, "imei", "model")
        self.post(**self.two, item_5=f"{REGISTRATION}/os_version", wanted_5="16")
        case = Request.objects.get()
        assert list(case.rights.values_list("item", flat=True)) == ["imei", "model", "os_version"]
        for item in ("imei", "model", "os_version"):
            assert vault.active_freezes(self.device.subject_id, REGISTRATION, [item])
        case = factory.verify_by_documents(case, actor=factory.make_handler(), at=NOON)
        imei, model, version = case.rights.order_by("position")
        for right in (imei, model):
            rights.grant(right, actor=self.odile, at=NOON)
        rights.refuse(version, ground="accurate", actor=self.odile, at=NOON)
        rights.carry_out(imei, actor=self.odile, at=NOON)
        assert not vault.active_freezes(self.device.subject_id, REGISTRATION, ["imei"])
        assert vault.active_freezes(self.device.subject_id, REGISTRATION, ["model"])
        rights.carry_out(model, actor=self.odile, at=NOON)
        assert sorted(notice.items[0] for notice in Notice.objects.all()) == ["imei", "model"]
        assert self.value("model") == "SM-X200"

    def test_the_same_item_twice_is_told_at_the_field_and_shown_again(self) -> None:
        page = self.post(item_2=f"{REGISTRATION}/imei", wanted_2=factory.imei(3))
        assert "field-bad" in page
        assert "<details" in page and " open>" in page
        assert not Request.objects.exists()

    @pytest.mark.asvs("2.2.3")
    def test_half_a_pair_is_told(self) -> None:
        self.post(item_2=f"{REGISTRATION}/model")
        self.post(wanted_2="SM-X200")
        self.post(item_2=f"{REGISTRATION}/imei", item="device-registration/model", wanted="X", wanted_2="12")
        assert not Request.objects.exists()

    def test_without_a_correction_what_was_filled_in_is_named_and_not_dropped(self) -> None:
        page = self.post(rights=["access"], **self.two)
        assert "error-summary" in page
        assert not Right.objects.exists()

    def value(self, item: str) -> str:
        with vault.opened(
            purpose=Purpose.RIGHTS, task="tests.value.compared", actor=self.odile, at=NOON
        ) as vault_session:
            return str(vault_session.decrypt(Device.objects.get(pk=self.device.pk), item))


@pytest.mark.clause("P1.4")
class OneReportTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.device, other = factory.make_device(1), factory.make_device(2)
        batch = [factory.make_report(one, "configuration") for one in (self.device, self.device, other)]
        devices.store_reports(factory.make_batch(*batch), gateway=factory.make_gate(), at=NOON)
        self.wrong, self.spared = Report.objects.filter(device_id=self.device.pk).order_by("id")
        self.foreign = Report.objects.get(device_id=other.pk)

    def case(self, record: UUID, item: str = "configuration") -> Right:
        asked = RequestedRight("correction", "service-analytics", item, record, "it was the microphone")
        receipt = factory.ask(asked, target=factory.imei(1), answer_by="portal")
        return factory.make_verified(receipt).rights.get()

    def body(self, report: Report) -> dict[str, object]:
        with vault.opened(
            purpose=Purpose.RIGHTS, task="tests.value.compared", actor=self.odile, at=NOON
        ) as vault_session:
            return dict(vault_session.decrypt(Report.objects.get(pk=report.pk), "body"))

    def test_the_office_writes_its_content_down_and_only_that_report_changes(self) -> None:
        right = self.case(self.wrong.pk)
        with pytest.raises(rights.NoSuchItem):
            rights.grant(right, actor=self.odile, at=NOON)
        now, wanted = rights.read_report(right, actor=self.odile, at=NOON)
        assert wanted == "it was the microphone"
        body = {**json.loads(now), "setting": "microphone"}
        rights.write_corrected_report(right, content=json.dumps(body), actor=self.odile, at=NOON)
        before = self.body(self.spared)
        right = rights.grant(right, actor=self.odile, at=NOON)
        with pytest.raises(rights.AlreadyDecided):
            rights.write_corrected_report(right, content="{}", actor=self.odile, at=NOON)
        rights.carry_out(right, actor=self.odile, at=NOON)
        assert self.body(self.wrong)["setting"] == "microphone"
        assert self.body(self.spared) == before
        self.assertLedgered("rights.content.written", right.request)

    @pytest.mark.truth("decided-as-read")
    def test_what_was_written_after_the_officer_opened_the_form_is_not_granted_unread(self) -> None:
        right = self.case(self.wrong.pk)
        content = json.dumps({**self.body(self.wrong), "setting": "microphone"})
        rights.write_corrected_report(right, content=content, actor=self.odile, at=NOON)
        read = rights.digest_of_request(right.request)
        rights.write_corrected_report(
            right, content=content.replace("microphone", "camera"), actor=factory.make_handler(), at=NOON
        )
        for decide in (
            partial(rights.grant, right, read=read),
            partial(rights.refuse, right, ground="accurate", read=read),
        ):
            with pytest.raises(rights.ContentChanged):
                decide(actor=self.odile, at=NOON)
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_change", args=[right.request_id])
        pressed = {"CHANGE_FORM-action": "grant", "_selected_action": str(right.request_id), "index": "0"}
        given = {**pressed, "confirmed": "yes", "rights": ["1"]}
        page = self.client.post(address, {**given, "read": read}).content.decode()
        assert "error-summary" in page
        right.refresh_from_db()
        assert right.decision == "pending"
        self.client.post(address, {**given, "read": rights.digest_of_request(right.request)})
        right.refresh_from_db()
        assert right.decision == "granted"

    def test_content_that_no_device_could_send_is_refused_before_it_is_granted(self) -> None:
        right = self.case(self.wrong.pk)
        before = self.body(self.wrong)
        with pytest.raises(Malformed):
            rights.write_corrected_report(right, content='{"setting": 7}', actor=self.odile, at=NOON)
        assert self.body(self.wrong) == before

    def test_trying_it_changes_nothing(self) -> None:
        right = self.case(self.wrong.pk)
        before = self.body(self.wrong)
        content = json.dumps({**before, "setting": "microphone"})
        with self.assertNotLedgered("devices.reports.corrected"):
            rights.write_corrected_report(right, content=content, actor=self.odile, at=NOON)
        assert self.body(self.wrong) == before

    def test_another_persons_report_or_another_kind_is_not_touched(self) -> None:
        for record, item in ((self.foreign.pk, "configuration"), (self.wrong.pk, "status")):
            right = self.case(record, item)
            with pytest.raises(rights.NoSuchItem):
                rights.read_report(right, actor=self.odile, at=NOON)
            with pytest.raises(rights.NoSuchItem):
                rights.grant(right, actor=self.odile, at=NOON)

    def test_the_public_form_asks_for_its_number(self) -> None:
        page = self.client.post(reverse("rights:request"), fields(item="service-analytics/configuration", wanted="x"))
        assert page.status_code == 422
        sent = fields(item="service-analytics/configuration", wanted="x", record=str(self.wrong.pk))
        assert self.client.post(reverse("rights:request"), sent).status_code == 200
        assert Right.objects.get().record_id == self.wrong.pk


class ReportDeskTests(DeskCase):
    def test_the_handler_sees_it_and_writes_its_content_down(self) -> None:
        batch = factory.make_batch(factory.make_report(self.device, "configuration"))
        devices.store_reports(batch, gateway=factory.make_gate(), at=NOON)
        report = Report.objects.get()
        asked = RequestedRight("correction", "service-analytics", "configuration", report.pk, "it was the microphone")
        case = factory.make_verified(factory.ask(asked, target=factory.imei(1), answer_by="portal"))
        page = self.press(case, "write_content").content.decode()
        assert "it was the microphone" in page
        shown = page.partition("<textarea")[2].partition("</textarea>")[0]
        content = unescape(shown.partition(">")[2]).replace("camera", "microphone")
        self.press(case, "write_content", content=content)
        right = rights.grant(case.rights.get(), actor=factory.make_officer(), at=NOON)
        assert rights.carry_out(right, actor=factory.make_officer(), at=NOON).carried_out_at is not None

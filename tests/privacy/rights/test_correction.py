"""A correction from the request to the notice: the value changes, the freeze lifts, earlier recipients are told."""

import pytest

from devices.models import Device
from privacy.disclosures.models import Notice
from privacy.jobs.models import GeneralOutbox, PersonalOutbox
from privacy.rights import actions as rights
from privacy.rights.models import Request
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


@pytest.mark.clause("P1.6")
class CorrectionTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        factory.make_provided(self.device, "imei", "model")
        self.right = factory.make_granted(factory.ask_correction())

    def imei(self) -> str:
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.test.seen", actor=factory.make_officer(), at=NOON
        ) as door:
            return str(door.reveal(Device.objects.get(id=self.device.id), "imei"))

    def test_carrying_it_out_changes_the_value(self) -> None:
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        assert self.imei() == factory.RIGHT_IMEI

    def test_carrying_it_out_lifts_the_freeze(self) -> None:
        assert vault.frozen(self.device.subject_id, "device-registration", ["imei"], at=NOON)
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        assert not vault.frozen(self.device.subject_id, "device-registration", ["imei"], at=NOON)

    def test_each_earlier_recipient_of_the_item_gets_one_notice_with_its_delivery(self) -> None:
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        notice = Notice.objects.get()
        assert notice.items == ["imei"]
        assert notice.state == "queued"
        assert GeneralOutbox.objects.filter(kind="disclosures.notice").count() == 1
        assert PersonalOutbox.objects.filter(kind="rights.correction.told").count() == 1

    def test_the_case_is_carried_out_and_every_step_is_on_the_ledger(self) -> None:
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        case = Request.objects.get()
        assert case.state == "carried-out"
        for word in ("received", "carried-out"):
            self.assertLedgered(f"rights.request.{word}", case)
        self.assertLedgered("rights.item.corrected", case)
